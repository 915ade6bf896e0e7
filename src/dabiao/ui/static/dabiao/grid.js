// The grid of targets: move by keyboard, type, paste a block, fill down, undo, save what has changed.
const place = document.getElementById("tgrid");
if (place) start(place);

function start(place) {
  const tool = (name) => document.querySelector(`[data-tg=${name}]`);
  const history = []; // each step: [[row, column, text before], …]
  let cursor = { row: 0, column: 0 };
  let anchor = cursor;
  let editor = null;
  let dragging = false;

  const rows = () => [...place.querySelectorAll("tbody tr")];
  const cell = (row, column) => rows()[row]?.querySelectorAll("td")[column];
  const text = (td) => td.dataset.now ?? td.dataset.text;
  const locked = (td) => td.getAttribute("aria-readonly") === "true";
  const dirty = () => [...place.querySelectorAll("td.dirty")];
  const size = () => ({ rows: rows().length, columns: rows()[0]?.querySelectorAll("td").length ?? 0 });
  const clamp = (value, most) => Math.max(0, Math.min(value, most - 1));

  function where(td) {
    const row = td.closest("tr");
    return { row: rows().indexOf(row), column: [...row.querySelectorAll("td")].indexOf(td) };
  }

  function picked() {
    const [top, bottom] = [anchor.row, cursor.row].sort((a, b) => a - b);
    const [left, right] = [anchor.column, cursor.column].sort((a, b) => a - b);
    const block = [];
    for (let row = top; row <= bottom; row++) {
      block.push([]);
      for (let column = left; column <= right; column++) block.at(-1).push(cell(row, column));
    }
    return block;
  }

  function draw(focus = true) {
    for (const td of place.querySelectorAll("td.picked, td.cursor")) td.classList.remove("picked", "cursor");
    for (const td of place.querySelectorAll("td[tabindex='0']")) td.tabIndex = -1;
    const block = picked();
    if (block.flat().length > 1) for (const td of block.flat()) td.classList.add("picked");
    const here = cell(cursor.row, cursor.column);
    if (!here) return;
    here.classList.add("cursor");
    here.tabIndex = 0;
    if (focus) here.focus({ preventScroll: false });
  }

  function go(rows, columns, extend) {
    const most = size();
    cursor = { row: clamp(cursor.row + rows, most.rows), column: clamp(cursor.column + columns, most.columns) };
    if (!extend) anchor = cursor;
    draw();
  }

  // Every change goes through here: [[cell, new text], …] becomes one step that undo takes back.
  function put(changes) {
    const step = [];
    for (const [td, value] of changes) {
      if (!td || locked(td) || text(td) === value) continue;
      const at = where(td);
      step.push([at.row, at.column, text(td)]);
      show(td, value);
    }
    if (step.length) history.push(step);
    count();
  }

  function show(td, value) {
    td.dataset.now = value;
    td.dataset.before ??= td.textContent;
    const changed = value !== td.dataset.text;
    td.textContent = changed ? value : td.dataset.before;
    td.classList.toggle("dirty", changed);
    td.classList.remove("wrong");
    td.removeAttribute("aria-invalid");
  }

  function undo() {
    const step = history.pop();
    if (!step) return;
    for (const [row, column, before] of step) show(cell(row, column), before);
    cursor = anchor = { row: step[0][0], column: step[0][1] };
    count();
    draw();
  }

  function count() {
    const changed = dirty().length;
    if (!tool("save")) return;
    tool("save").disabled = !changed;
    tool("undo").disabled = !history.length;
    tool("count").textContent = changed ? `(${changed})` : "";
  }

  function fill_down() {
    const block = picked();
    if (block.length === 1) {
      // One row picked: take over what stands above it.
      put(block[0].map((td) => { const at = where(td); const above = cell(at.row - 1, at.column); return [td, above ? text(above) : text(td)]; }));
    } else put(block.slice(1).flatMap((row) => row.map((td, column) => [td, text(block[0][column])])));
  }

  function edit(first) {
    const td = cell(cursor.row, cursor.column);
    if (!td || locked(td) || editor) return;
    editor = document.createElement("input");
    editor.value = first ?? text(td);
    editor.setAttribute("aria-label", place.getAttribute("aria-label"));
    td.append(editor);
    editor.focus();
    if (first === undefined) editor.select();
    editor.addEventListener("blur", () => close(true));
  }

  function close(keep) {
    if (!editor) return;
    const [box, td] = [editor, editor.parentElement];
    editor = null;
    const value = box.value.trim();
    box.remove();
    if (keep) put([[td, value]]);
  }

  function paste(plain) {
    const lines = plain.replace(/\r/g, "").replace(/\n$/, "").split("\n").map((line) => line.split("\t"));
    const block = picked();
    const single = lines.length === 1 && lines[0].length === 1;
    if (single && block.flat().length > 1) return put(block.flat().map((td) => [td, lines[0][0].trim()]));
    const from = where(block[0][0]);
    put(lines.flatMap((line, row) => line.map((value, column) => [cell(from.row + row, from.column + column), value.trim()])));
    cursor = { row: clamp(from.row + lines.length - 1, size().rows), column: clamp(from.column + lines[0].length - 1, size().columns) };
    anchor = from;
    draw();
  }

  async function save() {
    close(true);
    const changed = dirty();
    if (!changed.length) return;
    const cells = changed.map((td) => ({ kind: td.closest("tr").dataset.kind, key: td.closest("tr").dataset.key, start: td.dataset.start, end: td.dataset.end, value: text(td) }));
    tool("save").disabled = true;
    say("");
    let answer;
    try {
      answer = await fetch(place.dataset.save, { method: "POST", headers: { "Content-Type": "application/json", "X-CSRFToken": place.dataset.csrf, Accept: "application/json" }, body: JSON.stringify({ cells }) });
    } catch {
      count();
      return say(place.dataset.lost);
    }
    if (answer.ok) {
      place.innerHTML = await answer.text();
      history.length = 0;
      tool("status").textContent = place.dataset.saved;
      count();
      return draw();
    }
    count();
    const told = await answer.json().catch(() => ({ detail: place.dataset.lost }));
    say(told.detail);
    for (const error of told.errors ?? []) {
      const td = changed.find((each) => each.closest("tr").dataset.key === error.key && each.closest("tr").dataset.kind === error.kind && each.dataset.start === error.start && each.dataset.end === error.end);
      td?.classList.add("wrong");
      td?.setAttribute("aria-invalid", "true");
      if (td) td.title = error.message;
    }
  }

  function say(message) {
    tool("problem").textContent = message;
    tool("problem").hidden = !message;
    tool("status").textContent = "";
  }

  place.addEventListener("mousedown", (event) => {
    const td = event.target.closest("td");
    if (!td || event.target === editor) return;
    close(true);
    cursor = where(td);
    if (!event.shiftKey) anchor = cursor;
    dragging = true;
    draw();
  });
  place.addEventListener("mouseover", (event) => {
    const td = dragging && event.target.closest("td");
    if (td) { cursor = where(td); draw(false); }
  });
  document.addEventListener("mouseup", () => { dragging = false; });
  place.addEventListener("dblclick", () => edit());

  place.addEventListener("keydown", (event) => {
    const command = event.ctrlKey || event.metaKey;
    const move = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
    if (editor) {
      if (event.key === "Enter" || event.key === "Tab") { event.preventDefault(); close(true); event.key === "Tab" ? go(0, event.shiftKey ? -1 : 1) : go(event.shiftKey ? -1 : 1, 0); }
      else if (event.key === "Escape") { close(false); draw(); }
      else if (command && event.key === "s") { event.preventDefault(); save(); }
      return;
    }
    if (!event.target.closest("td")) return;
    if (move) { event.preventDefault(); go(...move, event.shiftKey); }
    else if (event.key === "Home") { event.preventDefault(); go(0, -size().columns, event.shiftKey); }
    else if (event.key === "End") { event.preventDefault(); go(0, size().columns, event.shiftKey); }
    else if (event.key === "Enter" || event.key === "F2") { event.preventDefault(); edit(); }
    else if (event.key === "Delete" || event.key === "Backspace") { event.preventDefault(); put(picked().flat().map((td) => [td, ""])); }
    else if (command && event.key.toLowerCase() === "z") { event.preventDefault(); undo(); }
    else if (command && event.key.toLowerCase() === "d") { event.preventDefault(); fill_down(); }
    else if (command && event.key.toLowerCase() === "s") { event.preventDefault(); save(); }
    else if (event.key.length === 1 && !command && !event.altKey) { event.preventDefault(); edit(event.key); }
  });

  place.addEventListener("focusin", (event) => {
    if (event.target === place) draw();
  });
  document.addEventListener("paste", (event) => {
    if (editor || !place.contains(document.activeElement)) return;
    event.preventDefault();
    paste(event.clipboardData.getData("text/plain"));
  });
  document.addEventListener("copy", (event) => {
    if (editor || !place.contains(document.activeElement)) return;
    event.preventDefault();
    event.clipboardData.setData("text/plain", picked().map((row) => row.map((td) => text(td) || td.textContent.replace(/[,\s]/g, "")).join("\t")).join("\n"));
  });

  tool("undo")?.addEventListener("click", undo);
  tool("fill")?.addEventListener("click", fill_down);
  tool("save")?.addEventListener("click", save);
  for (const choice of document.querySelectorAll("[data-tg-choose] select")) choice.addEventListener("change", () => choice.form.requestSubmit());
  window.addEventListener("beforeunload", (event) => { if (dirty().length) event.preventDefault(); });
  count();
}
