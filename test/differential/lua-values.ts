/**
 * Values of Lua for differential tests, described once and built twice: as the source of an
 * expression for the real redis-server, and as the value itself for the libraries of respd.
 *
 * Results come back as arrays and texts that keep every bit: the number 1 is `n1`, the string "1"
 * is `s1`, a table is ['{', key, value, ...]. The order of its pairs is not compared.
 */
import { LuaFunction, LuaTable, type LuaValue, Userdata } from '../../src/scripting/lua/value.js';
import { formatG } from '../../src/text/format-g.js';
import type { Reply } from '../support/resp-client.js';
import type { Random } from './random.js';

/** A table is its pairs in the order in which they are set. */
export type Described =
  | undefined
  | boolean
  | number
  | string
  | { readonly pairs: readonly (readonly [Described, Described])[] }
  | { readonly special: 'null' | 'function' };

export function toSource(value: Described): string {
  if (value === undefined) return 'nil';
  if (typeof value === 'number') return numberSource(value);
  if (typeof value === 'string') return stringSource(value);
  if (typeof value === 'boolean') return String(value);
  if ('special' in value) return value.special === 'null' ? 'cjson.null' : 'tostring';
  const sets = value.pairs.map(([key, item]) => `t[${toSource(key)}]=${toSource(item)}`);
  return `(function() local t={} ${sets.join(' ')} return t end)()`;
}

function numberSource(n: number): string {
  if (Number.isNaN(n)) return '(0/0)';
  if (!Number.isFinite(n)) return n < 0 ? '(-1/0)' : '(1/0)';
  // As a constant it would be taken for 0, where that was used before.
  return Object.is(n, -0) ? '(-Z)' : `(${formatG(n, 17)})`;
}

export function stringSource(text: string): string {
  const escaped = text.replace(/[^ !#-[\]-~]/g, (c) => {
    return `\\${String(c.charCodeAt(0)).padStart(3, '0')}`;
  });
  return `"${escaped}"`;
}

const FUNCTION = new LuaFunction(() => undefined, false, 'tostring');

export function toValue(value: Described, nothing: LuaValue): LuaValue {
  if (typeof value !== 'object') return value;
  if ('special' in value) return value.special === 'null' ? nothing : FUNCTION;
  const table = new LuaTable();
  for (const [key, item] of value.pairs) {
    table.set(toValue(key, nothing), toValue(item, nothing));
  }
  return table;
}

/**
 * For the real server: Q(values of a call), P(what pcall returns with what Q has made), and Z.
 */
export const DUMP_SOURCE = `
local Z = 0
local D
D = function(v)
  local t = type(v)
  if t == 'nil' then return 'nil' end
  if t == 'boolean' then return tostring(v) end
  if t == 'number' then if v ~= v then return 'nan' end return 'n' .. string.format('%.17g', v) end
  if t == 'string' then return 's' .. v end
  if t == 'userdata' then return 'null' end
  if t ~= 'table' then return t end
  local r = {'{'}
  for k, item in pairs(v) do r[#r + 1] = D(k) r[#r + 1] = D(item) end
  return r
end
local Q = function(...)
  local r = {'ok'}
  for i = 1, select('#', ...) do r[i + 1] = D((select(i, ...))) end
  return r
end
local P = function(ok, r) return ok and r or {'error', r} end
`.replace(/\n\s*/g, ' ');

export type Dump = string | Dump[];

export function dump(value: LuaValue): Dump {
  if (value === undefined) return 'nil';
  if (typeof value === 'boolean') return String(value);
  if (typeof value === 'number') return Number.isNaN(value) ? 'nan' : `n${formatG(value, 17)}`;
  if (typeof value === 'string') return `s${value}`;
  if (value instanceof Userdata) return 'null';
  if (value instanceof LuaFunction) return 'function';
  if (!(value instanceof LuaTable)) return 'thread';
  const pairs: Dump[] = ['{'];
  for (let at = value.seek(0); at >= 0; at = value.seek(at + 1)) {
    pairs.push(dump(value.keyAt(at)), dump(value.valueAt(at)));
  }
  return sorted(pairs);
}

/** What the script has answered. */
export function dumpOf(reply: Reply): Dump {
  if (reply.kind === 'bulk') return reply.bytes.toString('latin1');
  if (reply.kind === 'array') return sorted(reply.items.map(dumpOf));
  throw new Error(`unexpected reply: ${JSON.stringify(reply)}`);
}

function sorted(items: Dump[]): Dump[] {
  if (items[0] !== '{') return items;
  const pairs: [string, Dump, Dump][] = [];
  for (let i = 1; i < items.length; i += 2) {
    // Keys that are tables may look alike.
    pairs.push([JSON.stringify([items[i], items[i + 1]]), items[i]!, items[i + 1]!]);
  }
  pairs.sort(([a], [b]) => (a < b ? -1 : 1));
  return ['{', ...pairs.flatMap(([, key, value]) => [key, value])];
}

const NAMES = ['id', 'name', 'tags', 'x', 'y', 'list', '\xe9', '\xf0\x9f\x98\x80'];

/** Makes up values. */
export class DescribedValues {
  constructor(readonly random: Random) {}

  any(depth: number): Described {
    const { random } = this;
    const kind = random.below(depth > 0 ? 12 : 8);
    if (kind === 0) return random.chance(0.5);
    if (kind === 1) return this.rare();
    if (kind < 5) return this.number();
    if (kind < 8) return this.string();
    return this.table(depth - 1);
  }

  private rare(): Described {
    const { random } = this;
    if (random.chance(0.2)) return undefined;
    return { special: random.chance(0.7) ? 'null' : 'function' };
  }

  number(): number {
    const { random } = this;
    const unit = () => random.uint32() / 2 ** 32;
    const sign = random.chance(0.4) ? -1 : 1;
    switch (random.below(9)) {
      case 0:
        return sign * random.below(300);
      case 1:
        return sign * random.uint32();
      case 2:
        return sign * 2 ** random.below(70) + random.below(3) - 1;
      case 3:
        return sign * Math.floor(unit() * 10 ** random.below(22));
      case 4:
        return sign * unit() * 10 ** (random.below(60) - 30);
      case 5:
        return (sign * random.below(100_000)) / 10 ** random.below(7);
      case 6:
        return (sign * (random.below(4_000_000) * 2 + 1)) / 2 ** random.below(20);
      case 7:
        return sign * unit() * 2 ** (random.below(2000) - 1000);
      default:
        return random.pick([0, -0, 1, -1, 0.1, 1e15, 1e14, 2 ** 53, -(2 ** 63), 2 ** 63, 2 ** 64]);
    }
  }

  /** One that has no digits, once in a while. */
  anyNumber(): number {
    const { random } = this;
    return random.chance(0.03) ? random.pick([Number.NaN, Infinity, -Infinity]) : this.number();
  }

  string(): string {
    const { random } = this;
    switch (random.below(6)) {
      case 0:
        return this.bytes(random.below(12));
      case 1:
        return random.pick(['', 'a', 'key', '10', ' 0x1F ', '1e3', 'inf', '-5', 'ünïcode', '\0']);
      case 2:
        return '"\\/\b\f\n\r\t\x7f'.slice(0, random.below(9));
      case 3:
        return this.bytes(random.pick([31, 32, 33, 255, 256, 257, 300]));
      default:
        return random.pick(NAMES) + random.below(50);
    }
  }

  bytes(length: number): string {
    const { random } = this;
    const highest = random.pick([26, 128, 256]);
    const lowest = highest === 26 ? 97 : 0;
    return Array.from({ length }, () => String.fromCharCode(lowest + random.below(highest))).join(
      '',
    );
  }

  table(depth: number): Described {
    const { random } = this;
    const count = random.chance(0.1) ? random.below(40) : random.below(6);
    const pairs: [Described, Described][] = [];
    const style = random.below(10);
    for (let i = 0; i < count; i++) {
      pairs.push([this.key(style, i), this.value(depth)]);
    }
    return { pairs };
  }

  private value(depth: number): Described {
    return this.random.chance(0.05) ? this.anyNumber() : this.any(depth);
  }

  private key(style: number, i: number): Described {
    const { random } = this;
    if (style < 4) return i + 1;
    if (style < 7) return this.string();
    if (style === 7) return random.below(30);
    if (style === 8) {
      const n = this.number();
      return random.chance(0.2) && i > 0 ? random.chance(0.5) : n;
    }
    return random.chance(0.5) ? i + 1 : this.string();
  }
}
