// Tables: filter, sort, turn pages, choose columns, move by keyboard. What is looked at stands in the address. A table that
// is here as a whole is worked on here; of a longer one the server is asked for the page.
const WAIT = 220; // milliseconds without a key before the server is asked

for (const root of document.querySelectorAll("[data-listing]")) listing(root);
document.addEventListener("htmx:load", (event) => {
  for (const root of event.target.querySelectorAll?.("[data-listing]") ?? []) listing(root);
});

function listing(root) {
  if (root.dataset.ready) return;
  root.dataset.ready = "1";
  const body = root.querySelector("tbody"), box = root.querySelector("[data-filter]"), scroll = root.querySelector(".listing-scroll");
  const heads = [...root.querySelectorAll("thead th")];
  const state = { root, body, box, scroll, heads, sort: root.dataset.sort, page: 1, rows: null };
  if ("whole" in root.dataset) state.rows = [...body.querySelectorAll("tr:not(.none)")].sort((a, b) => a.dataset.at - b.dataset.at);
  root.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return; // the browser's own: another window
    const by = event.target.closest("[data-by]"), to = event.target.closest("[data-page]");
    if (!by && !to) return;
    event.preventDefault();
    if (by) state.sort = turned(state, by.closest("th"));
    state.page = to ? Number(to.dataset.page) : 1;
    show(state);
    scroll.scrollTop = 0;
  });
  box?.addEventListener("input", () => {
    state.page = 1;
    clearTimeout(state.typing);
    if (state.rows) show(state);
    else state.typing = setTimeout(show, WAIT, state);
  });
  box?.form.addEventListener("submit", (event) => {
    event.preventDefault();
    clearTimeout(state.typing);
    show(state);
  });
  for (const choice of root.querySelectorAll("[data-column]")) choice.addEventListener("change", () => {
    heads[choice.dataset.column].hidden = !choice.checked;
    remember(state);
    hide(state);
  });
  scroll.addEventListener("keydown", (event) => move(state, event));
  recall(state);
  hide(state);
}

// Numbers begin with the largest; a second click turns round.
function turned(state, head) {
  const [key, was] = [head.dataset.key, state.sort];
  const down = was === key || (was !== `-${key}` && head.classList.contains("num"));
  return down ? `-${key}` : key;
}

function words(state) { return (state.box?.value ?? "").toLowerCase().split(/\s+/).filter(Boolean); }

function address(state, { sort = state.sort, page = 1, kind = "" }) {
  const { root } = state;
  const url = new URL(root.dataset.at, location.href);
  const said = { filter: words(state).join(" "), sort, page: page > 1 ? page : "", export: kind };
  if ("named" in root.dataset && Object.values(said).some(Boolean)) url.searchParams.set("table", root.id);
  for (const [name, value] of Object.entries(said)) if (value) url.searchParams.set(name, value);
  return url;
}

function show(state) {
  if (state.rows) arrange(state);
  else ask(state);
  mark(state);
  if (state.root.dataset.at) history.replaceState(history.state, "", address(state, { page: state.page }));
}

// Other scopes and periods are asked for in the order, and with the filter, that stand in the address by now.
const LASTING = ["table", "filter", "sort"];
for (const kind of ["pointerdown", "focusin", "click"]) document.addEventListener(kind, (event) => {
  const link = event.target.closest?.("[data-stays] a[href]");
  if (!link) return;
  const url = new URL(link.href), now = new URLSearchParams(location.search);
  for (const name of LASTING) {
    if (now.has(name)) url.searchParams.set(name, now.get(name));
    else url.searchParams.delete(name);
  }
  link.href = url;
}, true);

// Arrows on the heads; links that lead where the script would go.
function mark(state) {
  for (const head of state.heads) {
    const sorted = { [head.dataset.key]: "ascending", [`-${head.dataset.key}`]: "descending" }[state.sort];
    if (sorted) head.setAttribute("aria-sort", sorted);
    else head.removeAttribute("aria-sort");
    const link = head.querySelector("a[data-by]");
    if (link) link.href = address(state, { sort: turned(state, head) });
  }
  for (const link of state.root.querySelectorAll("[data-export]")) link.href = address(state, { kind: link.dataset.export });
}

// The server has ranked the cells by its own rule, so that the order here and there is one.
function arrange(state) {
  const { body, heads, rows, root, sort } = state;
  const down = sort.startsWith("-"), at = heads.findIndex((head) => head.dataset.key === sort.replace(/^-/, ""));
  const rank = (row) => row.cells[at].dataset.v;
  // What is missing stays at the end, whichever way.
  const order = (a, b) => (rank(a) === "") - (rank(b) === "") || (down ? -1 : 1) * (rank(a) - rank(b));
  const wanted = words(state);
  let left = 0;
  for (const row of at < 0 ? rows : [...rows].sort(order)) {
    row.said ??= [...row.cells].map((cell) => cell.textContent).join(" ").toLowerCase();
    row.hidden = !wanted.every((word) => row.said.includes(word));
    left += !row.hidden;
    body.append(row);
  }
  const none = body.querySelector("tr.none"), count = root.querySelector("[data-part=count]");
  none.hidden = left > 0;
  body.append(none);
  if (count) count.textContent = wanted.length ? `${left} / ${rows.length}` : count.dataset.all;
  const total = root.querySelector("[data-part=of-all]");
  if (total) total.textContent = wanted.length ? total.dataset.said.replace("{left}", left) : "";
}

async function ask(state) {
  const { root, scroll } = state;
  const url = address(state, { page: state.page });
  state.asking?.abort();
  state.asking = new AbortController();
  root.classList.add("busy");
  try {
    const answer = await fetch(url, { headers: { "X-Listing": root.id }, signal: state.asking.signal });
    const text = await answer.text();
    const fresh = new DOMParser().parseFromString(text, "text/html").getElementById(root.id);
    if (!answer.ok || answer.redirected || !fresh) return location.assign(url); // whatever it is, it is a page of its own
    const focused = document.activeElement?.closest?.("[data-part=pages] a")?.rel;
    for (const part of root.querySelectorAll("[data-part]")) {
      const said = fresh.querySelector(`[data-part=${part.dataset.part}]`);
      if (said) part.innerHTML = said.innerHTML;
    }
    hide(state);
    if (focused) (root.querySelector(`[data-part=pages] [rel=${focused}]`) ?? scroll).focus();
    root.classList.remove("busy");
  } catch (error) {
    if (error.name === "AbortError") return; // a newer one is under way
    root.classList.remove("busy");
    document.dispatchEvent(new Event("htmx:sendError")); // says that the connection is lost
  }
}

function move(state, event) {
  const rows = [...state.body.querySelectorAll("tr:not(.none, [hidden])")];
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

function hide(state) {
  for (const row of state.root.querySelectorAll("tbody tr:not(.none), tfoot tr")) {
    for (const cell of row.cells) cell.hidden = state.heads[cell.cellIndex].hidden;
  }
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
