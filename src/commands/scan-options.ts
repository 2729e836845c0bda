/** What SCAN and its relatives (SSCAN, HSCAN, ZSCAN) take: a cursor, and options behind it. */
import type { Dict } from '../datastructs/dict.js';
import type { Args } from '../resp/args.js';
import { SYNTAX_ERROR } from '../resp/errors.js';
import { ReplyError } from '../resp/reply-error.js';
import type { ReplyWriter } from '../resp/reply-writer.js';
import type { ArgSpec } from '../server/api/command.js';
import { untilNul } from '../text/c-string.js';
import { globMatch } from '../text/glob.js';

const INVALID_CURSOR = new ReplyError('ERR invalid cursor');
const DEFAULT_COUNT = 10;
/** Buckets that one call looks at, per entry that COUNT asks for. */
const BUCKETS_PER_COUNT = 10;
const UINT64_MAX = 2n ** 64n - 1n;
const STAR = 42;

/** The options that all of them take. */
export const SCAN_ARGS: readonly ArgSpec[] = [
  { name: 'pattern', type: 'pattern', token: 'MATCH', optional: true },
  { name: 'count', type: 'integer', token: 'COUNT', optional: true },
];

export interface ScanOptions {
  /** Undefined: everything matches. */
  pattern: Buffer | undefined;
  count: number;
  /** TYPE's argument in small letters; undefined: any type. */
  type: string | undefined;
  /** HSCAN's NOVALUES: fields alone. */
  noValues: boolean;
}

/**
 * Argument `i` as a cursor: what C's strtoul reads as a 64-bit number, signs included. A dict's
 * cursors have 32 bits, so the lower half is all that is needed.
 * @throws ReplyError
 */
export function parseCursor(args: Args, i: number): number {
  const text = untilNul(args.text(i));
  if (text === '') return 0;
  const parts = /^([+-]?)([0-9]+)$/.exec(text);
  if (parts === null) throw INVALID_CURSOR;
  const magnitude = BigInt(parts[2]!);
  if (magnitude > UINT64_MAX) throw INVALID_CURSOR;
  return Number(BigInt.asUintN(32, parts[1] === '-' ? -magnitude : magnitude));
}

/** Reads the options from argument `from` on. @throws ReplyError */
export function parseScanOptions(
  args: Args,
  from: number,
  takesType: boolean,
  takesNoValues = false,
): ScanOptions {
  const options: ScanOptions = {
    pattern: undefined,
    count: DEFAULT_COUNT,
    type: undefined,
    noValues: false,
  };
  for (let i = from; i < args.count; i += 2) {
    if (takesNoValues && args.is(i, 'NOVALUES')) {
      options.noValues = true;
      i--;
      continue;
    }
    if (i + 1 === args.count) throw SYNTAX_ERROR;
    if (args.is(i, 'COUNT')) {
      options.count = args.int(i + 1);
      if (options.count < 1) throw SYNTAX_ERROR;
    } else if (args.is(i, 'MATCH')) {
      const pattern = args.view(i + 1);
      options.pattern = pattern.length === 1 && pattern[0] === STAR ? undefined : pattern;
    } else if (takesType && args.is(i, 'TYPE')) {
      options.type = untilNul(args.text(i + 1)).toLowerCase();
    } else throw SYNTAX_ERROR;
  }
  return options;
}

/** Whether these bytes match MATCH's pattern. */
export function matches(options: ScanOptions, buf: Uint8Array, off: number, len: number): boolean {
  return options.pattern === undefined || globMatch(options.pattern, buf, off, len);
}

/**
 * One call's steps through a dict: until COUNT entries were seen, or too many empty buckets.
 * @param isWanted whether an entry is to be returned; it may remove that entry
 * @param found the entries that are, at its end
 * @returns the next cursor
 */
export function scanDict(
  dict: Dict,
  from: number,
  count: number,
  isWanted: (e: number) => boolean,
  found: number[],
): number {
  let seen = 0;
  const visit = (e: number) => {
    seen++;
    if (isWanted(e)) found.push(e);
  };
  let cursor = from;
  let buckets = count * BUCKETS_PER_COUNT;
  do cursor = dict.scan(cursor, visit);
  while (cursor !== 0 && buckets-- > 0 && seen < count);
  return cursor;
}

/** The reply for a key that isn't there. */
export function replyNothingScanned(reply: ReplyWriter): void {
  reply.array(2);
  reply.bulkInt(0);
  reply.array(0);
}
