// Tables: sort, filter, choose columns, move by keyboard; long ones are drawn as they scroll into view.
const WHOLE = 400; // rows that are simply all drawn
const SLICE = 60; // rows drawn around what is seen

for (const root of document.querySelectorAll("[data-listing]")) listing(root);
document.addEventListener("htmx:load", (event) => {
  for (const root of event.target.querySelectorAll?.("[data-listing]") ?? []) listing(root);
});

function listing(root) {
  if (root.dataset.ready) return;
  root.dataset.ready = "1";
  const body = root.querySelector("tbody");
  const heads = [...root.querySelectorAll("thead th")];
  const rows = [...body.querySelectorAll("tr:not(.none)")].map((tr) => [...tr.cells].map((td) => [td.innerHTML, td.dataset.v]));
  const more = document.getElementById(`${root.id}-rows`);
  if (more) rows.push(...JSON.parse(more.textContent));
  if (!rows.length) return;
  const state = { root, body, heads, rows, seen: rows, by: null, down: false, from: -1, height: 0 };
  heads.forEach((head, index) => head.querySelector("button").addEventListener("click", () => sort(state, index)));
  root.querySelector("[data-filter]")?.addEventListener("input", (event) => filter(state, event.target.value));
  for (const box of root.querySelectorAll("[data-column]")) box.addEventListener("change", () => { heads[box.dataset.column].hidden = !box.checked; remember(state); draw(state, true); });
  const scroll = root.querySelector(".listing-scroll");
  scroll.addEventListener("scroll", () => draw(state, false), { passive: true });
  scroll.addEventListener("keydown", (event) => move(state, event));
  state.scroll = scroll;
  recall(state);
  const first = root.dataset.sort;
  if (first) mark(state, heads.findIndex((head) => head.dataset.key === first.replace("-", "")), first.startsWith("-"));
  if (rows.length > body.rows.length || heads.some((head) => head.hidden)) draw(state, true);
}

function text(cell) { const box = document.createElement("template"); box.innerHTML = cell; return box.content.textContent; }

function sort(state, index) {
  const down = state.by === index ? !state.down : state.heads[index].classList.contains("num");
  const numbers = state.rows.every((row) => row[index][1] === "" || !Number.isNaN(Number(row[index][1])));
  const collator = new Intl.Collator(document.documentElement.lang, { numeric: true });
  const compare = numbers ? (a, b) => Number(a) - Number(b) : collator.compare;
  // What is missing stays at the end, whichever way.
  const order = (a, b) => (a[index][1] === "" ? 1 : 0) - (b[index][1] === "" ? 1 : 0) || (down ? -1 : 1) * compare(a[index][1], b[index][1]);
  state.rows = [...state.rows].sort(order);
  state.seen = [...state.seen].sort(order);
  mark(state, index, down);
  state.scroll.scrollTop = 0;
  draw(state, true);
}

function mark(state, index, down) {
  state.by = index;
  state.down = down;
  state.heads.forEach((head, at) => at === index ? head.setAttribute("aria-sort", down ? "descending" : "ascending") : head.removeAttribute("aria-sort"));
}

function filter(state, wanted) {
  const words = wanted.toLowerCase().split(/\s+/).filter(Boolean);
  state.text ??= new Map(state.rows.map((row) => [row, row.map((cell) => text(cell[0])).join(" ").toLowerCase()]));
  state.seen = state.rows.filter((row) => words.every((word) => state.text.get(row).includes(word)));
  const shown = state.root.querySelector("[data-count-text]");
  if (shown) shown.textContent = state.seen.length === state.rows.length ? String(state.rows.length) : `${state.seen.length} / ${state.rows.length}`;
  // The export holds what the filter leaves: the server looks in the same words.
  for (const link of state.root.querySelectorAll("[data-export]")) link.href = link.dataset.export + (words.length ? `&filter=${encodeURIComponent(words.join(" "))}` : "");
  state.scroll.scrollTop = 0;
  draw(state, true);
}

function draw(state, anew) {
  const { seen, body, scroll } = state;
  state.height ||= body.rows[0]?.offsetHeight || 36;
  let from = 0, to = seen.length;
  if (seen.length > WHOLE) {
    from = Math.max(0, Math.floor(scroll.scrollTop / state.height) - SLICE / 3);
    from -= from % 10; // rows that alternate keep their colour
    to = Math.min(seen.length, from + SLICE + Math.ceil(scroll.clientHeight / state.height));
  }
  if (!anew && from === state.from) return;
  state.from = from;
  state.root.classList.toggle("windowed", seen.length > WHOLE);
  const classes = state.heads.map((head) => head.className);
  const cells = (row, at) => row.map((cell, index) => `<td class="${classes[index]}"${state.heads[index].hidden ? " hidden" : ""}>${cell[0]}</td>`).join("");
  const gap = (count) => count > 0 ? `<tr class="gap" aria-hidden="true"><td colspan="${state.heads.length}" height="${count * state.height}"></td></tr>` : "";
  body.innerHTML = gap(from) + seen.slice(from, to).map((row, at) => `<tr aria-rowindex="${from + at + 2}">${cells(row, at)}</tr>`).join("") + gap(seen.length - to);
  for (const foot of state.root.querySelectorAll("tfoot td")) foot.hidden = state.heads[foot.cellIndex].hidden;
}

function move(state, event) {
  const rows = [...state.body.querySelectorAll("tr:not(.gap)")];
  const at = rows.findIndex((row) => row.classList.contains("here"));
  const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 15, PageUp: -15 }[event.key];
  if (event.key === "Enter" && at >= 0 && event.target === state.scroll) rows[at].querySelector("a")?.click();
  if (!step || event.target.matches("input")) return;
  event.preventDefault();
  const next = rows[Math.min(rows.length - 1, Math.max(0, at + step))];
  rows[at]?.classList.remove("here");
  next?.classList.add("here");
  next?.scrollIntoView({ block: "nearest" });
}

// Which columns are shown is remembered in this browser, by table.
function store(state) { return `columns:${location.pathname}:${state.root.id}`; }
function remember(state) { localStorage.setItem(store(state), JSON.stringify(state.heads.map((head) => !head.hidden))); }
function recall(state) {
  const kept = JSON.parse(localStorage.getItem(store(state)) || "null");
  if (!kept || kept.length !== state.heads.length) return;
  kept.forEach((shown, index) => {
    state.heads[index].hidden = !shown;
    const box = state.root.querySelector(`[data-column="${index}"]`);
    if (box) box.checked = shown;
  });
}
