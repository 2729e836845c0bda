/** Curves over the last minutes, as SVG. */

const SVG = 'http://www.w3.org/2000/svg';
/** The widest that a curve is drawn; its letters keep their shape down to a narrow window. */
const WIDTH_MAX = 600;
/** What frames and margins take of a narrow window. */
const FRAME = 72;
const HEIGHT = 130;
const LEFT = 64;
const BOTTOM = 16;
const TOP = 8;

/**
 * @param {string} tag
 * @param {Record<string, string | number>} attributes
 * @param {string} [text]
 */
function svg(tag, attributes, text = '') {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  element.textContent = text;
  return element;
}

/**
 * @param {string} label what it shows, for those who don't see it
 * @param {readonly number[]} times Unix ms, rising
 * @param {readonly (readonly (number | null)[])[]} series one or two curves; null: no value
 * @param {(value: number) => string} format
 * @param {number} [base] of the scale's round numbers: 1024 for bytes
 */
export function chart(label, times, series, format, base = 10) {
  const width = Math.min(WIDTH_MAX, document.documentElement.clientWidth - FRAME);
  const top = niceTop(Math.max(0, ...series.flat().map((value) => value ?? 0)), base);
  const last = series[0]?.at(-1) ?? null;
  const now = last === null ? 'no value' : format(last);
  const root = svg('svg', {
    class: 'chart',
    viewBox: `0 0 ${width} ${HEIGHT}`,
    preserveAspectRatio: 'none',
    role: 'img',
    'aria-label': `${label}: now ${now}, scale up to ${format(top)}`,
  });
  const y = (/** @type {number} */ value) =>
    HEIGHT - BOTTOM - (value / top) * (HEIGHT - BOTTOM - TOP);
  for (const share of [0, 0.5, 1]) {
    const at = y(top * share);
    root.append(svg('line', { class: 'grid', x1: LEFT, x2: width, y1: at, y2: at }));
    root.append(svg('text', { x: LEFT - 6, y: at + 4, 'text-anchor': 'end' }, format(top * share)));
  }
  const from = times[0] ?? 0;
  const span = Math.max(1, (times.at(-1) ?? 1) - from);
  const x = (/** @type {number} */ time) => LEFT + ((time - from) / span) * (width - LEFT);
  for (const [i, values] of series.entries()) {
    let path = '';
    let isDown = false;
    for (const [k, value] of values.entries()) {
      if (value !== null)
        path += `${isDown ? 'L' : 'M'}${x(times[k] ?? 0).toFixed(1)} ${y(value).toFixed(1)}`;
      isDown = value !== null;
    }
    root.append(svg('path', { class: i === 0 ? 'first' : 'second', d: path }));
  }
  const minutes = Math.round(span / 60000);
  root.append(
    svg(
      'text',
      { x: LEFT, y: HEIGHT - 2 },
      minutes > 0 ? `${minutes} min ago` : `${Math.round(span / 1000)} s ago`,
    ),
    svg('text', { x: width, y: HEIGHT - 2, 'text-anchor': 'end' }, 'now'),
  );
  return root;
}

/**
 * The next round number: 1, 2 or 5 and zeros, or a power of two for bytes.
 * @param {number} value
 * @param {number} base
 */
function niceTop(value, base) {
  if (value <= 0) return 1;
  if (base === 1024) return 2 ** Math.ceil(Math.log2(value));
  const unit = 10 ** Math.floor(Math.log10(value));
  for (const step of [1, 2, 5]) if (value <= step * unit) return step * unit;
  return 10 * unit;
}
