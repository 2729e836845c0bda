/** SCRIPT, FUNCTION: what they say of wrong arguments; COMMAND GETKEYS of what runs scripts. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ToyEngine } from '../../support/toy-engine.js';
import { type RigClient, WaitingRig } from '../../support/waiting-rig.js';

let rig: WaitingRig;
let client: RigClient;
beforeEach(() => {
  rig = new WaitingRig({}, { engines: [new ToyEngine()] });
  client = rig.connect();
});
afterEach(() => rig.close());

const ask = (...requests: string[]) => rig.ask(client, ...requests);

test('SCRIPT and FUNCTION FLUSH take ASYNC or SYNC', async () => {
  expect(await ask('SCRIPT FLUSH', 'SCRIPT FLUSH async', 'SCRIPT FLUSH SYNC')).toBe('+OK +OK +OK');
  expect(await ask('SCRIPT FLUSH x')).toBe('-ERR SCRIPT FLUSH only support SYNC|ASYNC option');
  expect(await ask('FUNCTION FLUSH x')).toBe('-ERR FUNCTION FLUSH only supports SYNC|ASYNC option');
  expect(await ask('FUNCTION FLUSH SYNC x')).toBe(
    "-ERR unknown subcommand or wrong number of arguments for 'FLUSH'. Try FUNCTION HELP.",
  );
});

test('SCRIPT DEBUG takes three words, and no pipeline', async () => {
  for (const mode of ['NO', 'YES', 'SYNC']) expect(await ask(`SCRIPT DEBUG ${mode}`)).toBe('+OK');
  expect(await ask('SCRIPT DEBUG x')).toBe('-ERR Use SCRIPT DEBUG YES/SYNC/NO');
  expect(await ask('PING', 'SCRIPT DEBUG NO')).toBe(
    '+PONG -ERR SCRIPT DEBUG must be called outside a pipeline',
  );
});

test('FUNCTION LOAD and LIST say which option they do not know', async () => {
  expect(await ask('FUNCTION LOAD x y')).toBe('-ERR Unknown option given: x');
  expect(await ask('FUNCTION LOAD REPLACE')).toBe('-ERR Missing library metadata');
  expect(await ask('FUNCTION LIST x')).toBe('-ERR Unknown argument x');
  expect(await ask('FUNCTION LIST LIBRARYNAME')).toBe('-ERR library name argument was not given');
  expect(await ask('FUNCTION RESTORE x y')).toBe(
    '-ERR Wrong restore policy given, value should be either FLUSH, APPEND or REPLACE.',
  );
  expect(await ask('FUNCTION DELETE x')).toBe('-ERR Library not found');
});

test('FUNCTION LOAD says what is wrong with the first line', async () => {
  const load = (line: string) => ask(`FUNCTION LOAD "${line}"`);
  expect(await load('#!toy')).toBe('-ERR Invalid library metadata');
  expect(await load('#!toy\\n')).toBe('-ERR Library name was not given');
  expect(await load('#!toy name=a name=b\\n')).toBe(
    '-ERR Invalid metadata value, name argument was given multiple times',
  );
  expect(await load('#!toy foo=a\\n')).toBe('-ERR Invalid metadata value given: foo=a');
  expect(await load('#!toy name=a-b\\n')).toMatch(/^-ERR Library names can only contain letters/);
  expect(await load('#!no name=a\\n')).toBe("-ERR Engine 'no' not found");
  expect(await load('#!TOY name=a\\n')).toBe('-ERR No functions registered');
  expect(await load('#!toy name=a\\nwhat')).toBe("-ERR Error compiling function: what is 'what'?");
  expect(await load('#!toy name=a\\nfunction x-y\\nend')).toMatch(
    /^-ERR Error registering functions: ERR Library names can only contain/,
  );
});

test('COMMAND GETKEYS finds the keys of a script by their number', async () => {
  expect(await ask('COMMAND GETKEYS EVAL x 2 a b c')).toBe('*2 $1 a $1 b');
  expect(await ask('COMMAND GETKEYS FCALL_RO x 1 a b')).toBe('*1 $1 a');
  expect(await ask('COMMAND GETKEYS EVALSHA x 0')).toBe('*0');
});
