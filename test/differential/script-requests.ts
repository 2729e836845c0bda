/**
 * Draws requests that run scripts, for scripting.test.ts: scripts are put together from statements that
 * touch what lies between a language and the server (replies as values, values as replies, errors and
 * where they come from, keys and arguments, protocols, databases), and run in all ways there are.
 */
import type { Random } from './random.js';

const KEYS = ['s', 'l', 'h', 'z', 'set', 'n', 'none'];
const TEXTS = ['a', '', '10', '-1', '3.5', 'x\r\ny', 'long '.repeat(20), '\u00ff\u0000', 'true'];
// No -0: PUC takes a 0 behind it for the same constant.
const NUMBERS = [
  '0',
  '1',
  '-7',
  '3.7',
  '-2.5',
  '1e15',
  '1e17',
  '2^53',
  '-2^62',
  '0/0',
  '1/0',
  '1e300',
];
const READS = [
  "'GET', KEY",
  "'STRLEN', KEY",
  "'LRANGE', KEY, 0, -1",
  "'HGETALL', KEY",
  "'HGET', KEY, 'f'",
  "'SCARD', KEY",
  "'ZRANGE', KEY, 0, -1, 'WITHSCORES'",
  "'ZSCORE', KEY, 'a'",
  "'HMGET', KEY, 'f', 'nope'",
  "'EXISTS', KEY",
  "'TYPE', KEY",
  "'TTL', KEY",
  "'MGET', KEY, 'none', 's'",
  "'PING'",
  "'ECHO', 'x'",
  "'CONFIG', 'GET', 'maxmemory-samples'",
  "'LOLWUT', 'VERSION', 0, 1",
  "'XRANGE', 'stream', '-', '+'",
  "'SISMEMBER', KEY, 'a'",
  "'GETRANGE', KEY, 0, ARG",
  "'LPOS', KEY, 'a'",
  "'ZRANDMEMBER', 'none'",
  "'DBSIZE'",
  "'GETBIT', KEY, 3",
];
const WRITES = [
  "'SET', KEY, ARG",
  "'SET', KEY, ARG, 'EX', 100",
  "'INCR', KEY",
  "'INCRBYFLOAT', KEY, ARG",
  "'APPEND', KEY, ARG",
  "'RPUSH', KEY, ARG, ARG",
  "'LPOP', KEY",
  "'HSET', KEY, 'f', ARG",
  "'SADD', KEY, ARG",
  "'ZADD', KEY, ARG, 'a'",
  "'DEL', KEY",
  "'EXPIRE', KEY, 1000",
  "'BLPOP', KEY, 'none', 0",
  "'BLMOVE', KEY, 'l', 'LEFT', 'RIGHT', 0",
  "'XADD', 'stream', '1-1', 'f', ARG",
  "'PUBLISH', 'channel', ARG",
  "'MOVE', KEY, 3",
];
const WRONG = [
  '',
  "'NOPE'",
  "'GET'",
  "'GET', KEY, KEY",
  "'GET', {}",
  "'GET', nil",
  "'GET', true",
  "'MULTI'",
  "'SUBSCRIBE', 'x'",
  "'CONFIG', 'NOPE'",
  "'CONFIG'",
  "'CLIENT', 'ID'",
  "'EVAL', 'return 1', 0",
  "'XREAD', 'BLOCK', 0, 'STREAMS', 'none', '$'",
  "'WATCH', KEY",
  "'SELECT', 99",
  "'SET', KEY, ARG, 'NOPE'",
];
/** Statements that end a script with an error of Lua's own. */
const FAILURES = [
  "error('boom')",
  "error('boom', 0)",
  "error('boom', 2)",
  "error({err = 'MINE own words'})",
  "error({err = 'nocode'})",
  'error(nil)',
  'error(12)',
  'local t = nil; return t.x',
  "return 'a' + 1",
  'return {} .. 1',
  'return nothing',
  'x = 1',
  'redis.x = 1',
  'KEYS.x.y = 1',
  "rawset(_G, 'x', 1)",
  'setmetatable(_G, {})',
  'return print',
  'return redis.nope()',
  "return string.rep('x')",
  'return #nil',
  "assert(false, 'asserted')",
  "assert(redis.call('GET', 'none'), 'no such')",
  'return redis.sha1hex()',
  "return redis.sha1hex('a', 'b')",
  'return redis.log(1)',
  "return redis.log(9, 'x')",
  'return redis.setresp()',
  'return redis.setresp(4)',
  'return redis.set_repl(5)',
  'return redis.set_repl()',
  'return redis.acl_check_cmd()',
  "return redis.acl_check_cmd('nope')",
  'local function f() error("deep") end f()',
  'return table.concat({{}})',
];
const VALUES = [
  'nil',
  'true',
  'false',
  '{}',
  "redis.status_reply('FINE')",
  "redis.error_reply('MY error')",
  "redis.error_reply('-MY error')",
  "redis.error_reply('alone')",
  'redis.error_reply()',
  'redis.status_reply(1)',
  "{ok = 'fine'}",
  "{err = 'ERR own'}",
  '{double = 3.25}',
  "{big_number = '123456789012345678901234567890'}",
  "{verbatim_string = {format = 'txt', string = 'some text'}}",
  '{map = {k = 1}}',
  '{set = {m = true}}',
  '{1, 2, nil, 4}',
  "{'a', {'b', {'c', false}}, 1.9, true}",
  'redis.sha1hex("")',
  'redis.breakpoint()',
  'redis.replicate_commands()',
  'redis.REPL_ALL',
  "redis.acl_check_cmd('set', 'k', 'v')",
  'type(redis.call)',
  'KEYS',
  'ARGV',
  '#KEYS + #ARGV',
  'unpack({1, 2})',
  'tostring(nil)',
  '(function() end)',
  "select('#', redis.debug('x'))",
  'math.random(100)',
  "string.format('%5.1f|%d|%s', 3.14159, 42, 'x')",
];

/** Redis 7.0 gives numbers to commands with 17 digits; these are the same so. */
const PLAIN_NUMBERS = ['0', '1', '-7', '-2.5', '0/0', '1/0'];

export class ScriptRequests {
  private readonly numbers: readonly string[];
  private readonly writes: readonly string[];
  private readonly reads: readonly string[];
  private readonly failures: readonly string[];

  /** @param isOld for a server before 7.2: without what has got other words since */
  constructor(
    private readonly random: Random,
    isOld: boolean,
  ) {
    this.numbers = isOld ? PLAIN_NUMBERS : NUMBERS;
    this.reads = isOld ? READS.filter((words) => !words.startsWith("'LOLWUT'")) : READS;
    this.failures = isOld ? FAILURES.filter((text) => !text.includes('set_repl')) : FAILURES;
    this.writes = isOld ? WRITES.filter((words) => !words.startsWith("'BL")) : WRITES;
  }

  next(): string[] {
    const { random } = this;
    const keys = this.some(KEYS);
    const args = this.some(TEXTS);
    const source = this.source();
    const tail = [String(keys.length), ...keys, ...args];
    if (random.chance(0.03)) tail[0] = random.pick(['-1', '99', 'x', '1.5', ' 1']);
    return random.pick([
      () => ['EVAL', source, ...tail],
      () => ['EVAL', source, ...tail],
      () => ['EVAL', source, ...tail],
      () => ['EVAL_RO', source, ...tail],
      () => ['EVAL', `#!lua${this.flags()}\n${source}`, ...tail],
      () => ['SCRIPT', 'LOAD', source],
      () => ['EVALSHA', this.random.pick(['x'.repeat(40), 'short']), ...tail],
      () => this.data(),
    ])();
  }

  /** Puts something into a key, so that there is something to read. */
  private data(): string[] {
    return this.random.pick([
      ['SET', 's', 'text'],
      ['SET', 'n', '41'],
      ['RPUSH', 'l', 'a', 'b', 'c'],
      ['HSET', 'h', 'f', '1', 'g', '2'],
      ['ZADD', 'z', '1.5', 'a', '-2', 'b'],
      ['SADD', 'set', 'a', 'b'],
      ['DEL', 's', 'l', 'h', 'z', 'set', 'n', 'stream'],
      ['SCRIPT', 'FLUSH'],
    ]);
  }

  private flags(): string {
    const { random } = this;
    if (random.chance(0.4)) return '';
    const names = [
      'no-writes',
      'allow-oom',
      'allow-stale',
      'no-cluster',
      'allow-cross-slot-keys',
      'nope',
    ];
    return ` flags=${this.someOf(names).join(',')}`;
  }

  private source(): string {
    const { random } = this;
    const lines: string[] = [];
    for (let n = random.below(4); n > 0; n--) lines.push(this.statement());
    lines.push(this.ending());
    return lines.join(random.chance(0.7) ? '\n' : ' ');
  }

  private statement(): string {
    const { random } = this;
    return random.pick([
      () => `redis.call(${this.command(this.writes)});`,
      () => `redis.pcall(${this.command(this.writes)});`,
      () =>
        `local a${random.below(3)} = redis.pcall(${this.command([...this.reads, ...this.writes, ...WRONG])});`,
      () => 'redis.setresp(3);',
      () => 'redis.setresp(2);',
      () => `redis.call('SELECT', ${random.below(3)});`,
      () => 'redis.set_repl(redis.REPL_NONE);',
      () => "redis.log(redis.LOG_DEBUG, 'x', 1, {});",
    ])();
  }

  private ending(): string {
    const { random } = this;
    const any = () => this.command([...this.reads, ...this.reads, ...this.writes, ...WRONG]);
    return random.pick([
      () => `return redis.call(${any()})`,
      () => `return redis.call(${any()})`,
      () => `return redis.pcall(${any()})`,
      () => `return {redis.pcall(${any()}), ${this.value()}}`,
      () => `local ok, e = pcall(redis.call${this.behind(any())}); return {tostring(ok), e}`,
      () =>
        `local ok, e = pcall(function() ${random.pick(this.failures)} end); return {tostring(ok), e}`,
      () =>
        `local r = redis.pcall(${any()}); return type(r) == 'table' and {r.err, r.ok, r.map and 'map', r.set and 'set', r.double and 'double', #r} or type(r)`,
      () => random.pick(this.failures),
      () => `return ${this.value()}`,
      () => `return {${this.value()}, ${this.value()}, ${this.value()}}`,
      () => 'return )',
      () => 'local function f(n) return n end return f(1), 2',
    ])();
  }

  private behind(args: string): string {
    return args === '' ? '' : `, ${args}`;
  }

  private value(): string {
    const { random } = this;
    return random.chance(0.3) ? random.pick(this.numbers) : random.pick(VALUES);
  }

  private command(from: readonly string[]): string {
    const { random } = this;
    return random
      .pick(from)
      .replace(/KEY/g, () => random.pick([...KEYS.map((key) => `'${key}'`), 'KEYS[1]', 'KEYS[1]']))
      .replace(/ARG/g, () => random.pick([...this.numbers, "'a'", "'5'", 'ARGV[1]', 'ARGV[2]']));
  }

  private some(from: readonly string[]): string[] {
    return Array.from({ length: this.random.below(4) }, () => this.random.pick(from));
  }

  private someOf(from: readonly string[]): string[] {
    return Array.from({ length: 1 + this.random.below(2) }, () => this.random.pick(from));
  }
}
