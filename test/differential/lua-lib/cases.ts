/**
 * Calls of Lua's libraries, generated: what is right and what is nearly right, sizes that matter.
 *
 * A case is a line of Lua that hands the results of a call, or its error, to `emit`.
 */
import type { Random } from '../random.js';

/** Makes one call: `string.find, "abc", "b"`, to be put into pcall(...). */
export type CaseMaker = (random: Random) => string;

/** What the lines need: functions and tables used as arguments, and `emit`, which calls OUT. */
export const PRELUDE = String.raw`
local zero = 0
T1 = {a='X', b=false, c=1.5, ['']='e', ab='%1', x=true}
T2 = setmetatable({a='Q'}, {__index=function(t, k) return '<' .. tostring(k) .. '>' end})
T3 = setmetatable({}, {__index=setmetatable({a='zz', b=7}, {__index=T1})})
T4 = {'a', 'b', 3, 4.5, 'e'}
T5 = {'a', nil, 'c', {}, 'd'}
F1 = function(...) return '[' .. tostring((...)) .. select('#', ...) .. ']' end
F2 = function(a) if a == 'a' then return nil end return a end
F3 = function() return end
F4 = function(a, b) return b end
F5 = function() return {} end
GMATCH = function(s, p)
  local r = {}
  for a, b, c in string.gmatch(s, p) do
    r[#r + 1] = tostring(a) .. '|' .. tostring(b) .. '|' .. tostring(c)
  end
  return table.concat(r, ';')
end
local calls = 0
local function seven(x) return math.fmod(x, 7) end
C1 = function(a, b) calls = calls + 1 return a < b end
C2 = function(a, b) calls = calls + 1 return a > b end
C3 = function(a, b) calls = calls + 1 return seven(a) < seven(b) end
C4 = function(a, b) calls = calls + 1 return a <= b end
C5 = function(a, b) calls = calls + 1 return true end
C6 = function(a, b) calls = calls + 1 return seven(calls * 5) < 3 end
SORT = function(c, ...)
  local t = {...}
  calls = 0
  local ok, e = pcall(table.sort, t, c)
  for i = 1, #t do t[i] = tostring(t[i]) end
  return ok, tostring(e), calls, table.concat(t, ' ')
end
local function shown(t)
  local o = {}
  for i = -7, 25 do o[#o + 1] = tostring(t[i]) end
  return table.concat(o, ',')
end
INSERT = function(...)
  local t = {1, 2, 3, 4, 5}
  local r = {table.insert(t, ...)}
  return #r, shown(t)
end
REMOVE = function(...)
  local t = {1, 2, 3, 4, 5}
  local r = {table.remove(t, ...)}
  return #r, r[1], shown(t)
end
local function escaped(c) return string.format('\\%02x', string.byte(c)) end
local function show(v)
  if type(v) == 'string' then return 's' .. (string.gsub(v, '[^%w ]', escaped)) end
  if type(v) == 'number' then return 'n' .. string.format('%.17g', v) end
  if type(v) == 'table' or type(v) == 'function' then return type(v) end
  return tostring(v)
end
function emit(ok, ...)
  local r = {tostring(ok)}
  for i = 1, select('#', ...) do r[#r + 1] = show((select(i, ...))) end
  OUT(table.concat(r, ' '))
end
`;

/** Statements in one function: Lua 5.1 has a limit on constants. */
const CASES_PER_FUNCTION = 200;

/** A program that emits what all the calls give, a line each. */
export function programOf(calls: readonly string[]): string {
  const parts: string[] = [];
  for (let i = 0; i < calls.length; i += CASES_PER_FUNCTION) {
    const lines = calls.slice(i, i + CASES_PER_FUNCTION).map((call) => `emit(pcall(${call}))`);
    parts.push(`(function()\n${lines.join('\n')}\nend)();`);
  }
  return PRELUDE + parts.join('\n');
}

// --- values ------------------------------------------------------------------------------------------

const BYTES = [...'abcabx()12 -%.]^A_', '\0', '\n', '\xe9'];

/** Numbers at the edges of C's integers, and no integers at all. */
const EDGES = [
  0, -0, 0.1, 1, -1, 2, -2, 3, 5, -5, 65, 100, -100, 255, 256, 1.5, -1.5, 1e15, 1e19, -1e19,
];
const POWERS = [31, 32, 53, 63, 64].flatMap((power) => [2 ** power, -(2 ** power), 2 ** power + 1]);
const NO_NUMBERS = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
const ODD_NUMBERS = [...EDGES, ...POWERS, ...NO_NUMBERS];

function bytes(random: Random, most = 16): string {
  let text = '';
  for (let n = random.between(0, most); n > 0; n--) text += random.pick(BYTES);
  return text;
}

function text(random: Random): string {
  return quote(bytes(random));
}

function quote(value: string): string {
  const escaped = [...value].map((char) => {
    const isPlain = char >= ' ' && char <= '~' && char !== '"' && char !== '\\';
    return isPlain ? char : `\\${String(char.charCodeAt(0)).padStart(3, '0')}`;
  });
  return `"${escaped.join('')}"`;
}

function literal(value: number): string {
  if (Number.isNaN(value)) return '(0/0)';
  if (!Number.isFinite(value)) return value > 0 ? 'math.huge' : '-math.huge';
  if (Object.is(value, -0)) return '-zero';
  return Number.isSafeInteger(value) ? String(value) : value.toExponential(20);
}

/** Any double, those more often that lie in the middle of two decimals. */
function anyNumber(random: Random): number {
  switch (random.below(8)) {
    case 0:
      return random.pick(ODD_NUMBERS);
    case 1:
      return random.between(-1000, 1000);
    case 2:
      return random.between(-1e6, 1e6) / random.pick([2, 4, 8, 16, 32, 64, 10, 100, 1000]);
    case 3:
      return random.between(-40, 40) * 2 ** random.between(-40, 40);
    case 4:
      return (random.below(1000) + 0.5) * 10 ** random.between(-3, 22);
    case 5:
      return (random.fraction() - 0.5) * 10 ** random.between(-20, 25);
    case 6:
      return random.below(2 ** 32) * 2 ** random.below(40);
    default: {
      const view = new DataView(new ArrayBuffer(8));
      view.setUint32(0, random.uint32());
      view.setUint32(4, random.uint32());
      return view.getFloat64(0);
    }
  }
}

function number(random: Random): string {
  return literal(anyNumber(random));
}

/** A position or count: mostly a small integer. */
function integer(random: Random): string {
  const kind = random.fraction();
  if (kind < 0.25) return 'nil';
  if (kind < 0.9) return String(random.between(-6, 20));
  if (kind < 0.97) return literal(random.pick(ODD_NUMBERS));
  return random.pick(['"2"', '" 3 "', '"0x4"', '"q"', '"1e1"', '""']);
}

function integers(random: Random, most: number): string[] {
  return Array.from({ length: random.between(0, most) }, () => integer(random));
}

// --- patterns ----------------------------------------------------------------------------------------

const CLASSES = [...'acdlpsuwxzACDLPSUWXZ'].map((letter) => `%${letter}`);
const SET_PARTS = [...'abcx1-]^(%', '%]', '%-', 'a-c', '0-9', 'a-', '-z', 'x-a', '%a-z', '+--'];
const PLAIN_ITEMS = [
  ...'abcx1 -A',
  '\xe9',
  '%(',
  '%)',
  '%-',
  '%%',
  '%.',
  '%[',
  '%]',
  '%$',
  '%\xe9',
];

function singleItem(random: Random): string {
  const kind = random.fraction();
  if (kind < 0.38) return random.pick(PLAIN_ITEMS);
  if (kind < 0.52) return '.';
  if (kind < 0.74) return random.pick(CLASSES);
  if (kind > 0.95) return random.pick([...'^$*+?-]']);
  let set = random.chance(0.3) ? '[^' : '[';
  for (let n = random.between(random.chance(0.1) ? 0 : 1, 3); n > 0; n--) {
    set += random.pick(random.chance(0.7) ? SET_PARTS : CLASSES);
  }
  return random.chance(0.95) ? `${set}]` : set;
}

/** A pattern, now and then malformed. */
export function pattern(random: Random): string {
  let text = random.chance(0.2) ? '^' : '';
  let open = 0;
  for (let n = random.between(0, 5); n > 0; n--) {
    const kind = random.fraction();
    if (kind < 0.62) {
      text += singleItem(random) + (random.chance(0.5) ? random.pick([...'*+-?']) : '');
    } else if (kind < 0.74) {
      text += '(';
      open++;
    } else if (kind < 0.84) {
      if (open === 0 && random.chance(0.9)) continue;
      text += ')';
      open--;
    } else if (kind < 0.88) text += '()';
    else if (kind < 0.92) text += `%${random.pick([...'0111123'])}`;
    else if (kind < 0.95) text += random.pick(['%b()', '%bxx', '%bab', '%b', '%b(']);
    else if (kind < 0.98) text += random.pick(['%f[%w]', '%f[^%w]', '%f[%z]', '%fa', '%f[a']);
    else text += random.pick(['%', '\0', '[', '$']);
  }
  while (open-- > 0) if (random.chance(0.93)) text += ')';
  return random.chance(0.15) ? `${text}$` : text;
}

function replacement(random: Random): string {
  const kind = random.fraction();
  if (kind > 0.97) return random.pick(['nil', 'true', '{}']);
  if (kind > 0.75) return random.pick(['F1', 'F2', 'F3', 'F4', 'F5']);
  if (kind > 0.55) return random.pick(['T1', 'T2', 'T3']);
  if (kind > 0.5) return random.pick(['1', '2.5', '1e20']);
  let text = '';
  for (let n = random.between(0, 4); n > 0; n--) {
    text += random.pick(['a', '<', '>', '%0', '%1', '%1', '%2', '%%', '%x', '', '\0', '%9']);
  }
  return quote(random.chance(0.03) ? `${text}%` : text);
}

export const patternCase: CaseMaker = (random) => {
  const searched = `${text(random)}, ${quote(pattern(random))}`;
  const init = random.chance(0.4) ? `, ${integer(random)}` : '';
  switch (random.below(6)) {
    case 0:
    case 1:
      return `string.find, ${searched}${init}${init !== '' && random.chance(0.2) ? ', true' : ''}`;
    case 2:
      return `string.match, ${searched}${init}`;
    case 3:
      return `GMATCH, ${searched}`;
    default:
      return `string.gsub, ${searched}, ${replacement(random)}${init}`;
  }
};

// --- formats -----------------------------------------------------------------------------------------

function formatItem(random: Random, conversions: string): string {
  let item = '%';
  while (random.chance(0.3)) item += random.pick([...'-+ #0']);
  if (random.chance(0.4)) item += random.between(1, random.chance(0.03) ? 120 : 30);
  if (random.chance(0.5)) {
    item += '.';
    if (random.chance(0.9)) item += random.between(0, random.chance(0.05) ? 105 : 20);
  }
  return item + random.pick([...conversions]);
}

const ODD_ITEMS = [
  '',
  'ab',
  '%%',
  '%',
  '%y',
  '%5',
  '% +-#0 d',
  '%123d',
  '%.123f',
  '%5.5',
  '%p',
  '%\0',
];

export const formatCase: CaseMaker = (random) => {
  const kind = random.fraction();
  if (kind < 0.6) {
    return `string.format, ${quote(formatItem(random, 'eEfgGeEfgGdiouxXdxc'))}, ${number(random)}`;
  }
  if (kind < 0.75) {
    const long = random.chance(0.2) ? 'x'.repeat(random.between(95, 130)) : '';
    return `string.format, ${quote(`<${formatItem(random, 's')}>`)}, ${quote(long + bytes(random))}`;
  }
  if (kind < 0.85) return `string.format, "%q", ${quote(`${bytes(random)}"\\\r`)}`;
  let format = '';
  const args: string[] = [];
  for (let n = random.between(1, 4); n > 0; n--) {
    format += random.pick(ODD_ITEMS) + formatItem(random, 'sdxgcqu');
    if (random.chance(0.05)) continue;
    args.push(random.pick([text(random), '"12"', number(random), '5', 'nil', 'true']));
  }
  return [`string.format, ${quote(format)}`, ...args].join(', ');
};

// --- the rest ----------------------------------------------------------------------------------------

const MATH = [
  'floor',
  'ceil',
  'abs',
  'fmod',
  'modf',
  'frexp',
  'ldexp',
  'max',
  'min',
  'sqrt',
  'deg',
];

export const simpleCase: CaseMaker = (random) => {
  const subject = random.chance(0.95) ? text(random) : random.pick([number(random), 'nil', 'T1']);
  switch (random.below(10)) {
    case 0:
    case 1:
      return ['string.sub', subject, ...integers(random, 2)].join(', ');
    case 2:
    case 3:
      return ['string.byte', subject, ...integers(random, 2)].join(', ');
    case 4:
      return `string.${random.pick(['len', 'lower', 'upper', 'reverse'])}, ${subject}`;
    case 5: {
      const byte = () => (random.chance(0.93) ? String(random.below(256)) : integer(random));
      return ['string.char', ...Array.from({ length: random.below(5) }, byte)].join(', ');
    }
    case 6:
      return `string.rep, ${subject}, ${random.pick(['0', '1', '5', '-1', '"3"', '2.9', '-1e10', 'nil'])}`;
    case 7: {
      const list = random.pick(['T4', 'T5', 'T1', '{}', '{1, 2.5, "x"}']);
      const separator = random.pick(['""', '","', '", "', 'nil', '7']);
      return ['table.concat', list, separator, ...integers(random, 2)].join(', ');
    }
    case 8: {
      const args = integers(random, 2).map((arg) => (Math.abs(Number(arg)) > 30 ? '7' : arg));
      return [random.pick(['INSERT', 'REMOVE']), ...args].join(', ');
    }
    default: {
      const args = Array.from({ length: random.below(4) }, () => number(random));
      return [`math.${random.pick(MATH)}`, ...args].join(', ');
    }
  }
};

export const sortCase: CaseMaker = (random) => {
  const order = random.pick(['nil', 'C1', 'C2', 'C3', 'C4', 'C5', 'C6']);
  const count = random.chance(0.2) ? random.between(20, 120) : random.below(13);
  const value = () => {
    if (random.chance(0.003)) return '"q"';
    return literal(random.pick([random.below(6), random.between(-100, 100), random.fraction()]));
  };
  return ['SORT', order, ...Array.from({ length: count }, value)].join(', ');
};
