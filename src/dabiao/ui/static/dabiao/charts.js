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
  const option = coloured(JSON.parse(document.getElementById(place.dataset.chart).textContent), getComputedStyle(document.documentElement));
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
  if (place.clientWidth < 420 && option.xAxis?.type === "category") option.xAxis.axisLabel.fontSize = 10;
  option.textStyle = { fontFamily: style.fontFamily };
  const chart = drawn.get(place) ?? echarts.init(place, null, { renderer: "canvas" });
  drawn.set(place, chart);
  chart.setOption(option, true);
}

function draw_all(root = document) {
  for (const place of root.querySelectorAll("[data-chart]")) draw(place);
}

draw_all();
document.addEventListener("htmx:load", (event) => draw_all(event.target));
document.addEventListener("themechange", () => { for (const place of drawn.keys()) draw(place); });
new ResizeObserver(() => { for (const [place, chart] of drawn) place.isConnected ? chart.resize() : (chart.dispose(), drawn.delete(place)); }).observe(document.body);
addEventListener("beforeprint", () => { for (const chart of drawn.values()) chart.resize(); });
