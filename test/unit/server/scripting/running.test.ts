/** How scripts run, are left and gone on with, and are ended: whatever their language. */
import { afterEach, describe, expect, test } from 'vitest';
import type { DirectiveOptions } from '../../../../src/server/config/directives.js';
import { ToyEngine } from '../../../support/toy-engine.js';
import { type RigClient, WaitingRig } from '../../../support/waiting-rig.js';

let rig: WaitingRig;
let client: RigClient;
afterEach(() => rig.close());

function start(directives: DirectiveOptions = {}): void {
  rig = new WaitingRig(directives, { engines: [new ToyEngine()] });
  client = rig.connect();
}

/** A script of these lines, as an argument of an inline request. */
function toy(...lines: string[]): string {
  return `"#!toy\\n${lines.join('\\n')}"`;
}

function ask(...requests: string[]): Promise<string> {
  return rig.ask(client, ...requests);
}

/** Waits until others are told that the server is busy. */
async function untilBusy(other: RigClient): Promise<void> {
  for (let i = 0; i < 1000; i++) {
    if (rig.server.scripting.isAnswering) return;
    await new Promise((next) => setTimeout(next, 1));
  }
  throw new Error(`never busy: ${other.taken()}`);
}

describe('a script', () => {
  test('runs commands with its keys and arguments, and its result is the reply', async () => {
    start();
    expect(await ask(`EVAL ${toy('call SET $1 $2', 'call GET $1')} 1 k v`)).toBe('$1 v');
  });

  test('is known by the SHA-1 of its source from then on', async () => {
    start();
    const sha = await ask(`SCRIPT LOAD ${toy('call INCR n')}`);
    const digest = sha.split(' ')[1];
    expect(await ask(`EVALSHA ${digest} 0`, `EVALSHA ${digest?.toUpperCase()} 0`)).toBe(':1 :2');
    expect(await ask(`SCRIPT EXISTS ${digest} 0123`)).toBe('*2 :1 :0');
    expect(await ask('SCRIPT FLUSH', `EVALSHA ${digest} 0`)).toBe(
      '+OK -NOSCRIPT No matching script. Please use EVAL.',
    );
  });

  test('that only EVAL brought makes way when there are 500 others, one that was loaded never', async () => {
    start();
    const loaded = (await ask(`SCRIPT LOAD ${toy('call GET loaded')}`)).split(' ')[1];
    await ask(`EVAL ${toy('call GET first')} 0`);
    for (let i = 0; i < 500; i++) await ask(`EVAL ${toy(`call GET k${i}`)} 0`);
    expect(rig.info('memory', 'number_of_cached_scripts')).toBe('501');
    expect(await ask(`SCRIPT EXISTS ${loaded}`)).toBe('*1 :1');
  });

  test('may not write if it says so, or is run by EVAL_RO', async () => {
    start();
    const refused =
      '-ERR Write commands are not allowed from read-only scripts. script: SHA, on @toy:1.';
    const sha = (text: string) => text.replace(/[0-9a-f]{40}/, 'SHA');
    expect(sha(await ask(`EVAL "#!toy flags=no-writes\\ncall SET k v" 0`))).toBe(refused);
    expect(sha(await ask(`EVAL_RO ${toy('call SET k v')} 0`))).toBe(
      '-ERR Can not execute a script with write flag using *_ro command.',
    );
  });

  test('says what is wrong with its first line', async () => {
    start();
    expect(await ask(`EVAL "#!toy" 0`)).toBe('-ERR Invalid script shebang');
    expect(await ask(`EVAL "#!not\\nx" 0`)).toBe('-ERR Unexpected engine in script shebang: #!not');
    expect(await ask(`EVAL "#!toy flags=x\\n" 0`)).toBe(
      '-ERR Unexpected flag in script shebang: x',
    );
    expect(await ask(`EVAL "#!toy x=1\\n" 0`)).toBe('-ERR Unknown lua shebang option: x=1');
    expect(await ask(`EVAL ${toy('what')} 0`)).toBe(
      "-ERR Error compiling script (new function): what is 'what'?",
    );
  });

  test('wants its number of keys to be one', async () => {
    start();
    expect(await ask(`EVAL ${toy('call PING')} 2 a`)).toBe(
      "-ERR Number of keys can't be greater than number of args",
    );
    expect(await ask(`EVAL ${toy('call PING')} -1`)).toBe("-ERR Number of keys can't be negative");
    expect(await ask(`EVAL ${toy('call PING')} x`)).toBe(
      '-ERR value is not an integer or out of range',
    );
  });

  test('leaves the client in the database that it was in', async () => {
    start();
    expect(await ask(`EVAL ${toy('call SELECT 5', 'call SET k v')} 0`, 'GET k', 'SELECT 5')).toBe(
      '+OK $-1 +OK',
    );
    expect(await ask('GET k')).toBe('$1 v');
  });

  test('has its commands counted, and their refusals', async () => {
    start();
    await ask(`EVAL ${toy('call GET k', 'call GET k', 'call GET')} 0`, 'CONFIG GET maxmemory');
    expect(rig.info('commandstats', 'cmdstat_get')).toMatch(/^calls=2,.*rejected_calls=1,/);
    expect(rig.info('commandstats', 'cmdstat_eval')).toMatch(/^calls=1,.*failed_calls=1$/);
    expect(rig.info('errorstats', 'errorstat_ERR')).toBe('count=1');
  });
});

describe('a script that runs long', () => {
  test('has others wait until it is done, and then they run in their order', async () => {
    start();
    const other = rig.connect();
    client.send(`EVAL ${toy('call SET k before', 'pause 20', 'call SET k after')} 0`);
    await rig.settle();
    expect(await rig.ask(other, 'GET k', 'INCR n', 'INCR n')).toBe('');
    for (let i = 0; i < 10; i++) await rig.settle();
    expect(other.taken()).toBe('$5 after :1 :2');
    expect(client.taken()).toBe('+OK');
  });

  test('has others told that the server is busy once the threshold has passed', async () => {
    start({ 'busy-reply-threshold': 1 });
    const other = rig.connect();
    client.send(`EVAL ${toy('loop')} 0`);
    other.send('GET k');
    await untilBusy(other);
    const busy =
      '-BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.';
    expect(await rig.ask(other, 'SET k v')).toBe(`${busy} ${busy}`);
    expect(await rig.ask(other, 'FUNCTION STATS', 'SHUTDOWN', 'FUNCTION KILL')).toBe(
      `${busy} ${busy} ${busy}`,
    );
    expect(await rig.ask(other, 'SCRIPT KILL')).toBe('+OK');
    expect(await rig.ask(other, 'GET k')).toBe('$-1');
    expect(client.taken()).toMatch(/^-ERR Script killed by user with SCRIPT KILL/);
    expect(await rig.ask(other, 'SCRIPT KILL')).toBe('-NOTBUSY No scripts in execution right now.');
  });

  test('can be killed before the threshold has passed, too', async () => {
    start();
    const other = rig.connect();
    client.send(`EVAL ${toy('loop')} 0`);
    await rig.settle();
    expect(await rig.ask(other, 'SCRIPT KILL')).toBe('+OK');
    expect(client.taken()).toMatch(/^-ERR Script killed/);
  });

  test('can not be killed once it has written, nor does its client come out of it', async () => {
    start({ 'busy-reply-threshold': 1 });
    const other = rig.connect();
    client.send(`EVAL ${toy('call SET k v', 'pause 5000')} 0`, 'GET k');
    await untilBusy(other);
    expect(await rig.ask(other, 'SCRIPT KILL')).toMatch(/^-UNKILLABLE Sorry the script already/);
    let answer = '';
    for (let i = 0; i < 20_000 && answer === ''; i++) {
      await rig.settle();
      answer = client.taken();
    }
    expect(answer).toBe('+OK $1 v');
  });

  test('within a transaction has the rest of the transaction wait', async () => {
    start();
    const other = rig.connect();
    client.send('MULTI', 'INCR n', `EVAL ${toy('call INCR n', 'pause 9', 'call INCR n')} 0`);
    client.send('INCR n', `EVAL ${toy('pause 9', 'call INCR n')} 0`, 'INCR n', 'EXEC', 'INCR n');
    await rig.settle();
    other.send('GET n');
    for (let i = 0; i < 20; i++) await rig.settle();
    expect(client.taken()).toBe('+OK +QUEUED +QUEUED +QUEUED +QUEUED +QUEUED *5 :1 :3 :4 :5 :6 :7');
    // What the client has sent behind it goes first.
    expect(other.taken()).toBe('$1 7');
  });

  test('goes on when its client has gone', async () => {
    start();
    const other = rig.connect();
    client.send(`EVAL ${toy('pause 20', 'call SET k v')} 0`);
    await rig.settle();
    client.hangUp();
    for (let i = 0; i < 10; i++) await rig.settle();
    expect(await rig.ask(other, 'GET k')).toBe('$1 v');
    expect(rig.info('clients', 'blocked_clients')).toBe('0');
  });

  test('sees no key expire, and the time stand still', async () => {
    start();
    const script = toy('call TIME', 'pause 20', 'call EXISTS k');
    client.send('SET k v PX 50', `EVAL ${script} 0`);
    await rig.settle();
    await rig.advance(100);
    for (let i = 0; i < 10; i++) await rig.settle();
    expect(client.taken()).toBe('+OK :1');
    expect(await ask('EXISTS k')).toBe(':0');
  });

  test('has clients that wait for a key served when it is done', async () => {
    start();
    const other = rig.connect();
    other.send('BLPOP l 0');
    await rig.settle();
    client.send(`EVAL ${toy('call RPUSH l a', 'pause 12', 'call RPUSH l b')} 0`);
    await rig.settle();
    expect(other.taken()).toBe('');
    for (let i = 0; i < 10; i++) await rig.settle();
    expect(other.taken()).toBe('*2 $1 l $1 a');
  });
});

describe('functions', () => {
  const code = `"#!toy name=lib\\nfunction f\\ncall SET $1 $2\\nend\\nfunction g no-writes\\ncall GET $1\\nend"`;

  test('are loaded with their library, listed, called and deleted', async () => {
    start();
    expect(await ask(`FUNCTION LOAD ${code}`)).toBe('$3 lib');
    expect(await ask('FCALL f 1 k v', 'fcall G 1 k', 'FCALL_RO g 1 k')).toBe('+OK $1 v $1 v');
    expect(await ask('FCALL_RO f 1 k v')).toBe(
      '-ERR Can not execute a script with write flag using *_ro command.',
    );
    expect(await ask('FUNCTION LIST LIBRARYNAME L*')).toBe(
      '*1 *6 $12 library_name $3 lib $6 engine $3 TOY $9 functions *2 ' +
        '*6 $4 name $1 f $11 description $-1 $5 flags *0 ' +
        '*6 $4 name $1 g $11 description $-1 $5 flags *1 +no-writes',
    );
    expect(await ask('FUNCTION DELETE lib', 'FCALL f 0')).toBe('+OK -ERR Function not found');
  });

  test('are replaced all or none', async () => {
    start();
    await ask(`FUNCTION LOAD ${code}`);
    expect(await ask(`FUNCTION LOAD ${code}`)).toBe("-ERR Library 'lib' already exists");
    await ask(`FUNCTION LOAD "#!toy name=other\\nfunction h\\ncall PING\\nend"`);
    expect(await ask(`FUNCTION LOAD REPLACE "#!toy name=lib\\nfunction h\\nend"`)).toBe(
      '-ERR Function h already exists',
    );
    expect(await ask('FCALL f 1 k v')).toBe('+OK');
    expect(await ask(`FUNCTION LOAD REPLACE "#!toy name=lib\\nfunction i\\ncall PING\\nend"`)).toBe(
      '$3 lib',
    );
    expect(await ask('FCALL f 1 k v', 'FCALL i 0')).toBe('-ERR Function not found +PONG');
  });

  test('survive FUNCTION DUMP and RESTORE, as the policy has it', async () => {
    start();
    await ask(`FUNCTION LOAD ${code}`);
    const { functions } = rig.server.scripting;
    const payload = functions.dump();
    expect(() => functions.restore(payload, 'append')).toThrow(
      expect.objectContaining({ text: 'ERR Library lib already exists' }),
    );
    functions.restore(payload, 'replace');
    functions.flush();
    functions.restore(payload, 'append');
    expect(await ask('FCALL f 1 k v')).toBe('+OK');
    payload[3]! ^= 1;
    expect(() => functions.restore(payload, 'flush')).toThrow(
      expect.objectContaining({ text: 'ERR DUMP payload version or checksum are wrong' }),
    );
  });

  test('are killed by FUNCTION KILL only, and FUNCTION STATS names the one that runs', async () => {
    start({ 'busy-reply-threshold': 1 });
    const other = rig.connect();
    await ask(`FUNCTION LOAD "#!toy name=lib\\nfunction f\\nloop\\nend"`);
    client.send('FCALL f 0');
    await untilBusy(other);
    expect(await rig.ask(other, 'SCRIPT KILL')).toBe(
      '-BUSY Redis is busy running a script. You can only call FUNCTION KILL or SHUTDOWN NOSAVE.',
    );
    expect(await rig.ask(other, 'FUNCTION STATS')).toMatch(
      /^\*4 \$14 running_script \*6 \$4 name \$1 f \$7 command \*3 \$5 FCALL \$1 f \$1 0/,
    );
    expect(await rig.ask(other, 'FUNCTION KILL')).toBe('+OK');
  });
});
