// Draws every [data-chart]: the option comes from the server; here are only colours of the theme, size and numbers' commas.
const drawn = new Map();
const still = matchMedia("(prefers-reduced-motion: reduce)");
const language = () => document.documentElement.lang;

function coloured(value, style) {
  if (typeof value === "string") return value.startsWith("--") ? style.getPropertyValue(value).trim() : value;
  if (Array.isArray(value)) return value.map((each) => coloured(each, style));
  if (value && typeof value === "object") return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, coloured(each, style)]));
  return value;
}

function draw(place) {
  const { leads, ...option } = coloured(JSON.parse(document.getElementById(place.dataset.chart).textContent), getComputedStyle(document.documentElement));
  const style = getComputedStyle(document.body);
  const numbers = new Intl.NumberFormat(language(), { maximumFractionDigits: 1 });
  if (option.tooltip) {
    const { before, after } = option.tooltip;
    Object.assign(option.tooltip, {
      valueFormatter: (value) => value == null ? "–" : `${value < 0 ? "−" : ""}${before}${numbers.format(Math.abs(value))}${after}`,
      backgroundColor: style.getPropertyValue("--paper"), borderColor: style.getPropertyValue("--line"), textStyle: { color: style.color, fontSize: 12 }, confine: true,
    });
  }
  option.animation = option.animation !== false && !still.matches;
  if (option.xAxis?.type === "category") Object.assign(option.xAxis.axisLabel, spaced(place, option.xAxis.data));
  option.textStyle = { fontFamily: style.fontFamily };
  const chart = drawn.get(place) ?? echarts.init(place, null, { renderer: "canvas" });
  const fresh = !drawn.has(place);
  drawn.set(place, chart);
  chart.setOption(option, true);
  if (fresh && leads?.length) lead(chart, leads);
}

// The whole height of a column leads where the column does: a bar of nothing could not be hit.
function lead(chart, leads) {
  const under = (event) => {
    const at = [event.offsetX, event.offsetY];
    return chart.containPixel("grid", at) ? leads[chart.convertFromPixel("grid", at)[0]] : undefined;
  };
  chart.getZr().on("click", (event) => {
    const to = under(event);
    if (to) location.assign(to);
  });
  chart.getZr().on("mousemove", (event) => chart.getZr().setCursorStyle(under(event) ? "pointer" : "default"));
}

// So many labels that a gap of two letters stays between them.
function spaced(place, labels) {
  const fontSize = place.clientWidth < 420 ? 10 : 12, longest = Math.max(...labels.map((label) => label.length), 1);
  const room = Math.max(place.clientWidth - 90, 1), each = (longest * 0.62 + 2) * fontSize;
  return { fontSize, interval: Math.max(Math.ceil((labels.length * each) / room) - 1, 0) };
}

function fit(place, chart) {
  const { xAxis } = JSON.parse(document.getElementById(place.dataset.chart).textContent);
  chart.resize();
  if (xAxis?.type === "category") chart.setOption({ xAxis: { axisLabel: spaced(place, xAxis.data) } });
}

function draw_all(root = document) {
  for (const place of root.querySelectorAll("[data-chart]")) draw(place);
}

draw_all();
document.addEventListener("htmx:load", (event) => draw_all(event.target));
document.addEventListener("themechange", () => { for (const place of drawn.keys()) draw(place); });
new ResizeObserver(() => { for (const [place, chart] of drawn) place.isConnected ? fit(place, chart) : (chart.dispose(), drawn.delete(place)); }).observe(document.body);
addEventListener("beforeprint", () => { for (const chart of drawn.values()) chart.resize(); });
