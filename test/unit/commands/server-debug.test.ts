import { describe, expect, it } from 'vitest';
import { createServer } from '../../../src/index.js';
import { RespClient, showReply } from '../../support/resp-client.js';
import { serverRig } from './server-rig.js';

const rig = serverRig({ clock: 'manual', debugArena: true });
const { ask } = rig;

describe('DEBUG', () => {
  it('is refused unless enable-debug-command allows it', async () => {
    const server = await createServer({});
    const client = await RespClient.connect(server.port);
    expect(showReply(await client.send('DEBUG', 'SLEEP', '0'))).toBe(
      '-ERR DEBUG command not allowed. If the enable-debug-command option is set to "local", you ' +
        'can run it from a local connection, otherwise you need to set this option in the ' +
        'configuration file, and then restart the server.',
    );
    client.close();
    await server.close();
  });

  it('names a subcommand that is unknown, or has too many arguments', async () => {
    const error = (name: string) =>
      `-ERR unknown subcommand or wrong number of arguments for '${name}'. Try DEBUG HELP.`;
    expect(await ask('DEBUG nosuch')).toBe(error('nosuch'));
    expect(await ask('DEBUG SLEEP')).toBe(error('SLEEP'));
    expect(await ask('DEBUG DIGEST x')).toBe(error('DIGEST'));
  });

  it('DIGEST is the one that Redis has for the same data, whatever the order', async () => {
    expect(await ask('DEBUG DIGEST')).toBe(`+${'0'.repeat(40)}`);
    for (const pair of ['e -5 EX 100', 'c 12345678901234567890', 'b hello', 'a 1']) {
      await ask(`SET ${pair}`);
    }
    expect(await ask('DEBUG DIGEST')).toBe('+2c8c2d3763cd2bdcd5b07a4f005dd4cf08932cca');
    await ask('SELECT 3');
    await ask('SET a 1');
    await ask('SELECT 0');
    expect(await ask('DEBUG DIGEST')).toBe('+424aa8a8c8d83f0c91dc7e1bb289a8ceb4f8be26');
    expect(await ask('DEBUG DIGEST-VALUE a e nokey')).toBe(
      '[+b4fc66738120fba0b5aa500ab5c2bf89cea1c5da +5e7bb43ff7169414926e7b00f501de9c6323c862 ' +
        `+${'0'.repeat(40)}]`,
    );
  });

  it('POPULATE fills keys with values of a size and leaves existing keys alone', async () => {
    await ask('SET p:1 mine');
    expect(await ask('DEBUG POPULATE 3 p 10')).toBe('+OK');
    expect(await ask('MGET p:0 p:1 p:2')).toBe(
      '["value:0\\u0000\\u0000\\u0000" "mine" "value:2\\u0000\\u0000\\u0000"]',
    );
    await ask('DEBUG POPULATE 2 cut 3');
    expect(await ask('GET cut:0')).toBe('"val"');
    expect(await ask('DEBUG POPULATE -1')).toBe('-ERR value is out of range, must be positive');
  });

  it('OBJECT tells how a value is kept', async () => {
    await ask('SET n 300');
    expect(await ask('DEBUG OBJECT n')).toMatch(
      /^\+Value at:0x[0-9a-f]+ refcount:\d+ encoding:int serializedlength:3 lru:\d+ lru_seconds_idle:0$/,
    );
    expect(await ask('DEBUG OBJECT nokey')).toBe('-ERR no such key');
  });

  it('HTSTATS shows the tables of a database', async () => {
    expect(await ask('DEBUG HTSTATS 9')).toBe(
      '"[Dictionary HT]\\nHash table 0 stats (main hash table):\\n' +
        'No stats available for empty dictionaries\\n' +
        '[Expires HT]\\nHash table 0 stats (main hash table):\\n' +
        'No stats available for empty dictionaries\\n"',
    );
    const full = await ask('DEBUG HTSTATS 3 full');
    expect(full).toContain(
      ' number of elements: 1\\n different slots: 1\\n max chain length: 1\\n',
    );
    expect(await ask('DEBUG HTSTATS 16')).toBe('-ERR Out of range database');
    expect(await ask('DEBUG HTSTATS-KEY a')).toBe(
      '-ERR The value stored at the specified key is not represented using an hash table',
    );
  });

  it('PROTOCOL has a sample of every type, in both protocols', async () => {
    const samples = async (types: string) => {
      const replies: string[] = [];
      for (const type of types.split(' ')) replies.push(await ask(`DEBUG PROTOCOL ${type}`));
      return replies;
    };
    const types = 'string integer double bignum null array set map attrib verbatim true false';
    expect(await samples(types)).toEqual([
      '"Hello World"',
      ':12345',
      '"3.141"',
      '"1234567999999999999999999999999999999"',
      'null-bulk',
      '[:0 :1 :2]',
      '[:0 :1 :2]',
      '[:0 :0 :1 :1 :2 :0]',
      '"Some real reply following the attribute"',
      '"This is a verbatim\\nstring"',
      ':1',
      ':0',
    ]);
    expect(await ask('DEBUG PROTOCOL push')).toBe('-ERR RESP2 is not supported by this command');
    await ask('HELLO 3');
    expect(await samples(types)).toEqual([
      '"Hello World"',
      ':12345',
      ',3.141',
      '(1234567999999999999999999999999999999',
      'null',
      '[:0 :1 :2]',
      '~[:0 :1 :2]',
      '{:0: #f, :1: #t, :2: #f}',
      '|{"key-popularity": ["key:123" :90]} "Some real reply following the attribute"',
      '=txt:"This is a verbatim\\nstring"',
      '#t',
      '#f',
    ]);
    expect(await ask('DEBUG PROTOCOL push')).toBe('"Some real reply following the push reply"');
    const push = await rig.client.nextOutOfBand();
    expect(showReply(push.reply)).toBe('>["server-cpu-usage" :42]');
    await ask('HELLO 2');
  });

  it('ERROR answers with the error it is given, which no statistics count', async () => {
    await ask('CONFIG RESETSTAT');
    expect(showReply(await rig.client.send('DEBUG', 'ERROR', 'MY own\r\nwords'))).toBe(
      '-MY own  words',
    );
    expect(await rig.text('INFO', 'errorstats')).toBe('# Errorstats\r\n');
  });

  it('LOG writes to the log', async () => {
    expect(await ask('DEBUG LOG something')).toBe('+OK');
    expect(rig.log).toContain('DEBUG LOG: something');
  });

  it('PANIC writes a bug report and ends the server', async () => {
    const log: string[] = [];
    const note = (line: string): void => void log.push(line);
    const server = await createServer({
      'enable-debug-command': 'local',
      log: { debug: note, verbose: note, notice: note, warning: note },
    });
    const client = await RespClient.connect(server.port);
    client.write('DEBUG', 'PANIC');
    await client.closed();
    const report = log.slice(
      log.findIndex((line) => line.startsWith('=== REDIS BUG REPORT START')),
    );
    expect(report.some((line) => line.startsWith('Guru Meditation: DEBUG PANIC called'))).toBe(
      true,
    );
    expect(report).toEqual(
      expect.arrayContaining([
        '------ STACK TRACE ------',
        '# Server',
        'argv[1]: \'"PANIC"\'',
        '=== REDIS BUG REPORT END. Make sure to include from START to END. ===',
      ]),
    );
    await server.close();
  });
});
