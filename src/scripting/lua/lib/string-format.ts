/**
 * string.format: a format is taken apart once and kept, for scripts use the same ones over and over.
 *
 * An item is checked only when it is its turn, after its argument is known to be there, as in PUC
 * Lua; so a fault in it is kept with the item.
 */
import type { LuaRuntime } from '../runtime.js';
import type { LuaFunction, LuaValue } from '../value.js';
import { checkNumber, checkString } from './arguments.js';
import {
  formatDouble,
  formatSigned,
  formatUnsigned,
  type NumberFormat,
  pad,
} from './format-number.js';

interface FormatItem extends NumberFormat {
  /** Text in front of it. */
  readonly before: string;
  /** The letter; '' where the format ends. */
  readonly conversion: string;
  /** Whether nothing but the letter was given. */
  readonly isBare: boolean;
  /** What is wrong with it; '': nothing. */
  readonly fault: string;
}

interface Format {
  readonly items: readonly FormatItem[];
  /** Text behind the last item. */
  readonly after: string;
}

const FLAGS = '-+ #0';
const ITEM = /^([-+ #0]*)(\d?\d?)(\.\d?\d?)?/;
const CONVERSIONS = 'cdiouxXeEfgGqs';

/** A string of that length is put in as it is, its width and its zero bytes notwithstanding. */
const LONG_STRING = 100;

const CACHE_LIMIT = 200;
const CACHED_LENGTH_LIMIT = 200;

export function formatFunction(lua: LuaRuntime): LuaFunction {
  const formats = new Map<string, Format>();
  const compiled = (text: string): Format => {
    const format = parseFormat(text);
    if (text.length > CACHED_LENGTH_LIMIT) return format;
    if (formats.size >= CACHE_LIMIT) formats.clear();
    formats.set(text, format);
    return format;
  };
  return lua.plain('format', (...args: LuaValue[]) => {
    const text = checkString(lua, args[0], 1, args.length);
    const { items, after } = formats.get(text) ?? compiled(text);
    let out = '';
    for (let i = 0; i < items.length; i++) {
      const item = items[i]!;
      if (i + 1 >= args.length) throw lua.argError(i + 2, 'no value');
      out += item.before + formatItem(lua, item, args[i + 1], i + 2, args.length);
    }
    out += after;
    lua.charge(out.length);
    return out;
  });
}

function formatItem(
  lua: LuaRuntime,
  item: FormatItem,
  value: LuaValue,
  n: number,
  count: number,
): string {
  switch (item.conversion) {
    case 's':
      return formatString(checkString(lua, value, n, count), item);
    case 'd':
    case 'i':
      if (item.isBare && Number.isSafeInteger(value)) return String(value);
      return formatSigned(checkNumber(lua, value, n, count), item);
    case 'u':
      return formatUnsigned(checkNumber(lua, value, n, count), 10, item);
    case 'o':
      return formatUnsigned(checkNumber(lua, value, n, count), 8, item);
    case 'x':
      return formatUnsigned(checkNumber(lua, value, n, count), 16, item);
    case 'X':
      return formatUnsigned(checkNumber(lua, value, n, count), 16, item).toUpperCase();
    case 'e':
    case 'f':
    case 'g':
      return formatDouble(checkNumber(lua, value, n, count), item.conversion, item);
    case 'E':
      return formatDouble(checkNumber(lua, value, n, count), 'e', item).toUpperCase();
    case 'G':
      return formatDouble(checkNumber(lua, value, n, count), 'g', item).toUpperCase();
    case 'c':
      return formatByte(checkNumber(lua, value, n, count), item);
    case 'q':
      return quote(checkString(lua, value, n, count));
    default:
      throw lua.error(item.fault);
  }
}

function formatString(text: string, item: FormatItem): string {
  if (item.precision < 0 && text.length >= LONG_STRING) return text;
  const zero = text.indexOf('\0');
  const seen = zero < 0 ? text : text.slice(0, zero);
  if (item.isBare) return seen;
  return pad('', item.precision < 0 ? seen : seen.slice(0, item.precision), item, false);
}

/** %c: what comes with a zero byte ends there. */
function formatByte(value: number, item: FormatItem): string {
  const code = Math.abs(value) < 2 ** 31 ? value & 255 : 0;
  const text = pad('', String.fromCharCode(code), item, false);
  return code === 0 ? text.slice(0, text.indexOf('\0')) : text;
}

const QUOTED: Record<string, string> = {
  '"': '\\"',
  '\\': '\\\\',
  '\n': '\\\n',
  '\r': '\\r',
  '\0': '\\000',
};

/** %q: so that Lua reads it back. */
function quote(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: a zero byte is to be escaped
  return `"${text.replace(/["\\\n\r\x00]/g, (byte) => QUOTED[byte]!)}"`;
}

function parseFormat(text: string): Format {
  const items: FormatItem[] = [];
  let before = '';
  let from = 0;
  for (let at = text.indexOf('%'); at >= 0; at = text.indexOf('%', from)) {
    before += text.slice(from, at);
    if (text[at + 1] === '%') {
      before += '%';
      from = at + 2;
      continue;
    }
    const { item, end } = parseItem(text, at + 1, before);
    items.push(item);
    before = '';
    from = end;
    if (item.fault !== '') break;
  }
  return { items, after: before + text.slice(from) };
}

/** @param at position behind the % */
function parseItem(text: string, at: number, before: string): { item: FormatItem; end: number } {
  const [all, flags = '', width = '', precision] = ITEM.exec(text.slice(at, at + 20))!;
  const end = at + all.length;
  const next = text[end] ?? '';
  const fault = faultOf(flags, next);
  const item: FormatItem = {
    before,
    conversion: fault === '' ? next : '',
    isBare: all === '',
    fault,
    isLeft: flags.includes('-'),
    hasPlus: flags.includes('+'),
    hasSpace: flags.includes(' '),
    isAlternate: flags.includes('#'),
    hasZeros: flags.includes('0'),
    width: Number(width),
    precision: precision === undefined ? -1 : Number(precision.slice(1)),
  };
  return { item, end: end + 1 };
}

/** @param next the byte behind flags, width and precision */
function faultOf(flags: string, next: string): string {
  if (flags.length > FLAGS.length) return 'invalid format (repeated flags)';
  if (next >= '0' && next <= '9') return 'invalid format (width or precision too long)';
  if (next !== '' && CONVERSIONS.includes(next)) return '';
  return `invalid option '%${next === '\0' ? '' : next}' to 'format'`;
}
