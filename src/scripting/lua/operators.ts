/**
 * What Lua's operators do where the generated code doesn't do it itself. Functions that give back BAIL
 * do so where a metamethod has to be called, which is for those in metamethods.ts.
 */
import { BAIL } from './call.js';
import type { Interpreter } from './interpreter.js';
import { numberToString, stringToNumber } from './number-text.js';
import { errorAt } from './placed-error.js';
import { NO_SHAPE, type Shape, UNKNOWN_SHAPE } from './shape.js';
import type { Site } from './site.js';
import {
  type LuaError,
  LuaFunction,
  LuaTable,
  type LuaValue,
  typeName,
  Userdata,
} from './value.js';

/** What a place in the code remembers of a name: where it was in the last table. */
export class FieldCache {
  shape: Shape = UNKNOWN_SHAPE;
  slot = 0;
  constructor(readonly key: string) {}
}

/** Following __index and __newindex from table to table ends after so many. */
const MAX_CHAIN = 100;

export function metatableOf(rt: Interpreter, value: LuaValue): LuaTable | undefined {
  if (typeof value === 'string') return rt.stringMetatable;
  if (value instanceof LuaTable || value instanceof Userdata) return value.metatable;
  return undefined;
}

export function metamethod(rt: Interpreter, value: LuaValue, event: string): LuaValue {
  return metatableOf(rt, value)?.getString(event);
}

/** As luaV_tonumber: numbers and strings that look like one; undefined: it is none. */
export function toNumber(value: LuaValue): number | undefined {
  if (typeof value === 'number') return value;
  return typeof value === 'string' ? stringToNumber(value) : undefined;
}

/** Whether a call of this value begins a function that is written in Lua. */
export function isOfLua(rt: Interpreter, value: LuaValue): boolean {
  const callee = value instanceof LuaFunction ? value : metamethod(rt, value, '__call');
  return callee instanceof LuaFunction && callee.cell !== undefined;
}

function typeError(site: Site, name: string, action: string, value: LuaValue): LuaError {
  const type = typeName(value);
  const what = name === '' ? `a ${type} value` : `${name} (a ${type} value)`;
  return errorAt(site, `attempt to ${action} ${what}`);
}

export function callError(site: Site, value: LuaValue): LuaError {
  return typeError(site, site.left, 'call', value);
}

/** t.name, where the name is the cache's. */
export function field(rt: Interpreter, t: LuaValue, cache: FieldCache, site: Site): LuaValue {
  if (t instanceof LuaTable) {
    let value: LuaValue;
    if (t.shape === cache.shape) value = t.slots[cache.slot];
    else value = lookUp(t, cache);
    if (value !== undefined || t.metatable === undefined) return value;
  }
  return indexThrough(rt, t, cache.key, site);
}

function lookUp(t: LuaTable, cache: FieldCache): LuaValue {
  const slot = t.slotOf(cache.key);
  if (slot === undefined) return undefined;
  if (t.shape !== NO_SHAPE) {
    cache.shape = t.shape;
    cache.slot = slot;
  }
  return t.slots[slot];
}

/** t[key] */
export function index(rt: Interpreter, t: LuaValue, key: LuaValue, site: Site): LuaValue {
  if (t instanceof LuaTable) {
    const value = typeof key === 'number' ? t.getIndex(key) : t.get(key);
    if (value !== undefined || t.metatable === undefined) return value;
  }
  return indexThrough(rt, t, key, site);
}

/** Where the key is not in the table itself. */
function indexThrough(rt: Interpreter, start: LuaValue, key: LuaValue, site: Site): LuaValue {
  let t = start;
  for (let i = 0; i < MAX_CHAIN; i++) {
    let handler: LuaValue;
    if (t instanceof LuaTable) {
      const value = t.get(key);
      if (value !== undefined || t.metatable === undefined) return value;
      handler = t.metatable.getString('__index');
      if (handler === undefined) return undefined;
    } else {
      handler = metamethod(rt, t, '__index');
      if (handler === undefined) throw typeError(site, i === 0 ? site.left : '', 'index', t);
    }
    if (handler instanceof LuaFunction) return BAIL;
    t = handler;
  }
  throw errorAt(site, 'loop in gettable');
}

/** t.name = value. @returns whether it is done; else setMeta has to do it */
export function setField(
  rt: Interpreter,
  t: LuaValue,
  cache: FieldCache,
  value: LuaValue,
  site: Site,
): boolean {
  if (t instanceof LuaTable && !t.isReadonly) {
    if (t.shape === cache.shape) {
      if (t.metatable === undefined || t.slots[cache.slot] !== undefined) {
        t.slots[cache.slot] = value;
        return true;
      }
    } else if (t.metatable === undefined) {
      const slot = t.slotOf(cache.key);
      if (slot === undefined) {
        rt.charged += 32;
        t.setString(cache.key, value);
      } else {
        if (t.shape !== NO_SHAPE) {
          cache.shape = t.shape;
          cache.slot = slot;
        }
        t.setSlot(slot, value);
      }
      return true;
    }
  }
  return setThrough(rt, t, cache.key, value, site);
}

/** t[key] = value. @returns as setField */
export function setIndex(
  rt: Interpreter,
  t: LuaValue,
  key: LuaValue,
  value: LuaValue,
  site: Site,
): boolean {
  if (
    typeof key === 'number' &&
    t instanceof LuaTable &&
    t.metatable === undefined &&
    !t.isReadonly
  ) {
    if (key <= t.array.length) {
      t.setIndex(key, value);
      return true;
    }
    if (!Number.isNaN(key)) {
      rt.charged += 16;
      t.setIndex(key, value);
      return true;
    }
  }
  return setThrough(rt, t, key, value, site);
}

function setThrough(
  rt: Interpreter,
  start: LuaValue,
  key: LuaValue,
  value: LuaValue,
  site: Site,
): boolean {
  let t = start;
  for (let i = 0; i < MAX_CHAIN; i++) {
    let handler: LuaValue;
    if (t instanceof LuaTable) {
      if (t.isReadonly) throw errorAt(site, 'Attempt to modify a readonly table');
      if (key === undefined) throw errorAt(site, 'table index is nil');
      if (Number.isNaN(key)) throw errorAt(site, 'table index is NaN');
      handler = t.get(key) !== undefined ? undefined : t.metatable?.getString('__newindex');
      rt.charged += 32;
      // PUC makes the key's place even if it then calls __newindex: it shows in the order of pairs.
      t.set(key, handler === undefined ? value : undefined);
      if (handler === undefined) return true;
    } else {
      handler = metamethod(rt, t, '__newindex');
      if (handler === undefined) throw typeError(site, i === 0 ? site.left : '', 'index', t);
    }
    if (handler instanceof LuaFunction) return false;
    t = handler;
  }
  throw errorAt(site, 'loop in settable');
}

/** Metamethods of arithmetic, by the number of the operator. */
export const ARITHMETIC = ['__add', '__sub', '__mul', '__div', '__mod', '__pow'];

export function mod(a: number, b: number): number {
  return a - Math.floor(a / b) * b;
}

/** C's pow: 1 to any power is 1, where JavaScript's NaN would come out. */
export function pow(a: number, b: number): number {
  if (a === 1 || (a === -1 && (b === Infinity || b === -Infinity))) return 1;
  return a ** b;
}

function compute(op: number, a: number, b: number): number {
  switch (op) {
    case 0:
      return a + b;
    case 1:
      return a - b;
    case 2:
      return a * b;
    case 3:
      return a / b;
    case 4:
      return mod(a, b);
    default:
      return pow(a, b);
  }
}

/** @param op position in ARITHMETIC */
export function arith(rt: Interpreter, op: number, a: LuaValue, b: LuaValue, site: Site): LuaValue {
  const x = toNumber(a);
  const y = toNumber(b);
  if (x !== undefined && y !== undefined) return compute(op, x, y);
  const event = ARITHMETIC[op];
  if (metamethod(rt, a, event) !== undefined || metamethod(rt, b, event) !== undefined) return BAIL;
  if (x !== undefined) throw typeError(site, site.right, 'perform arithmetic on', b);
  throw typeError(site, site.left, 'perform arithmetic on', a);
}

export function negate(rt: Interpreter, a: LuaValue, site: Site): LuaValue {
  const x = toNumber(a);
  if (x !== undefined) return -x;
  if (metamethod(rt, a, '__unm') !== undefined) return BAIL;
  throw typeError(site, site.left, 'perform arithmetic on', a);
}

export function lengthOf(rt: Interpreter, a: LuaValue, site: Site): LuaValue {
  if (a instanceof LuaTable) return a.length;
  if (typeof a === 'string') return a.length;
  if (metamethod(rt, a, '__len') !== undefined) return BAIL;
  throw typeError(site, site.left, 'get length of', a);
}

/** Texts from here on are flattened now and then. */
const LONG_TEXT = 4096;
/** So many are put together in between. */
const FLATTEN_EVERY = 1024;

/**
 * V8 keeps what was put together as a tree of its parts, until somebody looks at a character. A text that
 * a script makes longer bit by bit would become a tree of millions of parts, which its collector has to
 * walk again and again.
 */
function flatten(rt: Interpreter, text: string): void {
  rt.untilFlat = FLATTEN_EVERY + (text.charCodeAt(0) & 1);
}

/** a .. b */
export function concat(rt: Interpreter, a: LuaValue, b: LuaValue, site: Site): LuaValue {
  const isText = typeof a === 'string' || typeof a === 'number';
  if (isText && (typeof b === 'string' || typeof b === 'number')) {
    const left = typeof a === 'string' ? a : numberToString(a);
    const right = typeof b === 'string' ? b : numberToString(b);
    const length = left.length + right.length;
    rt.charge(length);
    const whole = left + right;
    if (length > LONG_TEXT && --rt.untilFlat < 0) flatten(rt, whole);
    return whole;
  }
  if (metamethod(rt, a, '__concat') !== undefined || metamethod(rt, b, '__concat') !== undefined) {
    return BAIL;
  }
  if (isText) throw typeError(site, site.right, 'concatenate', b);
  throw typeError(site, site.left, 'concatenate', a);
}

function orderError(site: Site, a: LuaValue, b: LuaValue): LuaError {
  const left = typeName(a);
  const right = typeName(b);
  // So PUC tells whether two types are the same.
  const what =
    left[2] === right[2]
      ? `attempt to compare two ${left} values`
      : `attempt to compare ${left} with ${right}`;
  return errorAt(site, what);
}

/** The metamethod that two values share; undefined: they don't. */
export function sharedMetamethod(
  rt: Interpreter,
  a: LuaValue,
  b: LuaValue,
  event: string,
): LuaValue {
  const handler = metamethod(rt, a, event);
  return handler === metamethod(rt, b, event) ? handler : undefined;
}

/** a < b */
export function less(rt: Interpreter, a: LuaValue, b: LuaValue, site: Site): boolean {
  if (typeof a === 'number' && typeof b === 'number') return a < b;
  if (typeof a === 'string' && typeof b === 'string') return a < b;
  if (typeName(a) === typeName(b) && sharedMetamethod(rt, a, b, '__lt') !== undefined) {
    return BAIL as unknown as boolean;
  }
  throw orderError(site, a, b);
}

/** a <= b */
export function lessEqual(rt: Interpreter, a: LuaValue, b: LuaValue, site: Site): boolean {
  if (typeof a === 'number' && typeof b === 'number') return a <= b;
  if (typeof a === 'string' && typeof b === 'string') return a <= b;
  const isMeta =
    typeName(a) === typeName(b) &&
    (sharedMetamethod(rt, a, b, '__le') !== undefined ||
      sharedMetamethod(rt, a, b, '__lt') !== undefined);
  if (isMeta) return BAIL as unknown as boolean;
  throw orderError(site, a, b);
}

/** Whether `a == b` takes a metamethod; they are not the same object. */
export function takesEq(a: LuaValue, b: LuaValue): boolean {
  return eqHandler(a, b) !== undefined;
}

export function eqHandler(a: LuaValue, b: LuaValue): LuaValue {
  const areTables = a instanceof LuaTable && b instanceof LuaTable;
  if (!areTables && !(a instanceof Userdata && b instanceof Userdata)) return undefined;
  const left = a.metatable;
  const right = b.metatable;
  if (left === undefined || right === undefined) return undefined;
  const handler = left.getString('__eq');
  return left === right || handler === right.getString('__eq') ? handler : undefined;
}
