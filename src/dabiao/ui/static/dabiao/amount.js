// Numbers as people write them, read as the server reads them (core/written.py hands over its grammar) into whole units of
// the smallest kept decimal: never floats.

// {units} of a text, else {wrong}: why it is none, in words.
function amount(text, { grammar, scale, signs, most, words }) {
  const wrong = (why, value = text) => ({ wrong: words[why].replace("%(value)s", value) });
  const plain = plainly(text, grammar);
  const bare = plain.replace(new RegExp(grammar.before), "$1$2").replace(new RegExp(grammar.after), "");
  const found = bare.match(new RegExp(grammar.pattern))?.groups;
  const whole = found?.whole.replace(new RegExp(grammar.grouping, "g"), "") ?? "", part = found?.part ?? "";
  if (!whole && !part) return wrong("none");
  const power = grammar.units[found.unit ?? ""] + Number(found.power ?? 0);
  if (Math.abs(power) > grammar.furthest || whole.length + part.length > grammar.furthest) return wrong("digits");
  const shift = power - part.length + scale, by = 10n ** BigInt(Math.abs(shift));
  let units = BigInt(whole + part);
  if (shift < 0 && units % by) return wrong("digits");
  units = shift < 0 ? units / by : units * by;
  if (units >= 10n ** 18n) return wrong("digits");
  const sign = plain.match(new RegExp(grammar.sign))?.[0];
  if (sign && !signs.includes(sign)) return wrong("foreign");
  if (most !== null && units > BigInt(most) * 10n ** BigInt(scale)) return wrong("most", digits(found.sign === "-" ? -units : units, scale));
  return { units: found.sign === "-" ? -units : units };
}

function plainly(text, grammar) {
  let bare = [...text].map((each) => grammar.wide[each] ?? each).join("");
  while (bare && grammar.around.includes(bare[0])) bare = bare.slice(1);
  while (bare && grammar.around.includes(bare.at(-1))) bare = bare.slice(0, -1);
  return bare.toLowerCase().replace(new RegExp(grammar.parentheses), "-$1").replace(new RegExp(grammar.behind), "-$1");
}

// All of its digits: 92.5
function digits(units, scale) {
  const size = String(units < 0n ? -units : units).padStart(scale + 1, "0");
  const part = size.slice(-scale).replace(/0+$/, "");
  return `${units < 0n ? "-" : ""}${size.slice(0, -scale)}${part ? `.${part}` : ""}`;
}

// As ui/format.py writes what follows from others: whole from a thousand on, else two decimals at most.
function rough(units, scale) {
  const one = 10n ** BigInt(scale), size = units < 0n ? -units : units;
  const step = size >= 1000n * one ? one : one / 100n;
  const shown = ((size + step / 2n) / step) * step;
  const [whole, part] = digits(shown, scale).split(".");
  return `${units < 0n && shown ? "−" : ""}${whole.replace(/\B(?=(\d{3})+$)/g, ",")}${part ? `.${part}` : ""}`;
}
