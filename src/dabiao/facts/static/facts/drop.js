// A place to drop files on: it takes them wherever on its card they are let go, and names them.
for (const input of document.querySelectorAll("[data-drop]")) {
  const card = input.closest(".card") || input;
  const named = document.createElement("ul");
  named.className = "facts-dropped";
  input.after(named);
  const name = () => {
    named.replaceChildren(...[...input.files].map((file) => {
      const item = document.createElement("li");
      item.textContent = file.name;
      return item;
    }));
  };
  for (const kind of ["dragover", "dragenter"]) card.addEventListener(kind, (event) => { event.preventDefault(); input.classList.add("over"); });
  for (const kind of ["dragleave", "drop"]) card.addEventListener(kind, () => input.classList.remove("over"));
  card.addEventListener("drop", (event) => {
    if (!event.dataTransfer.files.length) return;
    event.preventDefault();
    input.files = event.dataTransfer.files;
    name();
  });
  input.addEventListener("change", name);
}
