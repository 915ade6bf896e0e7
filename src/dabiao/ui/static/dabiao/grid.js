// The grid of targets: move by keyboard, type, paste a block, fill down, undo, save what has changed.
const PAUSE = 300; // milliseconds without a key before what is being typed is judged
const place = document.getElementById("tgrid");
if (place) start(place);

function start(place) {
  const tool = (name) => document.querySelector(`[data-tg=${name}]`);
  const rules = JSON.parse(document.getElementById("tg-rules").textContent);
  const history = []; // each step: [[cell, text before], …]
  let cursor = { row: 0, column: 0 };
  let anchor = cursor;
  let editor = null;
  let dragging = false;
  let judging; // until somebody pauses in typing
  let unfolded = false;

  const rows = () => [...place.querySelectorAll("tr[data-key]:not([hidden])")];
  const target = (event) => event.target.closest("tr[data-key] td");
  const cell = (row, column) => rows()[row]?.querySelectorAll("td")[column];
  const text = (td) => td.dataset.now ?? td.dataset.text;
  const typed = (td) => editor?.parentElement === td ? editor.value.trim() : text(td);
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
      step.push([td, text(td)]);
      show(td, value);
    }
    if (step.length) history.push(step);
    count();
    tell(step.at(-1)?.[0]);
  }

  function show(td, value) {
    td.dataset.now = value;
    td.dataset.before ??= td.textContent;
    const changed = value !== td.dataset.text;
    td.textContent = changed ? value : td.dataset.before;
    td.classList.toggle("dirty", changed);
    judge(td, value);
  }

  // What saving would refuse is marked at once, with the reason; the server looks again.
  function judge(td, value) {
    mark(td, value && value !== td.dataset.text ? amount(value, rules).wrong : "");
  }

  function mark(td, problem) {
    td.dataset.hint ??= td.title;
    td.title = problem || td.dataset.hint;
    td.classList.toggle("wrong", Boolean(problem));
    for (const each of [td, ...td.querySelectorAll("input")]) {
      if (problem) { each.setAttribute("aria-invalid", "true"); each.setAttribute("aria-describedby", "tg-problem"); }
      else { each.removeAttribute("aria-invalid"); each.removeAttribute("aria-describedby"); }
    }
  }

  // Says what is wrong, and how the parts of the column stand that somebody types in.
  function tell(td) {
    const bad = td?.classList.contains("wrong") ? td : place.querySelector("td.wrong");
    say(bad?.title ?? "");
    const said = balance(place, rules, typed);
    if (td) tool("status").textContent = said[td.cellIndex - 1] ?? "";
  }

  function undo() {
    const step = history.pop();
    if (!step) return;
    for (const [td, before] of step) show(td, before);
    cursor = anchor = where(step[0][0]);
    count();
    tell(step[0][0]);
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
    editor.addEventListener("input", () => {
      clearTimeout(judging);
      judging = setTimeout(() => { judge(td, typed(td)); tell(td); }, PAUSE);
    });
    if (first !== undefined) editor.dispatchEvent(new Event("input"));
    editor.addEventListener("blur", () => close(true));
  }

  function close(keep) {
    if (!editor) return;
    const [box, td] = [editor, editor.parentElement];
    editor = null;
    const value = box.value.trim();
    clearTimeout(judging);
    box.remove();
    if (keep) put([[td, value]]);
    judge(td, text(td));
    tell(td);
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
      fold();
      tool("status").textContent = `${place.dataset.saved} ${place.querySelector("table").dataset.even}`.trim();
      count();
      return draw();
    }
    count();
    const told = await answer.json().catch(() => ({ detail: place.dataset.lost }));
    say(told.detail);
    for (const error of told.errors ?? []) {
      const td = changed.find((each) => each.closest("tr").dataset.key === error.key && each.closest("tr").dataset.kind === error.kind && each.dataset.start === error.start && each.dataset.end === error.end);
      if (td) mark(td, error.message);
    }
  }

  function say(message) {
    tool("problem").textContent = message;
    tool("problem").hidden = !message;
    tool("status").textContent = "";
  }

  // The column that was asked for, beside the names, wherever all of it is not in sight anyway.
  function begin() {
    const [names, now] = [place.querySelector("thead th"), place.querySelector("thead th.now")];
    place.style.scrollPaddingLeft = `${names.offsetWidth}px`;
    if (now && now.offsetLeft + now.offsetWidth > place.clientWidth) place.scrollLeft = now.offsetLeft - names.offsetWidth;
  }

  function fold() {
    for (const row of place.querySelectorAll("tr[data-folded]")) row.hidden = !unfolded;
    place.querySelector("[data-tg=fold]")?.setAttribute("aria-expanded", String(unfolded));
  }

  place.addEventListener("click", (event) => {
    if (!event.target.closest("[data-tg=fold]")) return;
    unfolded = !unfolded;
    fold();
  });

  place.addEventListener("mousedown", (event) => {
    const td = target(event);
    if (!td || event.target === editor) return;
    close(true);
    cursor = where(td);
    if (!event.shiftKey) anchor = cursor;
    dragging = true;
    draw();
  });
  place.addEventListener("mouseover", (event) => {
    const td = dragging && target(event);
    if (td) { cursor = where(td); draw(false); }
  });
  document.addEventListener("mouseup", () => { dragging = false; });
  place.addEventListener("dblclick", (event) => { if (target(event)) edit(); });

  place.addEventListener("keydown", (event) => {
    const command = event.ctrlKey || event.metaKey;
    const move = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
    if (editor) {
      if (event.key === "Enter" || event.key === "Tab") { event.preventDefault(); close(true); event.key === "Tab" ? go(0, event.shiftKey ? -1 : 1) : go(event.shiftKey ? -1 : 1, 0); }
      else if (event.key === "Escape") { close(false); draw(); }
      else if (command && event.key === "s") { event.preventDefault(); save(); }
      return;
    }
    if (!target(event)) return;
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
    event.clipboardData.setData("text/plain", picked().map((row) => row.map((td) => text(td) || td.dataset.exact).join("\t")).join("\n"));
  });

  tool("undo")?.addEventListener("click", undo);
  tool("fill")?.addEventListener("click", fill_down);
  tool("save")?.addEventListener("click", save);
  for (const choice of document.querySelectorAll("[data-tg-choose] select")) choice.addEventListener("change", () => choice.form.requestSubmit());
  window.addEventListener("beforeunload", (event) => { if (dirty().length) event.preventDefault(); });
  count();
  begin();
  document.fonts.ready.then(begin); // letters of another width move the columns
}

// Row by row what the parts of a column sum to and what of the whole is left; in words by column. What follows from cells
// that have changed is known after saving.
function balance(place, rules, typed) {
  const [sums, lefts] = ["parts", "left"].map((name) => [...place.querySelectorAll(`[data-balance=${name}] td`)]);
  if (!sums.length) return [];
  const [whole, ...parts] = [...place.querySelectorAll("tr[data-key]")].map((row) => [...row.querySelectorAll("td")]);
  const changed = (td) => typed(td) !== td.dataset.text;
  const heads = [...place.querySelectorAll("thead th.num")];

  // Units; null of nothing, undefined where nobody can say yet.
  function worth(td, row, said = td.dataset.exact) {
    if ("untold" in td.dataset) return undefined;
    if (changed(td)) return typed(td) && !("counted" in td.dataset) ? amount(typed(td), rules).units : undefined;
    const touched = (other) => other !== td && changed(other) && other.dataset.start < td.dataset.end && td.dataset.start < other.dataset.end;
    if (!td.dataset.text && row.some(touched)) return undefined;
    return said ? amount(said, rules).units : null;
  }

  return heads.map((head, at) => {
    const all = parts.map((row) => worth(row[at], row, row[at].dataset.counted ?? row[at].dataset.exact));
    const some = all.filter((units) => units != null);
    const sum = all.includes(undefined) ? undefined : some.length ? some.reduce((one, other) => one + other) : null;
    const follows = "follows" in lefts[at].dataset && !changed(whole[at]);
    const own = follows ? null : worth(whole[at], whole);
    const left = own === null ? null : own === undefined || sum === undefined ? undefined : cents(own - (sum ?? 0n), rules.scale);
    const tone = left == null ? "" : left > 0n ? "open" : left < 0n ? "over" : "even";
    write(sums[at], sum, "");
    write(lefts[at], left, tone, follows ? rules.words.follows : "");
    if (sum == null) return "";
    const words = rules.words[tone || "sum"].replace("%(period)s", head.textContent.trim()).replace("%(sum)s", rough(sum, rules.scale));
    return left == null ? words : words.replace("%(left)s", rough(left < 0n ? -left : left, rules.scale));
  });

  function write(td, units, tone, why = "") {
    td.textContent = units === undefined ? "…" : units === null ? "–" : rough(units, rules.scale);
    td.title = why || (units === undefined ? rules.words.later : units === null ? "" : digits(units, rules.scale));
    td.classList.remove("even", "open", "over");
    if (tone) td.classList.add(tone);
  }
}

// Less than a cent is left of dividing by working days.
function cents(units, scale) {
  const step = 10n ** BigInt(scale - 2), size = units < 0n ? -units : units;
  const rounded = ((size + step / 2n) / step) * step;
  return units < 0n ? -rounded : rounded;
}
