/**
 * What the commands about fields' deadlines share: the list of fields, and the times.
 *
 *     … FIELDS numfields field [field …]
 */
import { invalidExpire, wrongArity } from '../../resp/errors.js';
import { ReplyError } from '../../resp/reply-error.js';
import type { Call } from '../../server/api/call.js';
import type { ArgSpec } from '../../server/api/command.js';
import { FIELD_LIST } from './access.js';

export const NOT_POSITIVE = new ReplyError('ERR Number of fields must be a positive integer');
const MISSING_FIELDS = new ReplyError(
  'ERR Mandatory argument FIELDS is missing or not at the right position',
);
const COUNT_MISMATCH = new ReplyError(
  'ERR The `numfields` parameter must match the number of arguments',
);
const NEGATIVE_TIME = new ReplyError('ERR invalid expire time, must be >= 0');

export const NUM_FIELDS: ArgSpec = { name: 'numfields', type: 'integer' };
/** `FIELDS numfields field [field …]` */
export const FIELDS_ARG: ArgSpec = {
  name: 'fields',
  type: 'block',
  token: 'FIELDS',
  args: [NUM_FIELDS, FIELD_LIST],
};
/** The times of HGETEX and HSETEX. */
export const TIME_ARGS: readonly ArgSpec[] = [
  { name: 'seconds', type: 'integer', token: 'EX' },
  { name: 'milliseconds', type: 'integer', token: 'PX' },
  { name: 'unix-time-seconds', type: 'unix-time', token: 'EXAT' },
  { name: 'unix-time-milliseconds', type: 'unix-time', token: 'PXAT' },
];

export const SECOND = 1000;
export const MILLISECOND = 1;
/** Redis keeps two bits of a field's 48-bit time for later use. */
const MAX_DEADLINE = 2 ** 46 - 1;

/** How the time behind a word is to be read; undefined: the word is none of them. */
export interface TimeForm {
  readonly word: string;
  readonly unitMs: number;
  /** Whether it counts from now. */
  readonly relative: boolean;
}

export const TIME_FORMS: readonly TimeForm[] = [
  { word: 'EX', unitMs: SECOND, relative: true },
  { word: 'PX', unitMs: MILLISECOND, relative: true },
  { word: 'EXAT', unitMs: SECOND, relative: false },
  { word: 'PXAT', unitMs: MILLISECOND, relative: false },
];

/**
 * Reads `FIELDS numfields field …`, which must begin at argument `i` and end the request.
 * @param notPositive what to say of a bad number
 * @returns the number of the argument that is the first field
 * @throws ReplyError
 */
export function parseFieldList(call: Call, i: number, notPositive = NOT_POSITIVE): number {
  const { args } = call;
  if (i >= args.count || !args.is(i, 'FIELDS')) throw MISSING_FIELDS;
  if (i + 1 === args.count) throw wrongArity(call.command.fullName);
  const count = args.intWithin(i + 1, 1, Number.POSITIVE_INFINITY, notPositive, notPositive);
  if (count !== args.count - i - 2) throw COUNT_MISMATCH;
  return i + 2;
}

/**
 * When fields shall be due.
 * @param i the argument that holds the time @param unitMs its unit @param fromMs what it counts from
 * @returns Unix ms
 * @throws ReplyError
 */
export function parseDeadline(call: Call, i: number, unitMs: number, fromMs: number): number {
  const time = call.args.int(i);
  if (time < 0) throw NEGATIVE_TIME;
  if (time > Math.floor(MAX_DEADLINE / unitMs) || time * unitMs > MAX_DEADLINE - fromMs) {
    throw invalidExpire(call.command.fullName);
  }
  return time * unitMs + fromMs;
}
