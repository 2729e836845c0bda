/**
 * Matches patterns, a bounded number of steps at a time.
 *
 * PUC Lua matches by recursion. Here what is to be tried if the rest of the pattern fails is on a
 * stack of frames, three cells each, so that matching can stop anywhere and be resumed: a pattern
 * like (.-.-.-)x, which takes for ever, doesn't hold up whoever else is served by this thread.
 *
 *     frame   pc of the item   position        low
 *     a?      what is next     to go on from
 *     a* a+                    of the last try the least that it may be
 *     a-                       of the last try
 *     ( ()    the capture begun, to be undone
 *     )       the capture      its index
 *
 * An item has at most one frame, so that the stack is never longer than the pattern. Frames that
 * only undo captures are left out while there is nothing below to go back to.
 *
 * Hot: nothing is allocated per step. A step is about as long as one operation of Lua.
 */
import type { LuaRuntime } from '../runtime.js';
import { OP_SIZE, Op, type Pattern } from './pattern.js';
import { ANY_BYTE } from './pattern-class.js';

/** What `search` says. */
export const Outcome = { NOT_FOUND: 0, FOUND: 1, PAUSED: 2 } as const;
export type Outcome = (typeof Outcome)[keyof typeof Outcome];

/** Steps that are tried before a call becomes a generator, and from one pause to the next. */
export const STRIDE = 1000;

const MAX_CAPTURES = 32;
/** Length of a capture that has not ended, and of one that is a position. */
const UNFINISHED = -1;
const POSITION = -2;

const FRAME_SIZE = 3;

/** Bytes that one step may skip when it goes back. */
const MAX_SKIP = 32;

export class Matcher {
  /** Where the match begins, and the position behind it. */
  start = 0;
  matchEnd = 0;
  /** How many captures there are. */
  level = 0;
  /** Steps that `search` left of its budget; negative: it took a few more. */
  left = 0;

  private source = '';
  private pattern: Pattern | undefined;
  private readonly captureStart = new Int32Array(MAX_CAPTURES);
  private readonly captureLength = new Int32Array(MAX_CAPTURES);
  private stack = new Int32Array(FRAME_SIZE * 32);
  private top = 0;
  private pc = 0;
  private position = 0;
  /** Where within an instruction the search was stopped: -1 at its beginning. */
  private inside = -1;
  private depth = 0;

  constructor(private readonly lua: LuaRuntime) {}

  /** Prepares for a search from a position (from 0). */
  begin(source: string, pattern: Pattern, start: number): void {
    this.source = source;
    this.pattern = pattern;
    this.goTo(start);
  }

  /** Prepares for another search in the same string. */
  goTo(start: number): void {
    this.start = start;
    this.position = start;
    this.pc = 0;
    this.top = 0;
    this.level = 0;
    this.inside = -1;
  }

  /** Forgets the string, so that it can be collected. */
  release(): void {
    this.source = '';
    this.pattern = undefined;
  }

  /**
   * Searches, or goes on searching after PAUSED, for the first match.
   *
   * @param budget steps that it may take
   * @throws LuaError for a malformed pattern
   */
  search(budget: number): Outcome {
    const pattern = this.pattern!;
    const { source } = this;
    const { sets } = pattern;
    const end = source.length;
    let { code } = pattern;
    let { pc, position, inside } = this;
    let left = budget;

    for (;;) {
      if (--left < 0) return this.pause(pc, position, inside);
      const operand = code[pc + 1]!;
      switch (code[pc]) {
        case Op.CHAR:
          if (position < end && source.charCodeAt(position) === operand) {
            position++;
            pc += OP_SIZE;
            continue;
          }
          break;
        case Op.ANY:
          if (position < end) {
            position++;
            pc += OP_SIZE;
            continue;
          }
          break;
        case Op.SET:
          if (position < end && sets[operand]![source.charCodeAt(position)] !== 0) {
            position++;
            pc += OP_SIZE;
            continue;
          }
          break;
        case Op.OPTIONAL:
          if (position < end && sets[operand]![source.charCodeAt(position)] !== 0) {
            this.push(pc, position, 0);
            position++;
          }
          pc += OP_SIZE;
          continue;
        case Op.STAR:
        case Op.PLUS: {
          const set = sets[operand]!;
          const from = inside < 0 ? position : inside;
          if (set === ANY_BYTE) position = end;
          else {
            const limit = left < end - position ? position + left : end;
            left -= limit - position;
            while (position < limit && set[source.charCodeAt(position)] !== 0) position++;
            left += limit - position;
            if (position === limit && limit < end) return this.pause(pc, position, from);
          }
          inside = -1;
          const low = code[pc] === Op.PLUS ? from + 1 : from;
          if (position < low) break;
          pc += OP_SIZE;
          // Nothing shorter gets to the end, and nothing is tried again behind the pattern's end.
          if (position === low || code[pc] === Op.AT_END || code[pc] === Op.MATCHED) continue;
          this.push(pc - OP_SIZE, position, low);
          continue;
        }
        case Op.MINUS:
          this.push(pc, position, 0);
          pc += OP_SIZE;
          continue;
        case Op.OPEN:
        case Op.POSITION: {
          const { level } = this;
          if (level === MAX_CAPTURES) throw this.lua.error('too many captures');
          this.captureStart[level] = position;
          this.captureLength[level] = code[pc] === Op.OPEN ? UNFINISHED : POSITION;
          this.level = level + 1;
          if (this.top > 0) this.push(pc, 0, 0);
          pc += OP_SIZE;
          continue;
        }
        case Op.CLOSE: {
          const index = this.openCapture();
          this.captureLength[index] = position - this.captureStart[index]!;
          if (this.top > 0) this.push(pc, index, 0);
          pc += OP_SIZE;
          continue;
        }
        case Op.BALANCE: {
          if (inside < 0) {
            if (position >= end || source.charCodeAt(position) !== operand >> 8) break;
            this.depth = 1;
            position++;
          }
          const limit = left < end - position ? position + left : end;
          left -= limit - position;
          position = this.balance(position, limit, operand);
          if (this.depth > 0 && limit < end) return this.pause(pc, position, 0);
          inside = -1;
          if (this.depth > 0) break;
          pc += OP_SIZE;
          continue;
        }
        case Op.FRONTIER: {
          const set = sets[operand]!;
          const before = position === 0 ? 0 : source.charCodeAt(position - 1);
          const here = position === end ? 0 : source.charCodeAt(position);
          if (set[before] !== 0 || set[here] === 0) break;
          pc += OP_SIZE;
          continue;
        }
        case Op.BACK_REFERENCE: {
          const length = this.finishedLength(operand);
          if (length < 0 || length > end - position) break;
          const done = inside < 0 ? 0 : inside;
          const limit = left < length - done ? done + left : length;
          left -= limit - done;
          inside = -1;
          if (!this.isEqual(this.captureStart[operand]!, position, done, limit)) break;
          if (limit < length) return this.pause(pc, position, limit);
          position += length;
          pc += OP_SIZE;
          continue;
        }
        case Op.AT_END:
          if (position !== end) break;
          return this.found(position, left);
        case Op.MATCHED:
          return this.found(position, left);
        case Op.MORE:
          pattern.compileMore();
          code = pattern.code;
          continue;
        default:
          throw this.lua.error(pattern.message(operand));
      }
      // The item failed: back to the last one that can be matched otherwise.
      pc = this.backtrack(code, sets, end);
      if (pc >= 0) {
        position = this.position;
        continue;
      }
      if (pattern.isAnchored || this.start >= end) {
        this.left = left;
        return Outcome.NOT_FOUND;
      }
      position = this.nextStart(pattern.first, end, left);
      left -= position - this.start;
      if (position === end && pattern.first !== undefined) {
        this.left = left;
        return Outcome.NOT_FOUND;
      }
      this.start = position;
      this.level = 0;
      pc = 0;
    }
  }

  /** The text that matched. */
  whole(): string {
    return this.source.substring(this.start, this.matchEnd);
  }

  /**
   * A capture, or the whole match if the pattern has none.
   *
   * @param index from 0
   */
  capture(index: number): string | number {
    if (index >= this.level) {
      if (index > 0) throw this.lua.error('invalid capture index');
      return this.whole();
    }
    const length = this.captureLength[index]!;
    if (length === UNFINISHED) throw this.lua.error('unfinished capture');
    const start = this.captureStart[index]!;
    return length === POSITION ? start + 1 : this.source.substring(start, start + length);
  }

  /** The captures as string.match returns them: the whole match if there are none. */
  captures(): string | number | (string | number)[] {
    if (this.level <= 1) return this.capture(0);
    const all: (string | number)[] = [];
    for (let i = 0; i < this.level; i++) all.push(this.capture(i));
    return all;
  }

  private pause(pc: number, position: number, inside: number): Outcome {
    this.pc = pc;
    this.position = position;
    this.inside = inside;
    this.left = 0;
    return Outcome.PAUSED;
  }

  private found(position: number, left: number): Outcome {
    this.matchEnd = position;
    this.left = left;
    return Outcome.FOUND;
  }

  private push(pc: number, position: number, low: number): void {
    const { top } = this;
    if (top === this.stack.length) {
      const longer = new Int32Array(top * 2);
      longer.set(this.stack);
      this.stack = longer;
    }
    const { stack } = this;
    stack[top] = pc;
    stack[top + 1] = position;
    stack[top + 2] = low;
    this.top = top + FRAME_SIZE;
  }

  /** @returns where the code goes on, with `position` set; -1: nothing is left to try */
  private backtrack(code: Int32Array, sets: Uint8Array[], end: number): number {
    const { stack } = this;
    let { top } = this;
    while (top > 0) {
      const pc = stack[top - 3]!;
      const position = stack[top - 2]!;
      switch (code[pc]) {
        case Op.OPTIONAL:
          this.position = position;
          this.top = top - FRAME_SIZE;
          return pc + OP_SIZE;
        case Op.STAR:
        case Op.PLUS: {
          const low = stack[top - 1]!;
          let shorter = position - 1;
          if (code[pc + OP_SIZE] === Op.CHAR) shorter = this.skipBack(shorter, low, code[pc + 3]!);
          this.position = shorter;
          stack[top - 2] = shorter;
          this.top = shorter > low ? top : top - FRAME_SIZE;
          return pc + OP_SIZE;
        }
        case Op.MINUS:
          if (position < end && sets[code[pc + 1]!]![this.source.charCodeAt(position)] !== 0) {
            this.position = position + 1;
            stack[top - 2] = position + 1;
            this.top = top;
            return pc + OP_SIZE;
          }
          break;
        case Op.CLOSE:
          this.captureLength[position] = UNFINISHED;
          break;
        default:
          this.level--;
      }
      top -= FRAME_SIZE;
    }
    this.top = 0;
    return -1;
  }

  /** Goes back to where a byte is, or some way there, so that it isn't tried in vain. */
  private skipBack(position: number, low: number, byte: number): number {
    const { source } = this;
    const limit = Math.max(low, position - MAX_SKIP);
    let at = position;
    while (at > limit && source.charCodeAt(at) !== byte) at--;
    return at;
  }

  /** The next position where a match may begin, looking no further than `steps` bytes. */
  private nextStart(first: Uint8Array | undefined, end: number, steps: number): number {
    const { source } = this;
    let start = this.start + 1;
    if (first === undefined) return start;
    const limit = steps < end - start ? start + steps : end;
    while (start < limit && first[source.charCodeAt(start)] === 0) start++;
    return start;
  }

  /** Goes to the end of a %b, or to `limit`; `depth` is 0 if it ended. */
  private balance(from: number, limit: number, operand: number): number {
    const { source } = this;
    const open = operand >> 8;
    const close = operand & 255;
    let { depth } = this;
    let position = from;
    while (position < limit && depth > 0) {
      const byte = source.charCodeAt(position++);
      if (byte === close) depth--;
      else if (byte === open) depth++;
    }
    this.depth = depth;
    return position;
  }

  private openCapture(): number {
    for (let index = this.level - 1; index >= 0; index--) {
      if (this.captureLength[index] === UNFINISHED) return index;
    }
    throw this.lua.error('invalid pattern capture');
  }

  /** Length of a capture that %1 … %9 refer to; negative: it is a position. */
  private finishedLength(index: number): number {
    if (index < 0 || index >= this.level || this.captureLength[index] === UNFINISHED) {
      throw this.lua.error('invalid capture index');
    }
    return this.captureLength[index]!;
  }

  private isEqual(a: number, b: number, from: number, to: number): boolean {
    const { source } = this;
    for (let i = from; i < to; i++) {
      if (source.charCodeAt(a + i) !== source.charCodeAt(b + i)) return false;
    }
    return true;
  }
}

/** Matchers that are kept for the next call. */
const POOL_LIMIT = 8;

/** Matchers not in use: a call takes one, and may call others before it gives it back. */
export class MatcherPool {
  private readonly free: Matcher[] = [];

  constructor(private readonly lua: LuaRuntime) {}

  take(): Matcher {
    return this.free.pop() ?? new Matcher(this.lua);
  }

  give(matcher: Matcher): void {
    matcher.release();
    if (this.free.length < POOL_LIMIT) this.free.push(matcher);
  }
}
