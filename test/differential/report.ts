/**
 * What is told of a difference: where it was, what went before, both answers as they came, and the
 * shortest sequence of requests found that still shows it.
 */
import type { Step } from './duel.js';
import type { Exchange } from './exchange.js';
import type { Request } from './requests.js';

const LAST_SHOWN = 12;
const MAX_SHRUNK_SHOWN = 40;
const SHOWN_WORD_CHARS = 80;
const SHOWN_RAW_CHARS = 1500;
/** How long shrinking may take. */
const SHRINK_MS = 20_000;

/** Requests that matter to those after them whatever their keys are. */
const KEYLESS_STATE = new Set([
  ...['select', 'swapdb', 'flushdb', 'flushall', 'hello', 'reset', 'config', 'client', 'multi'],
  ...['exec', 'discard', 'watch', 'unwatch', 'auth', 'script', 'function', 'publish', 'spublish'],
]);

/** Replays requests on two empty servers. @returns whether they still differ */
export type Replay = (steps: readonly Step[]) => Promise<boolean>;

export interface DifferenceReport {
  readonly seed: number;
  /** The number of the request in the stream, from 0. */
  readonly index: number;
  readonly what: string;
  readonly history: readonly Step[];
  /** The words of the request, or the key, that it is about. */
  readonly involved: readonly Buffer[];
  /** Undefined where it was no single exchange. */
  readonly exchange: Exchange | undefined;
  /** Undefined where the difference did not come again. */
  readonly shrunk: readonly Step[] | undefined;
}

export function describeDifference(report: DifferenceReport): string {
  const { seed, index, what, history, involved, exchange, shrunk } = report;
  const related = history.slice(0, index).filter(relatesTo(involved)).slice(-LAST_SHOWN);
  const lines = [
    `Request ${index} of the stream with seed ${seed} shows a difference: ${what}.`,
    `To run it again: DIFF_SEED=${seed} DIFF_COUNT=${index + 1}`,
    `What went before it and has to do with it (connection> request):`,
    ...related.map(describeStep),
  ];
  if (exchange !== undefined) {
    lines.push(
      'The request and its answers:',
      describeStep(history[index]!),
      `  respd: ${shortened(JSON.stringify(exchange.ours.raw.toString('latin1')))}`,
      `  Redis: ${shortened(JSON.stringify(exchange.theirs.raw.toString('latin1')))}`,
    );
  }
  if (shrunk === undefined) lines.push('It did not come again when it was sent again.');
  else {
    const shown = shrunk.slice(-MAX_SHRUNK_SHOWN).map(describeStep);
    lines.push(`The shortest sequence found (${shrunk.length}, the last shown):`, ...shown);
  }
  return lines.join('\n');
}

/**
 * A short sequence that still shows a difference: first what has to do with the words involved,
 * or else all of it; then without any part that isn't needed, parts being halves, quarters and so
 * on down to single requests.
 * @returns undefined when the difference doesn't come again
 */
export async function shrink(
  history: readonly Step[],
  involved: readonly Buffer[],
  differs: Replay,
): Promise<readonly Step[] | undefined> {
  const stopAt = Date.now() + SHRINK_MS;
  const last = history.at(-1);
  const relates = relatesTo(involved);
  let steps: readonly Step[] = history.filter((step) => step === last || relates(step));
  if (!(await differs(steps))) {
    steps = history;
    if (!(await differs(steps))) return undefined;
  }
  let size = Math.ceil(steps.length / 2);
  for (; size >= 1 && Date.now() < stopAt; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let at = steps.length - size; at > -size && Date.now() < stopAt; at -= size) {
      const without = steps.filter((_, i) => i < at || i >= at + size);
      if (await differs(without)) steps = without;
    }
  }
  return steps;
}

/** Whether a request shares a word with these, or matters to all; with none, all do. */
function relatesTo(involved: readonly Buffer[]): (step: Step) => boolean {
  const words = new Set(involved.map(latin1Of));
  return ({ request }) =>
    words.size === 0 ||
    KEYLESS_STATE.has(latin1Of(request[0] ?? Buffer.alloc(0)).toLowerCase()) ||
    request.some((word, at) => at > 0 && words.has(latin1Of(word)));
}

function describeStep({ connection, request }: Step): string {
  return `  ${connection}> ${describeRequest(request)}`;
}

export function describeRequest(request: Request): string {
  return request
    .map((word) => {
      const text = latin1Of(word);
      if (/^[\w:*.+-]{1,40}$/.test(text)) return text;
      if (text.length <= SHOWN_WORD_CHARS) return JSON.stringify(text);
      return `${JSON.stringify(text.slice(0, SHOWN_WORD_CHARS))}…(${text.length} bytes)`;
    })
    .join(' ');
}

function shortened(text: string): string {
  if (text.length <= SHOWN_RAW_CHARS) return text;
  return `${text.slice(0, SHOWN_RAW_CHARS)}…(${text.length} characters)`;
}

function latin1Of(word: Buffer): string {
  return word.toString('latin1');
}
