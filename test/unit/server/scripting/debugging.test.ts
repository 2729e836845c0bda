/** SCRIPT DEBUG SYNC: a script line by line, as redis-cli --ldb-sync-mode has it. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type RigClient, WaitingRig } from '../../../support/waiting-rig.js';

let rig: WaitingRig;
let client: RigClient;
beforeEach(async () => {
  rig = new WaitingRig();
  client = rig.connect();
  expect(await rig.ask(client, 'SCRIPT DEBUG SYNC')).toBe('+OK');
});
afterEach(() => rig.close());

/** Sends a request, or a command for the debugger. @returns the lines that come, but those of arrays */
async function say(...words: string[]): Promise<string[]> {
  client.send(
    `*${words.length}\r\n${words.map((word) => `$${word.length}\r\n${word}`).join('\r\n')}`,
  );
  await rig.settle();
  await rig.settle();
  return client.takenLines().filter((line) => !line.startsWith('*'));
}

function stop(line: number, source: string, reason = 'step over', mark = ' '): string[] {
  return [`+* Stopped at ${line}, stop reason = ${reason}`, `+->${mark}${line}   ${source}`];
}

const COUNTS = "local a = redis.call('INCR', KEYS[1])\na = a + 1\nreturn a";

describe('a script that is debugged', () => {
  test('stops before each line, and shows its commands with their replies', async () => {
    expect(await say('EVAL', COUNTS, '1', 'k')).toEqual(
      stop(1, "local a = redis.call('INCR', KEYS[1])"),
    );
    expect(await say('step')).toEqual(['+<redis> INCR k', '+<reply> 1', ...stop(2, 'a = a + 1')]);
    expect(await say('print')).toEqual(['+<value> a = 1']);
    expect(await say('s')).toEqual(stop(3, 'return a'));
    expect(await say('print', 'a')).toEqual(['+<value> 2']);
    expect(await say('print', 'KEYS')).toEqual(['+<value> {"k"}']);
    expect(await say('n')).toEqual(['+<endsession>', ':2']);
    expect(client.isEnded).toBe(true);
  });

  test('has all others wait until it is over', async () => {
    const other = rig.connect();
    await say('EVAL', COUNTS, '1', 'k');
    expect(await rig.ask(other, 'GET k')).toBe('');
    await say('continue');
    await rig.settle();
    expect(other.taken()).toBe('$1 1');
  });

  test('stops at breakpoints, and where it asks for it', async () => {
    const source = 'local n = 0\nfor i = 1, 2 do\n  n = n + i\nend\nredis.breakpoint()\nreturn n';
    await say('EVAL', source, '0');
    expect(await say('break', '3', '9')).toEqual([
      '+   2   for i = 1, 2 do',
      '+  #3     n = n + i',
      '+   4   end',
      '+Wrong line number.',
    ]);
    const there = stop(3, '  n = n + i', 'break point', '#');
    expect(await say('continue')).toEqual(there);
    expect(await say('print')).toEqual([
      '+<value> n = 0',
      '+<value> (for index) = 1',
      '+<value> (for limit) = 2',
      '+<value> (for step) = 1',
      '+<value> i = 1',
    ]);
    expect(await say('continue')).toEqual(there);
    expect(await say('break', '-3')).toEqual(['+Breakpoint removed.']);
    expect(await say('continue')).toEqual(stop(6, 'return n', 'redis.breakpoint() called'));
    expect(await say('continue')).toEqual(['+<endsession>', ':3']);
  });

  test('tells who has called whom', async () => {
    const source = 'local function f(x)\n  return x\nend\nlocal y = f(7)\nreturn y';
    await say('EVAL', source, '0');
    await say('break', '2');
    await say('continue');
    expect(await say('trace')).toEqual([
      '+In f:',
      '+->#2     return x',
      '+From top level:',
      '+   4   local y = f(7)',
    ]);
  });

  test('lets code and commands run while it is stopped', async () => {
    await say('EVAL', COUNTS, '1', 'k');
    expect(await say('eval', 'KEYS[1]', '..', "'x'")).toEqual(['+<retval> "kx"']);
    expect(await say('eval', 'x = 1')).toEqual([
      '+<error> ldb_eval:1: Attempt to modify a readonly table',
    ]);
    expect(await say('redis', 'SET', 'k', '5')).toEqual(['+<redis> SET k 5', '+<reply> "+OK"']);
    expect(await say('redis', 'INCR')).toEqual([
      '+<redis> INCR',
      '+<error> Wrong number of args calling Redis command from script',
    ]);
    expect(await say('continue')).toEqual(['+<endsession>', ':7']);
  });

  test('tells what it likes, and cuts what is long', async () => {
    await say('EVAL', "redis.debug('at', {1, {x = 2}})\nreturn 1", '0');
    expect(await say('eval', "('x'):rep(400)")).toEqual([
      `+${`<retval> "${'x'.repeat(400)}`.slice(0, 256)} ...`,
      "+<hint> The above reply was trimmed. Use 'maxlen 0' to disable trimming.",
    ]);
    expect(await say('maxlen', '0')).toEqual(['+<value> replies are unlimited.']);
    expect(await say('step')).toEqual([
      '+<debug> line 1: "at", {1; {["x"]=2}}',
      ...stop(2, 'return 1'),
    ]);
  });

  test('ends where its client wants it to, and keeps what it has changed', async () => {
    const other = rig.connect();
    await say('EVAL', COUNTS, '1', 'k');
    await say('step');
    const [mark, error] = await say('abort');
    expect(mark).toBe('+<endsession>');
    expect(error).toMatch(
      /^-ERR script aborted for user request script: \w{40}, on @user_script:2\.$/,
    );
    expect(await rig.ask(other, 'GET k')).toBe('$1 1');
  });

  test('ends with what is no request', async () => {
    await say('EVAL', 'return 1', '0');
    expect(await say('hello\0world')).toEqual([
      '+<error> Unknown Redis Lua debugger command or wrong number of arguments.',
    ]);
    client.send('what');
    await rig.settle();
    expect(client.takenLines()[2]).toMatch(/^-ERR protocol error script: /);
  });

  test('runs on without a client that has gone', async () => {
    const other = rig.connect();
    await say('EVAL', COUNTS, '1', 'k');
    client.hangUp();
    await rig.settle();
    expect(await rig.ask(other, 'GET k')).toBe('$1 1');
  });

  test('can be killed by another client', async () => {
    const other = rig.connect();
    await say('EVAL', 'return 1', '0');
    expect(await rig.ask(other, 'SCRIPT KILL')).toBe('+OK');
    expect(client.takenLines()[2]).toMatch(/^-ERR Script killed by user with SCRIPT KILL/);
  });

  test('is one that EVAL brings', async () => {
    expect(await say('EVALSHA', '0'.repeat(40), '0')).toEqual([
      '-ERR Please use EVAL instead of EVALSHA for debugging',
    ]);
    expect(await say('EVAL', 'return (', '0')).toEqual([
      '+<endsession>',
      "-ERR Error compiling script (new function): user_script:1: unexpected symbol near '<eof>'",
    ]);
  });
});

test('a save point waits until a script is done that was left', async () => {
  const refusing = { launch: () => undefined, prepare() {}, stop() {} };
  await rig.close();
  rig = new WaitingRig({ save: [{ seconds: 1, changes: 1 }] }, { workers: refusing });
  rig.server.cron.start();
  client = rig.connect();
  await say('SCRIPT', 'DEBUG', 'SYNC');
  await say('EVAL', COUNTS, '1', 'k');
  await say('step');
  await rig.advance(5000);
  expect(rig.info('persistence', 'rdb_saves')).toBe('0');
  await say('continue');
  await rig.advance(5000);
  expect(rig.info('persistence', 'rdb_saves')).not.toBe('0');
});
