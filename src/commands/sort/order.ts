/**
 * The order that SORT puts elements in: by numbers or, with ALPHA, by bytes; of the elements
 * themselves or of what BY names for each.
 *
 * An element for which BY finds nothing counts as 0, or comes before all texts. Equal numbers are
 * told apart by the elements' bytes; equal texts stay in the order they came in, unless LIMIT wants
 * only a part. Texts that are replied are compared up to their first NUL, as C's strcoll does in
 * the C locale; texts that are stored, as a whole.
 */
import { compareBytes } from '../../datastructs/move-bytes.js';
import { type Compare, partialSort } from '../../datastructs/partial-sort.js';
import { ReplyError } from '../../resp/reply-error.js';
import type { Call } from '../../server/api/call.js';
import { untilNul } from '../../text/c-string.js';
import { parseDouble } from '../../text/double.js';
import { ByteTable } from './byte-table.js';
import { Pattern } from './pattern.js';

export interface SortOrder {
  /** The argument with BY's pattern; 0: by the elements themselves. */
  readonly by: number;
  readonly alpha: boolean;
  readonly descending: boolean;
  /** Whether the result is stored. */
  readonly stored: boolean;
}

const NOT_NUMERIC = new ReplyError("ERR One or more scores can't be converted into double");
const LEADING_BLANKS = /^[ \t\n\v\f\r]+/;
/** The number of the text of an element that BY finds nothing for. */
const MISSING = -1;

/**
 * Numbers of the elements in order, of which at least those from `first` to `last` are right.
 * @throws ReplyError when one of the numbers to sort by is none
 */
export function sortedOrder(
  call: Call,
  elements: ByteTable,
  order: SortOrder,
  first: number,
  last: number,
): number[] {
  const ascending = order.alpha
    ? compareTexts(call, elements, order)
    : compareNumbers(elements, weights(call, elements, order.by));
  const compare: Compare<number> = order.descending ? (a, b) => -ascending(a, b) : ascending;
  const numbers = Array.from({ length: elements.count }, (_, i) => i);
  // Of texts that are equal, Redis keeps the order unless both BY and LIMIT are given.
  const mayMix = order.by !== 0 || !order.alpha;
  if (mayMix && (first !== 0 || last !== numbers.length - 1)) {
    partialSort(numbers, compare, first, last);
  } else numbers.sort(compare);
  return numbers;
}

function compareNumbers(elements: ByteTable, weight: Float64Array): Compare<number> {
  const { buf, offs, lens } = elements;
  return (a, b) => {
    const x = weight[a]!;
    const y = weight[b]!;
    if (x > y) return 1;
    if (x < y) return -1;
    return compareBytes(buf, offs[a]!, lens[a]!, buf, offs[b]!, lens[b]!);
  };
}

function compareTexts(call: Call, elements: ByteTable, order: SortOrder): Compare<number> {
  if (order.by === 0) return compareIn(elements, order);
  const texts = new ByteTable();
  const textOf = namedTexts(call, elements, order.by, texts);
  const compare = compareIn(texts, order);
  return (a, b) => {
    const x = textOf[a]!;
    const y = textOf[b]!;
    if (x !== MISSING && y !== MISSING) return compare(x, y);
    if (x === y) return 0;
    return x === MISSING ? -1 : 1;
  };
}

function compareIn(texts: ByteTable, { stored }: SortOrder): Compare<number> {
  const { buf, offs } = texts;
  const lens = stored ? texts.lens : texts.textLengths();
  return (a, b) => compareBytes(buf, offs[a]!, lens[a]!, buf, offs[b]!, lens[b]!);
}

/** Gathers what BY names for each element. @returns its number in `texts`, or MISSING */
function namedTexts(call: Call, elements: ByteTable, by: number, texts: ByteTable): Int32Array {
  const pattern = new Pattern(call.args.view(by));
  const numbers = new Int32Array(elements.count).fill(MISSING);
  for (let i = 0; i < elements.count; i++) {
    if (!pattern.lookup(call, elements.buf, elements.offs[i]!, elements.lens[i]!)) continue;
    numbers[i] = texts.add(pattern.buf, pattern.off, pattern.len);
  }
  return numbers;
}

/** The number of each element, or of what BY names for it. */
function weights(call: Call, elements: ByteTable, by: number): Float64Array {
  const { buf, offs, lens, count } = elements;
  const numbers = new Float64Array(count);
  const pattern = by === 0 ? undefined : new Pattern(call.args.view(by));
  for (let i = 0; i < count; i++) {
    if (pattern === undefined) numbers[i] = weight(buf, offs[i]!, lens[i]!);
    else if (pattern.lookup(call, buf, offs[i]!, lens[i]!)) {
      numbers[i] = weight(pattern.buf, pattern.off, pattern.len);
    }
  }
  return numbers;
}

/** A number as C's strtod reads it: blanks may stand in front, no text at all is 0. */
function weight(buf: Uint8Array, off: number, len: number): number {
  const plain = parseDouble(buf, off, len);
  if (!Number.isNaN(plain)) return plain;
  const text = untilNul(Buffer.from(buf.buffer, buf.byteOffset + off, len).toString('latin1'));
  if (text === '') return 0;
  const trimmed = Buffer.from(text.replace(LEADING_BLANKS, ''), 'latin1');
  const value = parseDouble(trimmed, 0, trimmed.length);
  if (Number.isNaN(value)) throw NOT_NUMERIC;
  return value;
}
