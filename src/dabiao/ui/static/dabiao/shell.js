// The frame: menus close when left, Ctrl K searches, the rail opens on phones, messages fade.
const $all = (selector, root = document) => [...root.querySelectorAll(selector)];

document.addEventListener("click", (event) => {
  for (const menu of $all("details.drop[open]")) if (!menu.contains(event.target)) menu.open = false;
  const toggle = event.target.closest("[data-toggle]");
  if (toggle) {
    const open = document.body.classList.toggle(`${toggle.dataset.toggle}-open`);
    toggle.setAttribute("aria-expanded", String(open));
    event.stopPropagation();
  } else if (!event.target.closest(".rail")) document.body.classList.remove("rail-open");
  const opener = event.target.closest("[data-open]");
  if (opener) open_dialog(opener.dataset.open);
  const closer = event.target.closest("[data-close]");
  if (closer) closer.closest("dialog").close();
  if (event.target.matches("dialog")) event.target.close();
  if (event.target.closest("[data-print]")) window.print();
});

function open_dialog(id) {
  const dialog = document.getElementById(id);
  if (!dialog || dialog.open) return;
  dialog.showModal();
  dialog.querySelector("input")?.select();
}

document.addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
    event.preventDefault();
    open_dialog("search");
  }
  if (event.key === "Escape") {
    for (const menu of $all("details.drop[open]")) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
    document.body.classList.remove("rail-open");
  }
  const list = event.target.closest?.("#search, .menu");
  if (list && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
    const stops = $all("input[type=search], a, button", list).filter((stop) => stop.offsetParent);
    const next = stops[stops.indexOf(document.activeElement) + (event.key === "ArrowDown" ? 1 : -1)];
    if (next) {
      event.preventDefault();
      next.focus();
    }
  }
});

// Enter opens the first hit of what has been typed; where the answer is still on its way, as soon as it is there.
document.addEventListener("submit", (event) => {
  if (!event.target.matches("#search form")) return;
  const dialog = event.target.closest("dialog");
  const first = dialog.querySelector("#found a");
  if (dialog.dataset.found === event.target.q.value && !first) return;
  event.preventDefault();
  if (dialog.dataset.found === event.target.q.value) first.click();
  else dialog.dataset.open_first = "yes";
});
document.addEventListener("htmx:afterSwap", (event) => {
  if (event.target.id !== "found") return;
  const dialog = event.target.closest("dialog");
  dialog.dataset.found = event.target.firstElementChild?.dataset.for ?? "";
  if (!dialog.dataset.open_first) return;
  delete dialog.dataset.open_first;
  event.target.querySelector("a")?.click();
});

// The tree of scopes narrows while typing; a match keeps nothing but itself in view.
document.addEventListener("input", (event) => {
  if (!event.target.matches("[data-narrow]")) return;
  const wanted = event.target.value.trim().toLowerCase();
  for (const item of $all("li", event.target.closest(".menu"))) item.hidden = !item.textContent.toLowerCase().includes(wanted);
});

// What the server refuses is shown where the answer was expected; a lost connection says so.
document.addEventListener("htmx:sendError", () => toast(document.documentElement.lang.startsWith("zh") ? "网络不通，请重试。" : "No connection. Please try again."));

function toast(text) {
  const place = document.getElementById("toasts");
  if (!place) return;
  const note = document.createElement("div");
  note.className = "say error";
  note.textContent = text;
  place.append(note);
  setTimeout(() => note.remove(), 8000);
}

// A form that has been changed and not sent asks before it is left.
let unsent = false;
document.addEventListener("input", (event) => { if (event.target.closest("form[data-guard]")) unsent = true; });
document.addEventListener("submit", () => { unsent = false; });
window.addEventListener("beforeunload", (event) => { if (unsent) event.preventDefault(); });
