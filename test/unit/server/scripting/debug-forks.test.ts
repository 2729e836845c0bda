/** SCRIPT DEBUG YES: a script line by line on a copy of the data, as redis-cli --ldb has it. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { encodeRequest } from '../../../../src/resp/encode-request.js';
import { type RigClient, WaitingRig } from '../../../support/waiting-rig.js';

const COUNTS = "local a = redis.call('INCR', KEYS[1])\na = a + 1\nreturn a";
const FIRST_STOP = [
  '+* Stopped at 1, stop reason = step over',
  "+-> 1   local a = redis.call('INCR', KEYS[1])",
];
/** Turns of the event loop in which anything has happened that will. */
const TURNS = 25;

let rig: WaitingRig;
let client: RigClient;
let other: RigClient;
beforeEach(async () => {
  rig = new WaitingRig();
  client = rig.connect();
  other = rig.connect();
  expect(await rig.ask(client, 'SCRIPT DEBUG YES')).toBe('+OK');
});
afterEach(() => rig.close());

async function settle(): Promise<void> {
  for (let i = 0; i < TURNS; i++) await rig.settle();
}

/** Sends a request, or a command for the debugger. @returns the lines that come, but those of arrays */
async function say(...words: string[]): Promise<string[]> {
  client.send(
    encodeRequest(...words)
      .toString('latin1')
      .slice(0, -2),
  );
  await settle();
  return client.takenLines().filter((line) => !line.startsWith('*'));
}

describe('a script that is debugged on a copy', () => {
  test('finds the data as they were when it began, while others are served', async () => {
    await rig.ask(other, 'SET k 10', 'RPUSH list a b', 'SET soon v PX 5000');
    expect(await say('EVAL', COUNTS, '1', 'k')).toEqual(FIRST_STOP);
    expect(await rig.ask(other, 'SET k 100', 'DEL list')).toBe('+OK :1');
    expect(await say('redis', 'LRANGE', 'list', '0', '-1')).toEqual([
      '+<redis> LRANGE list 0 -1',
      '+<reply> ["a","b"]',
    ]);
    expect(await say('redis', 'PTTL', 'soon')).toEqual(['+<redis> PTTL soon', '+<reply> 5000']);
    expect(await say('continue')).toEqual(['+<endsession>', ':12']);
  });

  test('finds them so though they change while they are copied', async () => {
    const pairs = Array.from({ length: 3000 }, (_, i) => `k${i} before`).join(' ');
    await rig.ask(other, `MSET ${pairs}`);
    client.send(`EVAL "return {redis.call('DBSIZE'), redis.call('MGET', 'k0', 'k2999')}" 0`);
    await new Promise((next) => setImmediate(next));
    other.send('MSET k0 after k2999 after', 'SET new key', 'DEL k7');
    await settle();
    expect(client.takenLines()).toHaveLength(3);
    expect((await say('continue')).slice(1)).toEqual([':3000', '$6', 'before', '$6', 'before']);
  });

  test('leaves nothing behind, and its connection ends', async () => {
    await say('EVAL', COUNTS, '1', 'k');
    await say('step');
    expect(await say('print', 'a')).toEqual(['+<value> 1']);
    await say('continue');
    expect(client.isEnded).toBe(true);
    expect(await rig.ask(other, 'GET k')).toBe('$-1');
    expect(rig.info('persistence', 'rdb_changes_since_last_save')).toBe('0');
  });

  test('is of the same user, database and protocol', async () => {
    await rig.ask(other, 'SELECT 3', 'SET k here', 'ACL SETUSER bob on nopass ~* +@all -get');
    client.send('HELLO 3 AUTH bob x', 'SELECT 3');
    await settle();
    client.taken();
    const source =
      "return {redis.call('EXISTS', 'k'), redis.pcall('GET', 'k').err, {double = 0.5}}";
    await say('EVAL', source, '0');
    const lines = await say('continue');
    expect(lines.slice(0, 2)).toEqual(['+<endsession>', ':1']);
    expect(lines[3]).toBe(
      "ERR ACL failure in script: User bob has no permissions to run the 'get' command",
    );
    expect(lines[4]).toBe(',0.5');
  });

  test('tells of errors as it would in place', async () => {
    expect(await say('EVAL', 'return (', '0')).toEqual([
      '+<endsession>',
      "-ERR Error compiling script (new function): user_script:1: unexpected symbol near '<eof>'",
    ]);
    expect(client.isEnded).toBe(true);
  });

  test('is refused while the copy of another one is made', async () => {
    const second = rig.connect();
    await rig.ask(second, 'SCRIPT DEBUG YES');
    client.send('EVAL "return 1" 0');
    second.send('EVAL "return 1" 0');
    await settle();
    expect(second.taken()).toBe(
      "-ERR Fork() failed: can't run EVAL in debugging mode: Resource temporarily unavailable",
    );
    // And its scripts run for real from then on.
    expect(await rig.ask(second, 'EVAL "return 2" 0')).toBe(':2');
    expect(client.takenLines()[1]).toBe('+* Stopped at 1, stop reason = step over');
  });

  test('is over when its client leaves, or the server ends', async () => {
    client.send('EVAL "return 1" 0');
    client.hangUp();
    await settle();
    expect(rig.info('clients', 'connected_clients')).toBe('1');
    // Nothing is under way any more that would forbid another one.
    client = rig.connect();
    await rig.ask(client, 'SCRIPT DEBUG YES');
    expect(await say('EVAL', COUNTS, '1', 'k')).toEqual(FIRST_STOP);
    await rig.server.stop();
    await settle();
    expect(client.isEnded).toBe(true);
  });
});
