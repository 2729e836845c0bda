/** Waiting for keys: who is served, when, with what, and how it is counted. */
import { afterEach, describe, expect, test } from 'vitest';
import { WaitingRig } from '../../support/waiting-rig.js';

const rigs: WaitingRig[] = [];

afterEach(async () => {
  for (const rig of rigs.splice(0)) await rig.close();
});

function start(directives?: ConstructorParameters<typeof WaitingRig>[0]): WaitingRig {
  const rig = new WaitingRig(directives);
  rigs.push(rig);
  return rig;
}

/** A rig, someone who writes, and so many who wait. */
function cast(waiters: number, directives?: ConstructorParameters<typeof WaitingRig>[0]) {
  const rig = start(directives);
  const writer = rig.connect();
  return { rig, writer, waiters: Array.from({ length: waiters }, () => rig.connect()) };
}

describe('a client that waits for a key', () => {
  test('is answered when the key comes', async () => {
    const { rig, writer, waiters } = cast(1);
    const [a] = waiters;
    expect(await rig.ask(a!, 'wpop k 0')).toBe('');
    expect(await rig.ask(writer, 'wpush k x')).toBe(':1');
    expect(a!.taken()).toBe('*2 $1 k $1 x');
    expect(await rig.ask(writer, 'exists k')).toBe(':0');
  });

  test('does not wait when there is something already', async () => {
    const { rig, writer, waiters } = cast(1);
    await rig.ask(writer, 'wpush k x');
    expect(await rig.ask(waiters[0]!, 'wpop k 0')).toBe('*2 $1 k $1 x');
  });

  test('has its further requests run after that, in order', async () => {
    const { rig, writer, waiters } = cast(1);
    const [a] = waiters;
    expect(await rig.ask(a!, 'ping', 'wpop k 0', 'echo 1', 'wpop k 0', 'echo 2')).toBe('+PONG');
    await rig.ask(writer, 'wpush k x');
    expect(a!.taken()).toBe('*2 $1 k $1 x $1 1');
    await rig.ask(writer, 'wpush k y');
    expect(a!.taken()).toBe('*2 $1 k $1 y $1 2');
  });

  test('is served before the next command of whoever brought the key', async () => {
    const { rig, writer, waiters } = cast(1);
    await rig.ask(waiters[0]!, 'wpop k 0');
    expect(await rig.ask(writer, 'ping', 'wpush k x', 'exists k', 'ping')).toBe(
      '+PONG :1 :0 +PONG',
    );
    expect(waiters[0]!.taken()).toBe('*2 $1 k $1 x');
  });

  test('takes the first of its keys that has something, whichever has woken it', async () => {
    const { rig, writer, waiters } = cast(2);
    await rig.ask(waiters[0]!, 'wpop a b 0');
    await rig.ask(waiters[1]!, 'wpop b a 0');
    await rig.ask(writer, 'wpush b 1');
    expect(waiters[0]!.taken()).toBe('*2 $1 b $1 1');
    await rig.ask(writer, 'wpush a 2');
    expect(waiters[1]!.taken()).toBe('*2 $1 a $1 2');
  });

  test('may name a key more than once', async () => {
    const { rig, writer, waiters } = cast(1);
    await rig.ask(waiters[0]!, 'wpop k k k 0');
    await rig.ask(writer, 'wpush k ab');
    expect(waiters[0]!.taken()).toBe('*2 $1 k $1 a');
    expect(await rig.ask(writer, 'wpop k 0')).toBe('*2 $1 k $1 b');
  });

  test('is not woken by a key of another type, nor by one that is gone again', async () => {
    const { rig, writer, waiters } = cast(1);
    await rig.ask(waiters[0]!, 'wpop k 0');
    await rig.ask(writer, 'set k x', 'get k', 'del k');
    expect(waiters[0]!.taken()).toBe('');
    await rig.ask(writer, 'wpush k y');
    expect(waiters[0]!.taken()).toBe('*2 $1 k $1 y');
  });

  test('is woken by RENAME, COPY and MOVE', async () => {
    const { rig, writer, waiters } = cast(3);
    for (const [i, waiter] of waiters.entries()) await rig.ask(waiter, `wpop k${i} 0`);
    await rig.ask(writer, 'wpush src xy', 'copy src k0', 'rename src k1', 'select 1');
    await rig.ask(writer, 'wpush k2 z', 'move k2 0');
    expect(waiters.map((waiter) => waiter.taken())).toEqual([
      '*2 $2 k0 $1 x',
      '*2 $2 k1 $1 x',
      '*2 $2 k2 $1 z',
    ]);
  });

  test('waits in its own database', async () => {
    const { rig, writer, waiters } = cast(1);
    await rig.ask(waiters[0]!, 'select 1', 'wpop k 0');
    await rig.ask(writer, 'wpush k x');
    expect(waiters[0]!.taken()).toBe('');
    await rig.ask(writer, 'select 1', 'wpush k y');
    expect(waiters[0]!.taken()).toBe('*2 $1 k $1 y');
  });

  test('sees the keys of the other database after SWAPDB', async () => {
    const { rig, writer, waiters } = cast(2);
    await rig.ask(writer, 'select 1', 'wpush k x', 'select 0');
    await rig.ask(waiters[0]!, 'wpop k 0');
    await rig.ask(waiters[1]!, 'select 1', 'wpop other 0');
    await rig.ask(writer, 'swapdb 0 1');
    expect(waiters[0]!.taken()).toBe('*2 $1 k $1 x');
    await rig.ask(writer, 'select 1', 'wpush other y');
    expect(waiters[1]!.taken()).toBe('*2 $5 other $1 y');
  });

  test('ignores a key whose time has come, also in a database that comes by SWAPDB', async () => {
    const { rig, writer, waiters } = cast(1);
    await rig.ask(writer, 'debug set-active-expire 0', 'select 1', 'wpush k x', 'pexpire k 100');
    await rig.ask(waiters[0]!, 'wpop k 0');
    await rig.advance(101);
    await rig.ask(writer, 'swapdb 0 1');
    expect(waiters[0]!.taken()).toBe('');
  });

  test('loses nothing by going away', async () => {
    const { rig, writer, waiters } = cast(2);
    await rig.ask(waiters[0]!, 'wpop k 0');
    await rig.ask(waiters[1]!, 'wpop k 0');
    waiters[0]!.hangUp();
    await rig.settle();
    await rig.ask(writer, 'wpush k x');
    expect(waiters[1]!.taken()).toBe('*2 $1 k $1 x');
    expect(rig.info('clients', 'blocked_clients')).toBe('0');
  });

  test('loses nothing by CLIENT KILL', async () => {
    const { rig, writer, waiters } = cast(1);
    const id = (await rig.ask(waiters[0]!, 'client id', 'wpop k 5')).slice(1);
    await rig.ask(writer, `client kill id ${id}`, 'wpush k x');
    expect(await rig.ask(writer, 'exists k')).toBe(':1');
    expect(rig.info('clients', 'clients_in_timeout_table')).toBe('0');
  });

  test('has the error of its command when that fails at last', async () => {
    const { rig, writer, waiters } = cast(2);
    await rig.ask(waiters[0]!, 'wmove src dst 0');
    await rig.ask(waiters[1]!, 'wpop src 0');
    await rig.ask(writer, 'set dst x', 'wpush src y');
    expect(waiters[0]!.taken()).toMatch(/^-WRONGTYPE/);
    expect(waiters[1]!.taken()).toBe('*2 $3 src $1 y');
  });
});

describe('several clients', () => {
  test('are served in the order in which they came, as far as there is something', async () => {
    const { rig, writer, waiters } = cast(4);
    for (const waiter of waiters) await rig.ask(waiter, 'wpop k 0');
    await rig.ask(writer, 'wpush k abc');
    expect(waiters.map((waiter) => waiter.taken().at(-1))).toEqual(['a', 'b', 'c', undefined]);
  });

  test('keep their order when they come while others are served', async () => {
    const { rig, writer, waiters } = cast(2);
    await rig.ask(waiters[0]!, 'wpop k 0', 'wpop k 0');
    await rig.ask(waiters[1]!, 'wpop k 0');
    await rig.ask(writer, 'wpush k ab');
    expect(waiters.map((waiter) => waiter.taken())).toEqual(['*2 $1 k $1 a', '*2 $1 k $1 b']);
  });

  test('come before a pop that is pipelined behind the push', async () => {
    const { rig, writer, waiters } = cast(1);
    await rig.ask(waiters[0]!, 'wpop k 0');
    expect(await rig.ask(writer, 'wpush k 1', 'wpop k 0')).toBe(':1');
    expect(waiters[0]!.taken()).toBe('*2 $1 k $1 1');
    const another = rig.connect();
    await rig.ask(another, 'wpush k 2');
    expect(writer.taken()).toBe('*2 $1 k $1 2');
  });

  test('may wake one another in a chain', async () => {
    const { rig, writer, waiters } = cast(3);
    await rig.ask(waiters[2]!, 'wpop c 0');
    await rig.ask(waiters[1]!, 'wmove b c 0');
    await rig.ask(waiters[0]!, 'wmove a b 0');
    await rig.ask(writer, 'wpush a x', 'dbsize');
    expect(waiters.map((waiter) => waiter.taken())).toEqual(['$1 x', '$1 x', '*2 $1 c $1 x']);
    expect(writer.taken()).toBe('');
  });

  test('may move an element in a circle', async () => {
    const { rig, writer, waiters } = cast(2);
    await rig.ask(waiters[0]!, 'wmove a b 0');
    await rig.ask(waiters[1]!, 'wmove b a 0');
    await rig.ask(writer, 'wpush a x');
    expect(waiters.map((waiter) => waiter.taken())).toEqual(['$1 x', '$1 x']);
    expect(await rig.ask(writer, 'wpop a 0')).toBe('*2 $1 a $1 x');
  });

  test('that find nothing wait on in their place, with their deadline', async () => {
    const { rig, writer, waiters } = cast(2);
    await rig.ask(writer, 'wpush k a');
    await rig.ask(waiters[0]!, 'wtake k 3 10');
    await rig.ask(waiters[1]!, 'wtake k 3 10');
    await rig.advance(4000);
    await rig.ask(writer, 'wpush k b');
    expect(rig.info('clients', 'blocked_clients')).toBe('2');
    await rig.ask(writer, 'wpush k c');
    expect(waiters.map((waiter) => waiter.taken())).toEqual(['$3 abc', '-NOGROUP the key is gone']);
    expect(rig.info('clients', 'clients_in_timeout_table')).toBe('0');
  });

  test('that look at deletions are told of them, the others are not', async () => {
    const { rig, writer, waiters } = cast(3);
    await rig.ask(writer, 'wpush k a', 'wpush l a', 'wpush m a');
    for (const [i, key] of ['k', 'l', 'm'].entries())
      await rig.ask(waiters[i]!, `wtake ${key} 2 0`);
    expect(rig.info('clients', 'total_blocking_keys_on_nokey')).toBe('3');
    await rig.ask(writer, 'del k', 'set l x');
    expect(waiters[0]!.taken()).toBe('-NOGROUP the key is gone');
    expect(waiters[1]!.taken()).toMatch(/^-WRONGTYPE/);
    await rig.ask(writer, 'flushdb');
    expect(waiters[2]!.taken()).toBe('-NOGROUP the key is gone');
  });

  test('are told of deletions that nobody asked for: a key that expires', async () => {
    const { rig, writer, waiters } = cast(1);
    await rig.server.start();
    await rig.ask(writer, 'wpush k a', 'pexpire k 50');
    await rig.ask(waiters[0]!, 'wtake k 2 0');
    for (let i = 0; i < 10; i++) await rig.advance(100);
    expect(waiters[0]!.taken()).toBe('-NOGROUP the key is gone');
  });
});

describe('a deadline', () => {
  test('answers null, to the millisecond', async () => {
    const { rig, writer, waiters } = cast(3);
    await rig.ask(waiters[0]!, 'wpop k 0.0101', 'ping');
    await rig.ask(waiters[1]!, 'wmove k l 0.02');
    await rig.ask(waiters[2]!, 'hello 3');
    waiters[2]!.taken();
    await rig.ask(waiters[2]!, 'wpop k 0.02');
    await rig.advance(10);
    expect(waiters.map((waiter) => waiter.taken())).toEqual(['', '', '']);
    await rig.advance(1);
    expect(waiters.map((waiter) => waiter.taken())).toEqual(['*-1 +PONG', '', '']);
    await rig.advance(9);
    expect(waiters.map((waiter) => waiter.taken())).toEqual(['', '$-1', '_']);
    expect(await rig.ask(writer, 'wpush k x')).toBe(':1');
    expect(rig.info('clients', 'clients_in_timeout_table')).toBe('0');
  });

  test('of zero never passes', async () => {
    const { rig, waiters } = cast(1);
    await rig.ask(waiters[0]!, 'wpop k 0');
    await rig.advance(1e12);
    expect(waiters[0]!.taken()).toBe('');
    expect(rig.info('clients', 'clients_in_timeout_table')).toBe('0');
  });

  test('passes for many at once in the order of their deadlines', async () => {
    const { rig, waiters } = cast(20);
    for (const [i, waiter] of waiters.entries()) await rig.ask(waiter, `wpop k ${20 - i}`);
    for (let second = 1; second <= 20; second++) {
      await rig.advance(1000);
      const answered = waiters.map((waiter) => waiter.taken() === '*-1');
      expect(answered.indexOf(true)).toBe(20 - second);
      expect(answered.lastIndexOf(true)).toBe(20 - second);
    }
  });

  test('does not close a client as idle that has waited long', async () => {
    const { rig, waiters } = cast(1, { timeout: 10 });
    await rig.server.start();
    await rig.ask(waiters[0]!, 'wpop k 60');
    for (let i = 0; i < 62; i++) await rig.advance(1000);
    expect(await rig.ask(waiters[0]!, 'ping')).toBe('*-1 +PONG');
  });
});

describe('CLIENT UNBLOCK', () => {
  test('answers as the deadline would, or with an error', async () => {
    const { rig, writer, waiters } = cast(1);
    const [a] = waiters;
    const id = (await rig.ask(a!, 'client id')).slice(1);
    expect(await rig.ask(writer, `client unblock ${id}`)).toBe(':0');
    for (const reason of ['', ' timeout']) {
      await rig.ask(a!, 'wpop k 0');
      expect(await rig.ask(writer, `client unblock ${id}${reason}`)).toBe(':1');
      expect(a!.taken()).toBe('*-1');
    }
    await rig.ask(a!, 'wpop k 0', 'ping');
    expect(await rig.ask(writer, `client unblock ${id} error`)).toBe(':1');
    expect(a!.taken()).toBe('-UNBLOCKED client unblocked via CLIENT UNBLOCK +PONG');
    await rig.ask(writer, 'wpush k x');
    expect(await rig.ask(a!, 'wpop k 0')).toBe('*2 $1 k $1 x');
  });
});

describe('CLIENT PAUSE', () => {
  test('of writes has those who wait for keys wait on, until it ends or their deadline passes', async () => {
    const { rig, writer, waiters } = cast(2);
    await rig.ask(waiters[0]!, 'wpop k 0');
    await rig.ask(waiters[1]!, 'wpop k 1');
    await rig.ask(writer, 'select 1', 'wpush k xy', 'client pause 2000 write');
    // A write that nobody sent: the keys of another database come.
    rig.server.keyspace.swap(0, 1);
    for (const client of rig.server.clients.all()) client.db = rig.server.keyspace.databases[0]!;
    await rig.settle();
    expect(waiters.map((waiter) => waiter.taken())).toEqual(['', '']);
    await rig.advance(1500);
    expect(waiters.map((waiter) => waiter.taken())).toEqual(['', '*-1']);
    await rig.advance(500);
    expect(waiters.map((waiter) => waiter.taken())).toEqual(['*2 $1 k $1 x', '']);
  });
});

describe('CLIENT REPLY', () => {
  test('OFF keeps the late reply back', async () => {
    const { rig, writer, waiters } = cast(1);
    await rig.ask(waiters[0]!, 'client reply off', 'wpop k 0');
    expect(await rig.ask(writer, 'wpush k x', 'exists k')).toBe(':1 :0');
    expect(await rig.ask(waiters[0]!, 'client reply on', 'ping')).toBe('+OK +PONG');
  });

  test('SKIP skips the late reply, and none after it', async () => {
    const { rig, writer, waiters } = cast(1);
    await rig.ask(waiters[0]!, 'client reply skip', 'wpop k 0', 'echo 1');
    await rig.ask(writer, 'wpush k x');
    expect(waiters[0]!.taken()).toBe('$1 1');
    await rig.ask(waiters[0]!, 'client reply skip', 'wpop k 1', 'echo 2');
    await rig.advance(1000);
    expect(await rig.ask(waiters[0]!, 'echo 3')).toBe('$1 2 $1 3');
  });
});

describe('what is told of those who wait', () => {
  test('INFO and CLIENT LIST', async () => {
    const { rig, writer, waiters } = cast(2);
    await rig.ask(waiters[0]!, 'wpop a b 0');
    await rig.ask(waiters[1]!, 'select 1', 'wpop a 10');
    expect(rig.info('clients', 'blocked_clients')).toBe('2');
    expect(rig.info('clients', 'clients_in_timeout_table')).toBe('1');
    expect(rig.info('clients', 'total_blocking_keys')).toBe('3');
    expect(rig.info('clients', 'total_blocking_keys_on_nokey')).toBe('0');
    const list = await rig.ask(writer, 'client list');
    expect(list.match(/ flags=b [^\n]* argv-mem=7 [^\n]* cmd=wpop /g)).toHaveLength(2);
  });

  test('a command counts once, when it is answered', async () => {
    const { rig, writer, waiters } = cast(1);
    const [a] = waiters;
    const id = (await rig.ask(a!, 'client id')).slice(1);
    const stat = () => rig.info('commandstats', 'cmdstat_wpop')?.replace(/,usec.*?,r/, ',r');
    await rig.ask(writer, 'config resetstat');
    const processed = rig.server.stats.commandsProcessed;
    await rig.ask(a!, 'wpop k 0');
    expect(stat()).toBeUndefined();
    expect(rig.server.stats.commandsProcessed).toBe(processed);
    await rig.ask(writer, 'wpush k x');
    expect(stat()).toBe('calls=1,rejected_calls=0,failed_calls=0');
    expect(rig.server.stats.commandsProcessed).toBe(processed + 2);
    await rig.ask(a!, 'wpop k 1');
    await rig.advance(1000);
    expect(stat()).toBe('calls=2,rejected_calls=0,failed_calls=0');
    await rig.ask(a!, 'wpop k 1');
    await rig.ask(writer, `client unblock ${id} error`);
    expect(stat()).toBe('calls=3,rejected_calls=0,failed_calls=1');
    expect(rig.info('latencystats', 'latency_percentiles_usec_wpop')).toMatch(/^p50=/);
  });

  test('nothing is left when all have gone', async () => {
    const { rig, writer, waiters } = cast(3);
    for (const waiter of waiters) await rig.ask(waiter, 'wpop a b c 0');
    await rig.ask(writer, 'wpush b xyz');
    expect(rig.info('clients', 'total_blocking_keys')).toBe('0');
    expect(rig.server.keyspace.databases[0]!.waiters).toBeUndefined();
    expect(rig.server.gate.bits).toBe(0);
  });
});
