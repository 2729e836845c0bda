/** Scripts that are run as plain functions: they give what they would give otherwise. */
import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type RigClient, WaitingRig } from '../../../support/waiting-rig.js';

let rig: WaitingRig;
let client: RigClient;
beforeEach(() => {
  rig = new WaitingRig();
  client = rig.connect();
});
afterEach(() => rig.close());

const ask = (...requests: string[]) => rig.ask(client, ...requests);
const run = (source: string, args = '0') => ask(`EVAL "${source}" ${args}`);

describe('a command that a script has run is not run again', () => {
  test.each([
    ['setmetatable', 'setmetatable({}, {})'],
    ['a function of its own', "(loadstring('return 1'))()"],
    ['pcall', 'pcall(redis.call, KEYS[1])'],
    ['a library', "(cjson.decode('[]'))[1]"],
  ])('when %s takes a generator', async (_what, expression) => {
    const two = "redis.call('INCR', KEYS[1]) local b = redis.pcall('INCR', KEYS[1])";
    const source = `local a = ${two} local x = ${expression} return {a, b, redis.call('INCR', KEYS[1])}`;
    expect(await run(source, '1 n')).toBe('*3 :1 :2 :3');
    expect(await ask('GET n')).toBe('$1 3');
    expect(await run(source, '1 n')).toBe('*3 :4 :5 :6');
  });

  test('when it is time to pause', async () => {
    const source =
      "local a = redis.call('INCR', KEYS[1]) local b = redis.call('INCR', KEYS[1]) return a + b";
    for (let i = 0; i < 1500; i++) await rig.ask(client, `EVAL "${source}" 1 n`);
    expect(await ask('GET n')).toBe('$4 3000');
  });

  test('when it has failed, and nothing of it comes back in the next script', async () => {
    expect(await run("local a = redis.pcall('INCR') return setmetatable(a, nil)")).toBe(
      '-ERR Wrong number of args calling Redis command from script',
    );
    expect(await run("redis.call('SET', 'k', 'v') local x = nil return x.y")).toMatch(
      /^-ERR user_script:1: attempt to index local 'x' \(a nil value\) script: /,
    );
    expect(await run("redis.call('GET', 'k') return redis.call('GET', 'k')")).toBe('$1 v');
  });
});

describe('a reply that a script returns at once', () => {
  test('is the same as if it were a value of Lua in between', async () => {
    await ask(
      'SET s text',
      'SET n 12',
      'SET large 9007199254740993',
      'RPUSH l a b',
      'SET empty ""',
    );
    const replies = async (end: string) => [
      await run(`return redis.call('GET', 's')${end}`),
      await run(`return redis.call('GET', 'empty')${end}`),
      await run(`return redis.call('GET', 'nothing')${end}`),
      await run(`return redis.call('INCRBY', 'n', 0)${end}`),
      await run(`return redis.call('INCRBY', 'n', -20)${end}`),
      await run(`return redis.call('INCRBY', 'large', 0)${end}`),
      await run(`return redis.call('LRANGE', 'l', 0, -1)${end}`),
      await run(`return redis.call('PING')${end}`),
      await run(`return redis.call('LLEN', 's')${end}`),
    ];
    const atOnce = await replies('');
    expect(atOnce.slice(0, 3)).toEqual(['$4 text', '$0 ', '$-1'].map((text) => text.trimEnd()));
    await ask('SET n 12');
    const throughLua = await replies(', 1');
    expect(atOnce.map(withoutDigest)).toEqual(throughLua.map(withoutDigest));
    await ask('HELLO 3', 'SET n 12');
    const inResp3 = await replies('');
    await ask('SET n 12');
    expect(inResp3.map(withoutDigest)).toEqual((await replies(', 1')).map(withoutDigest));
  });

  test('may be large', async () => {
    await ask('SETRANGE k 300000 x');
    expect((await run("return redis.call('GET', 'k')")).length).toBe('$300001 '.length + 300_001);
  });

  test('is the right one when the script is left and gone on with', async () => {
    const source =
      "for i = 1, 3000000 do end redis.call('SET', 'k', 'v') return redis.call('GET', 'k')";
    client.send(`EVAL "${source}" 0`);
    let text = '';
    for (let i = 0; i < 5000 && text === ''; i++) {
      await rig.settle();
      text = client.taken();
    }
    expect(text).toBe('$1 v');
  });
});

test('sha1hex takes a long text in pieces', async () => {
  const digest = (length: number) => run(`return redis.sha1hex(string.rep('x', ${length}))`);
  for (const length of [0, 10, 65_536, 65_537, 1_000_000]) {
    const expected = createHash('sha1').update('x'.repeat(length)).digest('hex');
    expect(await digest(length)).toBe(`$40 ${expected}`);
  }
  expect(await run('return redis.sha1hex()')).toMatch(
    /^-ERR wrong number of arguments script: \w+, on @user_script:1.$/,
  );
});

function withoutDigest(reply: string): string {
  return reply.replace(/script: \w+/, '');
}
