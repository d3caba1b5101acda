// @ts-check
const WIDTH = 640;
const HEIGHT = 320;
const MARGIN = { left: 64, right: 140, top: 32, bottom: 40 };
const COLORS = ["#888888", "#0969da", "#bf3989", "#1a7f37"];

/**
 * Curves as SVG, over sizes that stand at equal distances.
 *
 * @param {string} title with the unit
 * @param {readonly number[]} sizes
 * @param {readonly { readonly name: string, readonly values: readonly number[] }[]} curves one value a size
 */
function curvesSvg(title, sizes, curves) {
  const most = Math.max(...curves.flatMap(({ values }) => values));
  const x = (/** @type {number} */ index) =>
    MARGIN.left + (index / Math.max(1, sizes.length - 1)) * (WIDTH - MARGIN.left - MARGIN.right);
  const y = (/** @type {number} */ value) =>
    HEIGHT - MARGIN.bottom - (value / most) * (HEIGHT - MARGIN.top - MARGIN.bottom);
  const scale = [0, most / 2, most].map((value) => text(MARGIN.left - 8, y(value) + 4, value.toPrecision(2), "end"));
  const labels = sizes.map((size, index) => text(x(index), HEIGHT - 16, String(size), "middle"));
  const lines = curves.flatMap(({ name, values }, index) => {
    const color = COLORS[index % COLORS.length] ?? "";
    const points = values.map((value, index) => `${x(index).toFixed(1)},${y(value).toFixed(1)}`).join(" ");
    const end = text(x(values.length - 1) + 8, y(values.at(-1) ?? 0) + 4, name, "start", color);
    return [`<polyline points="${points}" fill="none" stroke="${color}" stroke-width="2"/>`, end];
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12">`,
    `<title>${title}</title>`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#ffffff"/>`,
    text(MARGIN.left, 18, title, "start"),
    ...scale,
    ...labels,
    ...lines,
    "</svg>\n",
  ].join("\n");
}

/** @param {number} x @param {number} y @param {string} words @param {"start" | "middle" | "end"} anchor */
function text(x, y, words, anchor, color = "#24292f") {
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" text-anchor="${anchor}" fill="${color}">${words}</text>`;
}

module.exports = { curvesSvg };
