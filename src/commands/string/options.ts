/**
 * The options that SET and GETEX share, and the times to live that they carry.
 *
 *     SET key value [NX | XX] [GET] [EX s | PX ms | EXAT s | PXAT ms | KEEPTTL]
 *     GETEX key                     [EX s | PX ms | EXAT s | PXAT ms | PERSIST]
 *
 * Options may stand in any order and be repeated (`EX 1 EX 2` means 2 seconds), but no two of one
 * bracket may meet. All that was found fits one number, so that reading options allocates nothing:
 *
 *     found = number of the argument that holds the time * OPTION_SPAN + bits of SetOption
 */
import type { Args } from '../../resp/args.js';
import { invalidExpire, SYNTAX_ERROR } from '../../resp/errors.js';
import type { Call } from '../../server/api/call.js';
import { INT64_MAX } from '../../text/int64.js';

export const SetOption = {
  Nx: 1 << 0,
  Xx: 1 << 1,
  Get: 1 << 2,
  /** Seconds from now */
  Ex: 1 << 3,
  /** Milliseconds from now */
  Px: 1 << 4,
  /** A Unix time in seconds */
  ExAt: 1 << 5,
  /** A Unix time in milliseconds */
  PxAt: 1 << 6,
  KeepTtl: 1 << 7,
  Persist: 1 << 8,
} as const;

const OPTION_SPAN = 1 << 9;
const OPTION_MASK = OPTION_SPAN - 1;

const { Nx, Xx, Get, Ex, Px, ExAt, PxAt, KeepTtl, Persist } = SetOption;

/** Options that are followed by a time. */
const TIMES = Ex | Px | ExAt | PxAt;
/** Options that say what becomes of the time to live: one of them at most. */
const LIFETIMES = TIMES | KeepTtl | Persist;
/** What SET takes. */
export const SET_OPTIONS = Nx | Xx | Get | TIMES | KeepTtl;
/** What GETEX takes. */
export const GETEX_OPTIONS = TIMES | Persist;

/** Times up to here can be made milliseconds and added to the clock without rounding. */
const EXACT_TIME = 2 ** 42;

/**
 * Reads the options from argument `from` to the last.
 * @param accepted bits of SetOption
 * @returns see above; take it apart by `optionBits` and `timeArgument`
 * @throws ReplyError syntax error
 */
export function parseOptions(args: Args, from: number, accepted: number): number {
  let bits = 0;
  let timeAt = 0;
  for (let i = from; i < args.count; i++) {
    const option = optionAt(args, i) & accepted;
    if (option === 0 || (bits & excludedBy(option)) !== 0) throw SYNTAX_ERROR;
    bits |= option;
    if ((option & TIMES) === 0) continue;
    if (++i === args.count) throw SYNTAX_ERROR;
    timeAt = i;
  }
  return timeAt * OPTION_SPAN + bits;
}

/** The options that were found: bits of SetOption. */
export function optionBits(found: number): number {
  return found & OPTION_MASK;
}

/** The number of the argument that holds the time; 0 if none does. */
export function timeArgument(found: number): number {
  return Math.floor(found / OPTION_SPAN);
}

/**
 * When a key shall expire.
 * @param i the argument that holds the time
 * @param bits of SetOption: which unit it has, and whether it counts from now
 * @returns Unix ms; a bigint where a number would not be exact
 * @throws ReplyError when it is no integer, not positive, or beyond 64 bits
 */
export function deadline(call: Call, i: number, bits: number): number | bigint {
  const time = call.args.int(i);
  if (time <= 0) throw invalidExpire(call.command.fullName);
  if (time > EXACT_TIME) return exactDeadline(call, i, bits);
  const ms = (bits & (Ex | ExAt)) !== 0 ? time * 1000 : time;
  return (bits & (Ex | Px)) !== 0 ? ms + call.now : ms;
}

function exactDeadline(call: Call, i: number, bits: number): bigint {
  let ms = call.args.int64(i);
  if ((bits & (Ex | ExAt)) !== 0) ms *= 1000n;
  if ((bits & (Ex | Px)) !== 0) ms += BigInt(call.now);
  if (ms > INT64_MAX) throw invalidExpire(call.command.fullName);
  return ms;
}

/** The option that argument `i` names, or 0. */
function optionAt(args: Args, i: number): number {
  switch (args.len(i)) {
    case 2:
      if (args.is(i, 'EX')) return Ex;
      if (args.is(i, 'PX')) return Px;
      if (args.is(i, 'NX')) return Nx;
      return args.is(i, 'XX') ? Xx : 0;
    case 3:
      return args.is(i, 'GET') ? Get : 0;
    case 4:
      if (args.is(i, 'EXAT')) return ExAt;
      return args.is(i, 'PXAT') ? PxAt : 0;
    case 7:
      if (args.is(i, 'KEEPTTL')) return KeepTtl;
      return args.is(i, 'PERSIST') ? Persist : 0;
    default:
      return 0;
  }
}

/** The options that may not stand beside this one. */
function excludedBy(option: number): number {
  if ((option & LIFETIMES) !== 0) return LIFETIMES & ~option;
  if (option === Nx) return Xx;
  return option === Xx ? Nx : 0;
}
