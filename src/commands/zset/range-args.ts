/**
 * The ends of ranges as clients write them.
 *
 *     scores    1.5   (1.5   -inf   +inf         `(` leaves the end itself out
 *     members   [a    (a     -      +            `-` is before and `+` behind all members
 */
import { type MemberBound, MemberRange, ScoreRange } from '../../keyspace/zset/zset.js';
import type { Args } from '../../resp/args.js';
import { ReplyError } from '../../resp/reply-error.js';
import { parseLooseDouble } from './loose-double.js';

const NOT_A_FLOAT = new ReplyError('ERR min or max is not a float');
const NOT_A_MEMBER = new ReplyError('ERR min or max not valid string range item');

const OPEN_PARENTHESIS = 40;
const PLUS = 43;
const MINUS = 45;
const OPEN_BRACKET = 91;

/** @param min,max numbers of arguments @throws ReplyError */
export function parseScoreRange(args: Args, min: number, max: number): ScoreRange {
  const minScore = parseScore(args, min);
  const maxScore = parseScore(args, max);
  return new ScoreRange(minScore, maxScore, isExclusive(args, min), isExclusive(args, max));
}

/**
 * @param min,max numbers of arguments; their bytes are not copied
 * @throws ReplyError
 */
export function parseMemberRange(args: Args, min: number, max: number): MemberRange {
  return new MemberRange(parseMember(args, min), parseMember(args, max));
}

function isExclusive(args: Args, i: number): boolean {
  return args.len(i) > 0 && args.buf[args.off(i)] === OPEN_PARENTHESIS;
}

function parseScore(args: Args, i: number): number {
  const skip = isExclusive(args, i) ? 1 : 0;
  const score = parseLooseDouble(args.buf, args.off(i) + skip, args.len(i) - skip);
  if (Number.isNaN(score)) throw NOT_A_FLOAT;
  return score;
}

function parseMember(args: Args, i: number): MemberBound {
  const bytes = args.view(i);
  // C reads a text up to its first NUL.
  const isSingle = bytes.length === 1 || bytes[1] === 0;
  if (bytes[0] === OPEN_PARENTHESIS || bytes[0] === OPEN_BRACKET) {
    return { infinite: 0, bytes: bytes.subarray(1), exclusive: bytes[0] === OPEN_PARENTHESIS };
  }
  if (bytes[0] === MINUS && isSingle) return BEFORE_ALL;
  if (bytes[0] === PLUS && isSingle) return BEHIND_ALL;
  throw NOT_A_MEMBER;
}

const EMPTY = new Uint8Array(0);
const BEFORE_ALL: MemberBound = { infinite: -1, bytes: EMPTY, exclusive: true };
const BEHIND_ALL: MemberBound = { infinite: 1, bytes: EMPTY, exclusive: true };
