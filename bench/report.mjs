/** Markdown for people, and the machine the numbers come from. */
import { cpus, platform, release } from 'node:os';
import { redisVersion } from './servers.mjs';

/** What a reader must know to compare these numbers with others. */
export function machine() {
  const cores = cpus();
  return {
    date: new Date().toISOString().slice(0, 16).replace('T', ' '),
    cpu: cores[0]?.model.trim() ?? 'unknown',
    cores: cores.length,
    system: `${platform()} ${release()}`,
    node: process.version,
    redis: redisVersion(),
  };
}

/** @param {ReturnType<typeof machine>} m */
export function machineLine(m) {
  return `${m.date} UTC; ${m.cpu}, ${m.cores} cores, ${m.system}; Node ${m.node}; ${m.redis}`;
}

/**
 * A Markdown table, its columns aligned for reading as plain text: the first left, others right.
 * @param {string[]} head
 * @param {string[][]} rows
 */
export function table(head, rows) {
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map((r) => r[i].length), 3));
  /** @param {string[]} cells */
  const line = (cells) => `| ${cells.map((cell, i) => pad(cell, widths[i], i)).join(' | ')} |`;
  const rule = widths.map((width, i) =>
    i === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`,
  );
  return [line(head), line(rule), ...rows.map(line)].join('\n');
}

/** @param {string} cell @param {number} width @param {number} column */
function pad(cell, width, column) {
  return column === 0 ? cell.padEnd(width) : cell.padStart(width);
}

/** @param {number[]} values */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** @param {number} value */
export function thousands(value) {
  return Math.round(value).toLocaleString('en-US');
}
