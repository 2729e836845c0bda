/**
 * Programs of Lua made up from a seed. They end, and what they print says nothing of the machine they
 * run on: no addresses, no clock; tables have keys whose order PUC decides by their value.
 *
 * Loops are short as they are written. A function may call itself by a name that it is found under, or
 * call another again and again, and a program with words changed may have any loop: such functions and
 * loops count, in a global, and do no more once it is full.
 */
import type { Random } from '../random.js';

const NAMES = ['a', 'b', 'c', 'd', 'x'];
const KEYS = ['x', 'y', 'n', 'name', 'value', 'key1', 'key2', 'i'];
const LITERALS = [
  'nil',
  'true',
  'false',
  '0',
  '1',
  '-1',
  '2',
  '3',
  '7',
  '10',
  '0.5',
  '-0.5',
  '0.1',
  '1e15',
  '1e100',
  '2^53',
  '123456789012',
  '1/3',
  '100',
  '255',
  '0x10',
  '1e-5',
  '-2.5',
  "''",
  "'a'",
  "'abc'",
  "'10'",
  "'0x10'",
  "' 5 '",
  "'1e2'",
  "'hello world'",
  "'-3'",
  "'10x'",
  "'\\0b'",
  '{}',
  '{1,2,3}',
  "{x=1,y='z'}",
  '{10,20,nil,40}',
  '1e14',
  '99999999999999.5',
  '0.00001',
  '123456.789',
  '5e-324',
  '1/0',
  '-1/0',
];
/** Calls and steps that a program may count; the global that it counts them in. */
const MOST = 300;
const COUNTER = 'counted';
/** What code is put into so that its errors are printed. */
const PROTECTED = 'print(pcall(function()';
const BINARY = ['+', '-', '*', '/', '%', '^', '..', '==', '~=', '<', '<=', '>', '>=', 'and', 'or'];

export class ProgramMaker {
  private depth = 0;

  constructor(private readonly random: Random) {}

  program(): string {
    const program = this.onLine();
    if (this.random.chance(0.85)) return program;
    // Lines that end anywhere: messages must tell the right one.
    return program.replace(/ /g, (blank) => (this.random.chance(0.15) ? '\n' : blank));
  }

  private onLine(): string {
    this.depth = 0;
    switch (this.random.below(9)) {
      case 0:
        return this.tableProgram();
      case 1:
        return this.metaProgram();
      case 2:
        return this.coroutineProgram();
      case 3:
        return bounded(this.mutated(this.statementProgram()));
      case 4:
        return this.errorProgram();
      case 5:
        return this.libraryProgram();
      case 6:
        return this.expressionProgram();
      default:
        return this.statementProgram();
    }
  }

  private pick<T>(items: readonly T[]): T {
    return items[this.random.below(items.length)];
  }

  private repeat(low: number, high: number, make: () => string, joint = '\n'): string {
    const parts: string[] = [];
    for (let n = this.random.between(low, high); n > 0; n--) parts.push(make());
    return parts.join(joint);
  }

  // --- expressions ---------------------------------------------------------------------------------

  expression(): string {
    if (this.depth > 3) return this.atom();
    this.depth++;
    const e = this.compound();
    this.depth--;
    return e;
  }

  private atom(): string {
    const n = this.random.below(10);
    if (n < 5) return this.pick(LITERALS);
    return this.pick(NAMES);
  }

  private prefix(): string {
    switch (this.random.below(6)) {
      case 0:
        return `${this.pick(NAMES)}.${this.pick(KEYS)}`;
      case 1:
        return `${this.pick(NAMES)}[${this.expression()}]`;
      case 2:
        return `(${this.expression()})`;
      case 3:
        return `${this.pick(NAMES)}.${this.pick(KEYS)}.${this.pick(KEYS)}`;
      default:
        return this.pick(NAMES);
    }
  }

  private compound(): string {
    switch (this.random.below(14)) {
      case 0:
      case 1:
      case 2:
      case 3:
        return `${this.expression()} ${this.pick(BINARY)} ${this.expression()}`;
      case 4:
        return `(${this.expression()})`;
      case 5:
        return `${this.pick(['-', 'not ', '#', '- -'])}${this.expression()}`;
      case 6:
        return this.prefix();
      case 7:
        return `${this.prefix()}(${this.repeat(0, 3, () => this.expression(), ', ')})`;
      case 8:
        return `${this.prefix()}:${this.pick(KEYS)}(${this.repeat(0, 2, () => this.expression(), ', ')})`;
      case 9:
        return this.constructor_();
      case 10:
        return this.functionExpression();
      case 11:
        return `${this.pick(['tostring', 'tonumber', 'type', 'select', 'unpack', 'next', 'rawget', 'getmetatable', 'pcall'])}(${this.repeat(0, 3, () => this.expression(), ', ')})`;
      default:
        return this.atom();
    }
  }

  private constructor_(): string {
    return `{${this.repeat(0, 5, () => this.item(), ', ')}}`;
  }

  private item(): string {
    switch (this.random.below(4)) {
      case 0:
        return `${this.pick(KEYS)} = ${this.expression()}`;
      case 1:
        return `[${this.key()}] = ${this.expression()}`;
      default:
        return this.expression();
    }
  }

  private functionExpression(): string {
    const parameters = this.pick(['', 'a', 'a, b', '...', 'a, ...', 'x, a, b']);
    const body = this.block(1, 3);
    const result = parameters.includes('...')
      ? this.pick([
          'return ...',
          "return select('#', ...), ...",
          'return (...)',
          'return arg.n',
          'return a, ...',
        ])
      : `return ${this.repeat(0, 2, () => this.expression(), ', ')}`;
    return `function(${parameters}) ${boundOf(body + result)}${body} ${result} end`;
  }

  // --- statements ----------------------------------------------------------------------------------

  private block(low: number, high: number): string {
    return this.repeat(low, high, () => this.statement());
  }

  private statement(): string {
    if (this.depth > 3) return this.simpleStatement();
    this.depth++;
    const s = this.compoundStatement();
    this.depth--;
    return s;
  }

  private print(): string {
    return `${PROTECTED} return ${this.expression()} end))`;
  }

  private simpleStatement(): string {
    switch (this.random.below(6)) {
      case 0:
        return `local ${this.pick(NAMES)} = ${this.expression()}`;
      case 1:
        return `local ${this.pick(NAMES)}, ${this.pick(NAMES)} = ${this.repeat(1, 3, () => this.expression(), ', ')}`;
      case 2:
        return `${this.pick(NAMES)} = ${this.expression()}`;
      case 3:
        return `${this.prefix().replace(/^\(.*\)$/s, 'a')}, ${this.pick(NAMES)} = ${this.repeat(1, 3, () => this.expression(), ', ')}`;
      default:
        return this.print();
    }
  }

  private compoundStatement(): string {
    switch (this.random.below(11)) {
      case 0:
        return `if ${this.expression()} then ${this.block(1, 2)} ${this.random.chance(0.3) ? `elseif ${this.expression()} then ${this.block(1, 1)} ` : ''}${this.random.chance(0.5) ? `else ${this.block(1, 2)} ` : ''}end`;
      case 1: {
        const from = this.pick([
          '1',
          '3',
          '0',
          '1.5',
          "'2'",
          '-1',
          'nil',
          '{}',
          "'x'",
          '-2',
          "'1e1'",
        ]);
        const to = this.pick(['3', '1', '4', '0', "'3'"]);
        const step = this.pick(['', '', ', 1', ', -1', ', 0.5', ', 2']);
        const s = `for ${this.pick(NAMES)} = ${from}, ${to}${step} do ${this.block(1, 2)} ${this.random.chance(0.1) ? 'break ' : ''}end`;
        return s;
      }
      case 2:
        return `for ${this.pick(['a', 'a, b', 'x, c'])} in ${this.pick(['pairs({1,2,x=3})', 'ipairs({5,6,7})', 'ipairs({1,nil,3})', 'next, {4,5}', 'pairs({a=1,b=2,c=3})'])} do ${this.block(1, 2)} end`;
      case 3:
        return `do local n = 0 repeat n = n + 1 ${this.block(1, 2)} until n >= ${this.random.between(1, 3)} end`;
      case 4:
        return `do local n = ${this.random.between(1, 3)} while n > 0 do n = n - 1 ${this.block(1, 1)} end end`;
      case 5:
        return this.localFunction();
      case 6:
        return `do ${this.block(1, 3)} end`;
      default:
        return this.simpleStatement();
    }
  }

  private localFunction(): string {
    const head = `local function ${this.pick(NAMES)}(${this.pick(['', 'a', 'x', 'a, b', '...'])})`;
    const body = `${this.block(1, 2)} return ${this.expression()}`;
    return `${head} ${boundOf(body)}${body} end`;
  }

  private statementProgram(): string {
    const start = this.pick([
      "local a, b, c, d, x = {x = 1, n = {y = 2}}, 3, 'str', function(...) return ... end, {1, 2, 3}",
      'local a, b = 1, 2\nc, d, x = {}, function(p, q) return q, p end, 4',
      `local a, b = ${this.atom()}, ${this.atom()}`,
    ]);
    const body = this.repeat(2, 4, () => {
      return this.random.chance(0.6)
        ? `print(pcall(function() ${this.statement()} end))`
        : this.statement();
    });
    return `${start}\n${body}\n${this.print()}`;
  }

  private expressionProgram(): string {
    const parts = this.repeat(3, 5, () => this.print());
    return `local a, b, x = ${this.atom()}, ${this.atom()}, ${this.constructor_()}\n${parts}`;
  }

  // --- tables --------------------------------------------------------------------------------------

  private key(): string {
    switch (this.random.below(8)) {
      case 0:
        return `'${this.pick(KEYS)}'`;
      case 1:
        return `'k${this.random.below(30)}'`;
      case 2:
        return String(this.random.between(-3, 40));
      case 3:
        return this.pick([
          '1.5',
          '0',
          '-1',
          '2^31',
          '1e10',
          '0.1',
          'true',
          'false',
          '1e300',
          '-0.5',
        ]);
      default:
        return String(this.random.between(1, 12));
    }
  }

  private tableProgram(): string {
    const lines = [`local t = ${this.pick(['{}', this.flatTable(), this.flatTable()])}`];
    lines.push(
      "local function show() local s = {} for k, v in pairs(t) do s[#s + 1] = tostring(k) .. '=' .. tostring(v) end print(#t, table.concat(s, ' ')) end",
    );
    for (let n = this.random.between(3, 18); n > 0; n--) {
      switch (this.random.below(12)) {
        case 0:
          lines.push(`t[${this.key()}] = nil`);
          break;
        case 1:
          lines.push(
            `for i = ${this.random.between(1, 5)}, ${this.random.between(1, 20)} do t[i] = i end`,
          );
          break;
        case 2:
          lines.push('show()');
          break;
        case 3:
          lines.push(`table.insert(t, ${this.random.below(100)})`);
          break;
        case 4:
          lines.push('print(pcall(table.remove, t))');
          break;
        case 5:
          lines.push(`t.${this.pick(KEYS)} = ${this.pick(['nil', '1', "'v'"])}`);
          break;
        case 6:
          lines.push(`for i = #t, ${this.random.between(1, 6)}, -1 do t[i] = nil end`);
          break;
        case 7:
          lines.push('for k in pairs(t) do t[k] = nil end');
          break;
        case 8:
          lines.push(`t[#t + 1] = ${this.random.below(100)}`);
          break;
        default:
          lines.push(`t[${this.key()}] = ${this.random.below(100)}`);
      }
    }
    lines.push('show()');
    return lines.join('\n');
  }

  private flatTable(): string {
    return `{${this.repeat(
      1,
      9,
      () => {
        const value = this.pick(['1', '2', 'nil', "'s'", 'true', '3']);
        return this.pick([
          value,
          value,
          `${this.pick(KEYS)} = ${value}`,
          `[${this.key()}] = ${value}`,
        ]);
      },
      ', ',
    )}${this.random.chance(0.2) ? ', unpack({7, 8, 9})' : ''}}`;
  }

  // --- metatables ----------------------------------------------------------------------------------

  private metaProgram(): string {
    const events = [
      'add',
      'sub',
      'mul',
      'div',
      'mod',
      'pow',
      'unm',
      'concat',
      'eq',
      'lt',
      'le',
      'len',
      'index',
      'newindex',
      'call',
      'tostring',
      'metatable',
    ];
    const chosen = events.filter(() => this.random.chance(0.5));
    const lines = ['local m = {}'];
    for (const event of chosen) lines.push(`m.__${event} = ${this.handler(event)}`);
    lines.push('local a = setmetatable({x = 1, 5}, m)');
    lines.push(
      `local b = setmetatable({y = 2}, ${this.pick(['m', 'm', '{__index = a}', '{__eq = m.__eq, __lt = m.__lt}', '{__newindex = a}'])})`,
    );
    lines.push(`local c, d, x = ${this.atom()}, ${this.atom()}, {}`);
    const uses = [
      'a + b',
      'a - 1',
      '2 * a',
      'a / b',
      'a % 2',
      'a ^ b',
      '-a',
      'a .. b',
      "'s' .. a",
      'a == b',
      'a ~= b',
      'a < b',
      'a <= b',
      'a > 1',
      'b >= a',
      '#a',
      'a.x',
      'a.q',
      'b.x',
      'b[1]',
      'a(1, 2)',
      'a()',
      'tostring(a)',
      'getmetatable(a)',
      'b.zz',
      'a.x.y',
      "rawget(a, 'q')",
      'a == a',
      'setmetatable(a, nil)',
      'a:foo(1)',
      'c + a',
      'd .. b',
      'a < c',
      "1 .. a .. 'x'",
      'rawequal(a, b)',
    ];
    for (let n = this.random.between(4, 9); n > 0; n--) {
      if (this.random.chance(0.3)) {
        lines.push(
          `print(pcall(function() ${this.pick(['a', 'b'])}.${this.pick(KEYS)} = ${this.atom()} end))`,
        );
      } else lines.push(`print(pcall(function() return ${this.pick(uses)} end))`);
    }
    lines.push('for k, v in pairs(a) do print(k, type(v)) end');
    return lines.join('\n');
  }

  private handler(event: string): string {
    if (event === 'metatable') return "'locked'";
    if (event === 'tostring')
      return this.pick([
        "function() return 'obj' end",
        'function() return 12 end',
        "function() error('no') end",
      ]);
    if (event === 'index') {
      return this.pick([
        "function(t, k) return k .. '!' end",
        "{q = 'from table'}",
        "function(t, k) error('no ' .. tostring(k), 2) end",
        'function(t, k) return nil end',
      ]);
    }
    if (event === 'newindex') {
      return this.pick([
        "function(t, k, v) print('set', k, v) rawset(t, k, v) end",
        '{}',
        "function(t, k) error('no ' .. tostring(k)) end",
      ]);
    }
    return this.pick([
      `function(p, q) print('${event}', type(p), type(q)) return 1, 2 end`,
      `function(...) return select('#', ...) end`,
      `function(p, q) return nil end`,
      `function(p, q) return '${event}' end`,
      `function(p, q) error({}) end`,
      `function(p, q) error('${event} fails') end`,
      '1',
    ]);
  }

  // --- coroutines ----------------------------------------------------------------------------------

  private coroutineProgram(): string {
    const lines = [`local a, b, c = 1, 'two', ${this.atom()}`];
    const body = this.repeat(1, 5, () => this.coroutineStep());
    const kind = this.random.below(3);
    if (kind === 0) {
      lines.push(`local f = coroutine.wrap(function(...) ${body} return 'end', ... end)`);
      for (let n = this.random.between(1, 6); n > 0; n--)
        lines.push(`print(pcall(f, ${this.atom()}))`);
    } else {
      lines.push(`local co = coroutine.create(function(...) ${body} return 'end', ... end)`);
      for (let n = this.random.between(1, 6); n > 0; n--) {
        lines.push(
          `print(coroutine.resume(co, ${this.repeat(0, 2, () => this.atom(), ', ')}))`.replace(
            ', )',
            ')',
          ),
        );
        lines.push('print(coroutine.status(co))');
      }
    }
    return lines.join('\n');
  }

  private coroutineStep(): string {
    return this.pick([
      'print(coroutine.yield(...))',
      `local x = coroutine.yield(${this.expression()}) print(x)`,
      'for i = 1, 2 do print(coroutine.yield(i)) end',
      'print(pcall(coroutine.yield, 1))',
      "error('oops')",
      'error({})',
      'print(coroutine.resume(coroutine.create(function() coroutine.yield(5) end)))',
      'print(coroutine.resume(coroutine.running()))',
      'print(pcall(function() error("in", 2) end))',
      'local t = setmetatable({}, {__index = function(t, k) return coroutine.yield(k) end}) print(t.q)',
      'print(coroutine.status(coroutine.running()))',
      'local function g(n) if n == 0 then coroutine.yield("deep") return 0 end return g(n - 1) end print(g(5))',
      'for k in coroutine.wrap(function() for i = 1, 3 do coroutine.yield(i) end end) do print(k) end',
      'print(coroutine.wrap(function() return 1, 2 end)())',
      'table.sort({3, 1, 2}, function(p, q) coroutine.yield() return p < q end)',
    ]);
  }

  // --- errors --------------------------------------------------------------------------------------

  private errorProgram(): string {
    const lines = ['local t, n, s, f = {x = {}}, 5, "str", function() end', 'local up = nil'];
    const pieces = [
      'local z = nil\nreturn z.x',
      'return t.y.z',
      'return t.x.y.z',
      'undefinedglobal()',
      'return undefinedglobal.x',
      't.x()',
      't:nomethod()',
      's:nomethod()',
      'return up + 1',
      'return 1 + t',
      'return t.q + 1',
      'return s + 1',
      'return -t',
      'return #n',
      'return #nil',
      'return n.x',
      'return n.x.y',
      'up()',
      'return s .. t',
      'return t .. s',
      "return up .. 'x'",
      'return t.x .. 1',
      'return n < s',
      'return t < t',
      'return nil < 1',
      'return f < f',
      'return t <= 1',
      't[nil] = 1',
      't[0/0] = 1',
      'for i = t, 2 do end',
      'for i = 1, "x" do end',
      'for i = 1, 2, {} do end',
      'for i in 5 do end',
      'for k, v in t do end',
      "error('msg')",
      "error('msg', 0)",
      "error('msg', 2)",
      "error('msg', 3)",
      'error()',
      'error(nil, 1)',
      'error(42)',
      'error({code = 1})',
      'error(true)',
      'string.rep()',
      "('x'):rep({})",
      "('x'):bad()",
      'setmetatable(1, {})',
      'tonumber()',
      'tostring()',
      'select(0)',
      "select('x')",
      'unpack()',
      'unpack({}, 1, 1e6)',
      "tonumber('z', 99)",
      'pcall()',
      'assert(false)',
      'assert(nil, "why")',
      'assert(false, {})',
      'assert()',
      'rawset(1, 2, 3)',
      'next({}, "x")',
      'ipairs()',
      'pairs(nil)',
      'getmetatable()',
      'local function r() return 1 + r() end r()',
      'table.concat({1, {}, 3})',
      'table.insert(nil, 1)',
      'math.floor("x")',
      'math.floor({})',
      'string.sub()',
      "('x'):sub()",
      'loadstring("x =")()',
      "assert(loadstring('x ='))",
      "loadstring('error(\"inner\")', '=chunk')()",
      'loadstring(\'error("inner")\')()',
      'xpcall(error)',
      "print(xpcall(function() error('e') end, function(m) return 'H:' .. m end))",
      'print(xpcall(function() local z = nil; z() end, function(m) return m, 2 end))',
      'local a <const> = 1',
      'coroutine.resume(1)',
      'coroutine.wrap(1)',
      'coroutine.yield(1)',
      'coroutine.create(print)',
      "local function lvl() error('lv', 2) end\nlvl()",
      "local function lvl() error('lv', 2) end\nreturn lvl()",
      "local function lvl() error('lv', 3) end\nlocal function mid() lvl() end\nmid()",
      'return (t.x).y.z',
      'return t[1].x',
      'return t[n].x',
      'local q = t.x; q.y.z = 1',
      'up.x = 1',
      't.a.b = 1',
      'undefinedglobal.x = 1',
      'return ("x").y.z',
      'return math.foo()',
      'return (up or nil)()',
      't.x.y()',
      'local a = {}; a.b.c.d = 1',
      'return 2 ^ {}',
      'return {} % 2',
      'return "a" - 1',
      "return 'a' < 1",
      'return print < print',
      'return -s',
      'return -"2"',
      'return not nil + 1',
    ];
    for (let i = this.random.between(3, 5); i > 0; i--) {
      let piece = this.pick(pieces);
      const wrapped = this.pick([
        (code: string) => `print(pcall(function() ${code} end))`,
        (code: string) => `print(pcall(function()\n${code}\nend))`,
        (code: string) =>
          `local function g() ${code} end\nprint(pcall(g))\nprint(pcall(function() g() end))`,
        (code: string) => `print(select(2, pcall(function(...) ${code} end, 1, 2)))`,
        (code: string) => `print(coroutine.resume(coroutine.create(function() ${code} end)))`,
        // What loadstring makes has globals of its own: its print is another one.
        (code: string) =>
          `print(loadstring(${JSON.stringify(code)}, '=inner'))\nprint(pcall(loadstring(${JSON.stringify(code)}, '@file.lua') or error))`,
      ]);
      if (wrapped.length === 1 && piece.includes('print(')) piece = 'error("e")';
      lines.push(wrapped(piece));
    }
    return lines.join('\n');
  }

  // --- libraries -----------------------------------------------------------------------------------

  private libraryProgram(): string {
    const numbers = [
      '0',
      '1',
      '-1',
      '2',
      '3.7',
      '-3.2',
      '1e15',
      '100',
      '0.5',
      '255',
      '-7',
      '1e300',
      "'10'",
      '2^31',
      '12345.678',
    ];
    const strings = [
      "''",
      "'a'",
      "'hello world'",
      "'abc123'",
      "'x=1, y=2'",
      "'  trim  '",
      "'%d'",
      "'a.b.c'",
      "'\\0x\\0'",
      '5',
      "'Hello'",
      "'aaa'",
      "'[test]'",
    ];
    const patterns = [
      "'a'",
      "'%a+'",
      "'%d+'",
      "'(%w+)=(%w+)'",
      "'^%s*(.-)%s*$'",
      "'.'",
      "''",
      "'[^,]+'",
      "'%f[%w]%w+'",
      "'l+'",
      "'(l)(.)'",
      "'%b[]'",
      "'()'",
      "'[a-c]+'",
      "'%s'",
      "'x*'",
      "'(a*(.)%w(%s*))'",
      "'.-'",
      "'$'",
      "'a-b'",
      "'%'",
      "'[a'",
      "'(a'",
      "'%1'",
    ];
    const formats = [
      "'%d'",
      "'%5d'",
      "'%-5d|'",
      "'%05.1f'",
      "'%g'",
      "'%.3f'",
      "'%s'",
      "'%10s|'",
      "'%.2s'",
      "'%q'",
      "'%x'",
      "'%X'",
      "'%o'",
      "'%e'",
      "'%c'",
      "'%%'",
      "'%i %s'",
      "'%.14g'",
      "'%a'",
      "'%+d'",
      "'% d'",
      "'%#x'",
      "'%u'",
      "'%5.2s|'",
      "'%G'",
      "'%.0f'",
      "'%.20f'",
      "'%y'",
      "'%'",
    ];
    const n = () => this.pick(numbers);
    const s = () => this.pick(strings);
    const calls = [
      () => `string.sub(${s()}, ${n()}, ${n()})`,
      () => `string.rep(${s()}, ${this.pick(['0', '1', '3', '-1', '2.7'])})`,
      () => `string.upper(${s()})`,
      () => `string.len(${s()})`,
      () => `string.reverse(${s()})`,
      () => `string.byte(${s()}, ${n()}, ${n()})`,
      () => `string.char(${this.random.below(256)}, ${this.random.below(256)})`,
      () =>
        `string.find(${s()}, ${this.pick(patterns)}${this.pick(['', `, ${n()}`, ', 1, true'])})`,
      () => `string.match(${s()}, ${this.pick(patterns)})`,
      () =>
        `string.gsub(${s()}, ${this.pick(patterns)}, ${this.pick(["'<%0>'", "'%1'", "'x'", "{a='A'}", 'function(x) return x .. x end', 'string.upper', "'%2'", "'%%'"])}${this.pick(['', ', 1', ', 2'])})`,
      () => `string.format(${this.pick(formats)}, ${this.pick([n(), s(), n()])})`,
      () => `string.format('%s %s', ${s()}, ${n()})`,
      () =>
        `string.format('%${this.pick(['', '-', '0', '+'])}${this.random.below(12)}.${this.random.below(8)}${this.pick(['f', 'g', 'e', 'd'])}', ${n()})`,
      () =>
        `math.${this.pick(['floor', 'ceil', 'abs', 'sqrt', 'exp', 'modf', 'frexp', 'deg', 'rad', 'sin'])}(${n()})`,
      () =>
        `math.${this.pick(['fmod', 'max', 'min', 'pow', 'ldexp'])}(${n()}, ${this.pick(['1', '2', '3.5', '-2', '10'])})`,
      () =>
        `table.concat({1, 2, 'x', 4.5}, ${this.pick(["', '", "''", '1'])}, ${this.pick(['1', '2', '4'])}, ${this.pick(['4', '3', '1'])})`,
      () => `tonumber(${this.pick([s(), n()])}, ${this.pick(['10', '16', '2', '36', '8'])})`,
      () => `tostring(${n()})`,
      () => `unpack({1, 2, nil, 4}, ${this.pick(['1', '2', '0'])}, ${this.pick(['4', '3', '2'])})`,
      () => `select(${this.pick(["'#'", '1', '2', '-1', '-2', '5'])}, ${s()}, ${n()}, nil)`,
      () => `#string.format('%q', ${s()})`,
      () => `table.maxn({1, 2, [${n()}] = 1})`,
      () => `tonumber(${s()}) or tonumber(${n()})`,
    ];
    const lines: string[] = [];
    for (let i = this.random.between(4, 8); i > 0; i--) {
      const code = this.pick(calls)();
      lines.push(`print(pcall(function() return ${code} end))`);
    }
    lines.push(`local t = {${this.repeat(1, 12, () => String(this.random.below(100)), ', ')}}`);
    lines.push(
      `table.sort(t${this.pick(['', ', function(a, b) return a > b end'])}) print(table.concat(t, ' '))`,
    );
    return lines.join('\n');
  }

  // --- broken source -------------------------------------------------------------------------------

  /** Changes some tokens, so that the parser has something to say. */
  private mutated(source: string): string {
    const tokens = source.match(/\s+|\w+|'[^']*'|[^\w\s]/g) ?? [];
    const strange = [
      'end',
      'then',
      '(',
      ')',
      '}',
      '{',
      '=',
      '==',
      "'",
      '"x',
      '[[',
      ']]',
      '--[[',
      'local',
      'function',
      '...',
      '..',
      '.',
      ',',
      'nil',
      'break',
      'return',
      '@',
      '~',
      '0x',
      '1e',
      '3x',
      '\\',
      'if',
      'do',
      'x',
      ':',
      ';',
      '\n',
      '"\\300"',
      'until',
      '[=',
      '\r\n',
      'goto',
      '&',
      '!',
    ];
    for (let n = this.random.between(1, 3); n > 0; n--) {
      const at = this.random.below(tokens.length);
      switch (this.random.below(3)) {
        case 0:
          tokens.splice(at, 1);
          break;
        case 1:
          tokens.splice(at, 0, ` ${this.pick(strange)} `);
          break;
        default:
          tokens[at] = ` ${this.pick(strange)} `;
      }
    }
    return tokens.join('');
  }
}

/** Code that counts, and leaves by this statement once it has counted enough. */
function bound(leave: 'return' | 'break'): string {
  return `if ${COUNTER} > ${MOST} then ${leave} end ${COUNTER} = ${COUNTER} + 1`;
}

/** What begins the body of a function: it counts if it calls what may be itself. */
function boundOf(body: string): string {
  const calls = body.replaceAll(PROTECTED, '');
  return /\bpcall\(|(\b[abcdx]|[\])]|\.\w+)(:\w+)?\(/.test(calls) ? `${bound('return')} ` : '';
}

/** Has all loops and functions of a program count. */
function bounded(program: string): string {
  return program
    .replace(/\bfunction\b[\s\w.:]*\([^()]*\)/g, (head) => `${head} ${bound('return')}`)
    .replace(/\b(while|for)\b.*?\bdo\b|\brepeat\b/gs, (head) => `${head} ${bound('break')}`);
}
