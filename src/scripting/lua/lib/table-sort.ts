/**
 * table.sort: quicksort as in Sedgewick's "Algorithms", median of three, which is what PUC Lua does.
 *
 * Scripts see more of the algorithm than that it sorts: in which order equal elements end, which
 * pairs the order function is asked about, and what happens when it contradicts itself. So it must be
 * the same one:
 *
 *     l        m        u      a[l] <= a[m] <= a[u] are put in order first; up to three: done
 *     l        …   P    u      the middle one, the pivot P, changes places with a[u - 1]
 *       i ->     <- j          i stops at what is not less than P, j at what is not greater: they
 *                              change places, until i and j have passed each other
 *     l … i-1  P  i+1 … u      P goes to i; the shorter side is sorted first, then the other
 *
 * An order function that says yes where it cannot be makes i or j run over the end: an error then.
 * Elements are read and written in the table itself, for an order function may look at it.
 */
import { BAIL, first, NO_VALUES } from '../call.js';
import { type LuaRuntime, PAUSE } from '../runtime.js';
import type { LuaFunction, LuaTable, LuaValue, Results, Steps } from '../value.js';
import { checkFunction, checkTable } from './arguments.js';
import { quickFunction } from './finished.js';
import { CALL_STEPS, callFromLibrary } from './library-call.js';
import { checkWritable, rawGet, rawSet } from './table-access.js';

/** Steps between two looks at the time, and what comparing and swapping takes. */
const STRIDE = 1000;
const COMPARISON_STEPS = 4;

/** Elements that are sorted at once, if no function has to be called for it. */
const FEW = 500;

/** Steps that sorting takes per element, about. */
const STEPS_PER_ELEMENT = 8;

export function sortFunction(lua: LuaRuntime): LuaFunction {
  const quick = (...args: LuaValue[]): Results => {
    if (args[1] !== undefined) return BAIL;
    const table = checkTable(lua, args[0], 1, args.length);
    const count = table.length;
    if (count > FEW || table.isReadonly || !sortAlike(table, count)) return BAIL;
    lua.spend(count * STEPS_PER_ELEMENT);
    return NO_VALUES;
  };
  const slow = function* (...args: LuaValue[]): Steps {
    const table = checkTable(lua, args[0], 1, args.length);
    const last = table.length;
    const order = args[1] === undefined ? undefined : checkFunction(lua, args[1], 2, args.length);
    yield* new Sort(lua, table, order).run(last);
    return NO_VALUES;
  };
  return quickFunction(lua, 'sort', quick, slow);
}

/**
 * Sorts numbers or strings, where it doesn't show how: equal ones can't be told apart.
 *
 * @returns false if there are others, and nothing was done
 */
function sortAlike(table: LuaTable, count: number): boolean {
  const values: LuaValue[] = [];
  const type = typeof table.getIndex(1);
  if (type !== 'number' && type !== 'string') return count === 0;
  for (let i = 1; i <= count; i++) {
    const value = table.getIndex(i);
    // NaN and -0 break the rule.
    if (typeof value !== type || Number.isNaN(value) || Object.is(value, -0)) return false;
    values.push(value);
  }
  if (type === 'number') values.sort((a, b) => (a as number) - (b as number));
  else values.sort();
  for (let i = 0; i < count; i++) table.setIndex(i + 1, values[i]);
  return true;
}

class Sort {
  /** Steps that were not yet spent. */
  private steps = 0;

  constructor(
    private readonly lua: LuaRuntime,
    private readonly table: LuaTable,
    private readonly order: LuaFunction | undefined,
  ) {}

  /** Sorts the elements 1 … last. */
  *run(last: number): Steps<void> {
    // Ranges still to be sorted: the longer sides, so there are never more than log2(last).
    const pending: number[] = [1, last];
    while (pending.length > 0) {
      let high = pending.pop()!;
      let low = pending.pop()!;
      while (low < high) {
        const pivot = yield* this.partition(low, high);
        if (pivot < 0) break;
        if (pivot - low < high - pivot) {
          pending.push(pivot + 1, high);
          high = pivot - 1;
        } else {
          pending.push(low, pivot - 1);
          low = pivot + 1;
        }
      }
    }
  }

  /** @returns where the pivot is; -1: the range was so short that it is sorted */
  private *partition(low: number, high: number): Steps<number> {
    const { table } = this;
    yield* this.putInOrder(low, high);
    if (high - low === 1) return -1;
    const middle = Math.floor((low + high) / 2);
    if (!(yield* this.putInOrder(low, middle))) yield* this.putInOrder(middle, high);
    if (high - low === 2) return -1;
    const pivot = rawGet(table, middle);
    this.swap(middle, high - 1);
    let i = low;
    let j = high - 1;
    for (;;) {
      for (;;) {
        const value = rawGet(table, ++i);
        if (!(this.isLess(value, pivot) ?? (yield* this.isLessSlowly(value, pivot)))) break;
        if (i > high) throw this.lua.error('invalid order function for sorting');
      }
      for (;;) {
        const value = rawGet(table, --j);
        if (!(this.isLess(pivot, value) ?? (yield* this.isLessSlowly(pivot, value)))) break;
        if (j < low) throw this.lua.error('invalid order function for sorting');
      }
      if (j < i) break;
      this.swap(i, j);
    }
    this.swap(high - 1, i);
    return i;
  }

  /** Swaps two elements if the later one is less. @returns whether it did */
  private *putInOrder(first: number, second: number): Steps<boolean> {
    const a = rawGet(this.table, first);
    const b = rawGet(this.table, second);
    if (!(this.isLess(b, a) ?? (yield* this.isLessSlowly(b, a)))) return false;
    this.swap(first, second);
    return true;
  }

  private swap(i: number, j: number): void {
    const { table } = this;
    checkWritable(this.lua, table);
    const value = rawGet(table, i);
    rawSet(table, i, rawGet(table, j));
    rawSet(table, j, value);
  }

  /** Compares at once; undefined: it takes the slow way, or is time to pause. */
  private isLess(a: LuaValue, b: LuaValue): boolean | undefined {
    if (this.steps > STRIDE) return undefined;
    this.steps += COMPARISON_STEPS;
    if (this.order !== undefined) {
      this.steps += CALL_STEPS;
      const results = callFromLibrary(this.lua, this.order, [a, b]);
      return results === BAIL ? undefined : isTrue(first(results));
    }
    if (typeof a === 'number' && typeof b === 'number') return a < b;
    if (typeof a === 'string' && typeof b === 'string') return a < b;
    return undefined;
  }

  private *isLessSlowly(a: LuaValue, b: LuaValue): Steps<boolean> {
    const { lua, order } = this;
    if (lua.spend(this.steps)) yield PAUSE;
    this.steps = 0;
    if (order === undefined) return yield* lua.lessThan(a, b);
    return isTrue(first(yield* lua.call(order, a, b)));
  }
}

function isTrue(value: LuaValue): boolean {
  return value !== undefined && value !== false;
}
