/**
 * LATENCY GRAPH: a series of samples as a picture of letters.
 *
 *     command - high 500 ms, low 101 ms (all time high 500 ms)
 *     ----------------------------------------------------------------------------
 *        #           a column per sample, oldest first, of 4 rows with 3 steps each: _ o #
 *       _|
 *      _||           full rows below are |
 *     _|||
 *
 *     2311           how long ago it was, read downwards: 2m, 31s, 1s …
 *     m1ss
 *
 * 80 columns at most; more samples follow below. The lowest sample is at the bottom of the picture
 * and the highest at its top, whatever they are.
 */
import type { LatencySample, LatencySeries } from '../../server/api/latency.js';

const COLUMNS = 80;
const ROWS = 4;
/** The steps of a row, from low to high. */
const STEPS = '_o#';
const FULL = '|';
const ALL_STEPS = ROWS * STEPS.length;

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** @param nowSec Unix seconds */
export function latencyGraph(series: LatencySeries, nowSec: number): string {
  const samples = series.samples();
  const values = samples.map((sample) => sample.ms);
  const low = Math.min(...values);
  const high = Math.max(...values);
  let text = `${series.event} - high ${high} ms, low ${low} ms (all time high ${series.maxMs} ms)\n`;
  text += `${'-'.repeat(COLUMNS)}\n`;
  for (let from = 0; from < samples.length; from += COLUMNS) {
    if (from > 0) text += '\n';
    const part = samples.slice(from, from + COLUMNS);
    text += columns(part, low, high);
    text += ages(part, nowSec);
  }
  return text;
}

function columns(samples: readonly LatencySample[], low: number, high: number): string {
  const range = Math.max(high - low, 1);
  const steps = samples.map(({ ms }) =>
    Math.min(Math.floor(((ms - low) * ALL_STEPS) / range), ALL_STEPS - 1),
  );
  let text = '';
  for (let row = ROWS - 1; row >= 0; row--) {
    for (const step of steps) text += cell(step - row * STEPS.length);
    text += '\n';
  }
  return text;
}

/** @param step of the column, counted from the row's lowest */
function cell(step: number): string {
  if (step < 0) return ' ';
  return STEPS[step] ?? FULL;
}

/** The labels under the columns, below an empty row. */
function ages(samples: readonly LatencySample[], nowSec: number): string {
  const labels = samples.map(({ timeSec }) => age(nowSec - timeSec));
  const rows = Math.max(...labels.map((label) => label.length));
  let text = `${' '.repeat(labels.length)}\n`;
  for (let i = 0; i < rows; i++) text += `${labels.map((label) => label[i] ?? ' ').join('')}\n`;
  return text;
}

function age(seconds: number): string {
  if (seconds < MINUTE) return `${seconds}s`;
  if (seconds < HOUR) return `${Math.floor(seconds / MINUTE)}m`;
  if (seconds < DAY) return `${Math.floor(seconds / HOUR)}h`;
  return `${Math.floor(seconds / DAY)}d`;
}
