// What is typed into a form[data-keep] outlives an expired session: it is kept in this tab until the page says that
// it was filed, and comes back into the same form of the same person and day for whoever typed it.
const marks = ["csrfmiddlewaretoken", "kept"];

function place(form) {
  const { person, day } = form.elements;
  return `keep:${form.dataset.keep}:${form.dataset.who}:${person.value}:${day.value}`;
}

function typed(form) {
  const fields = [...form.elements].filter((each) => each.name && each.type !== "hidden" && each.type !== "submit");
  return fields.filter((each) => !marks.includes(each.name));
}

function keep(form) {
  const values = typed(form).map((each) => [each.name, each.type === "checkbox" ? each.checked : each.value]);
  sessionStorage.setItem(place(form), JSON.stringify({ mark: form.elements.kept.value, values }));
}

function bringBack(form) {
  form.elements.kept.value = `${Date.now()}${Math.random().toString(36).slice(2)}`;
  const found = JSON.parse(sessionStorage.getItem(place(form)) || "null");
  if (!found) return;
  if (found.mark === form.dataset.filed) {
    sessionStorage.removeItem(place(form));
    return;
  }
  for (const [name, value] of found.values) {
    const field = form.elements[name];
    if (!field) continue;
    if (field.type === "checkbox") field.checked = value;
    else field.value = value;
  }
}

for (const form of document.querySelectorAll("form[data-keep]")) {
  bringBack(form);
  form.addEventListener("input", () => keep(form));
  form.addEventListener("submit", () => keep(form));
}
