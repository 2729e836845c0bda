import { describe, expect, it } from 'vitest';
import { serverRig } from './server-rig.js';

const rig = serverRig();
const { ask } = rig;

describe('COMMAND', () => {
  it('counts as many commands as it describes and documents', async () => {
    const count = Number((await ask('COMMAND COUNT')).slice(1));
    const all = await rig.client.send('COMMAND');
    const docs = await rig.client.send('COMMAND', 'DOCS');
    expect(all.kind === 'array' && all.items.length).toBe(count);
    expect(docs.kind === 'array' && docs.items.length).toBe(2 * count);
    expect(await ask('COMMAND INFO')).toBe(await ask('COMMAND'));
  });

  it('INFO describes arity, flags, first keys, categories and key specs', async () => {
    expect(await ask('COMMAND INFO get nosuch')).toBe(
      '[["get" :2 [+readonly +fast] :1 :1 :1 [+@read +@string +@fast] [] ' +
        '[["flags" [+RO +access] "begin_search" ["type" "index" "spec" ["index" :1]] ' +
        '"find_keys" ["type" "range" "spec" ["lastkey" :0 "keystep" :1 "limit" :0]]]] []] null-bulk]',
    );
  });

  it('INFO finds subcommands by their full names, in any case', async () => {
    const info = await ask('COMMAND INFO Memory|USAGE memory|nosuch get|x');
    expect(info).toMatch(
      /^\[\["memory\|usage" :-3 \[\+readonly\] :2 :2 :1 .* null-bulk null-bulk\]$/,
    );
  });

  it('INFO lists the subcommands of a container inside', async () => {
    const info = await ask('COMMAND INFO memory');
    expect(info.match(/"memory\|[\w-]+"/g)?.sort()).toEqual([
      '"memory|doctor"',
      '"memory|help"',
      '"memory|malloc-stats"',
      '"memory|purge"',
      '"memory|stats"',
      '"memory|usage"',
    ]);
  });

  it('uses sets and maps in RESP3', async () => {
    await ask('HELLO 3');
    const info = await ask('COMMAND INFO echo');
    const docs = await ask('COMMAND DOCS echo');
    await ask('HELLO 2');
    expect(info).toBe(
      '[["echo" :2 ~[+loading +stale +fast] :0 :0 :0 ~[+@fast +@connection] ~[] ~[] ~[]]]',
    );
    expect(docs).toMatch(
      /^{"echo": {"summary": ".*", "since": "1.0.0", "group": "connection", "complexity": "O\(1\)", "arguments": \[{"name": "message", "type": "string", "display_text": "message"}\]}}$/,
    );
  });

  it('DOCS leaves unknown names out, and tells what a command is replaced by', async () => {
    expect(await ask('COMMAND DOCS nosuch')).toBe('[]');
    const docs = await ask('COMMAND DOCS getset');
    expect(docs).toContain('"doc_flags" [+deprecated] "deprecated_since" "6.2.0" "replaced_by"');
  });

  it('LIST selects by category, by pattern in any case, or by a module (there are none)', async () => {
    expect(await ask('COMMAND LIST FILTERBY PATTERN MSET*')).toBe('["mset" "msetnx"]');
    expect(await ask('COMMAND LIST FILTERBY PATTERN memory|*s')).toBe(
      '["memory|malloc-stats" "memory|stats"]',
    );
    expect(await ask('COMMAND LIST filterby aclcat STRING')).toContain('"getdel"');
    expect(await ask('COMMAND LIST FILTERBY ACLCAT nosuch')).toBe('[]');
    expect(await ask('COMMAND LIST FILTERBY MODULE any')).toBe('[]');
    expect(await ask('COMMAND LIST FILTERBY PATTERN')).toBe('-ERR syntax error');
    expect(await ask('COMMAND LIST FILTERBY COLOUR red')).toBe('-ERR syntax error');
  });

  it.each([
    ['GETKEYS get k', '["k"]'],
    ['GETKEYS mset a 1 b 2', '["a" "b"]'],
    ['GETKEYS memory usage k', '["k"]'],
    ['GETKEYS zunionstore to 1 a b', '["to" "a"]'],
    ['GETKEYS zunionstore to 4294967297 a b', '["to" "a"]'],
    ['GETKEYS zunionstore to 9007199254740993 a b', '["to" "a"]'],
    ['GETKEYS zunionstore to 4294967297x a b', '["a" "to"]'],
    [
      'GETKEYS zunionstore to 9223372036854775808 a',
      '-ERR Invalid arguments specified for command',
    ],
    ['GETKEYSANDFLAGS set k v', '[["k" [+OW +update]]]'],
    ['GETKEYSANDFLAGS set k v ex 9 get', '[["k" [+RW +access +update]]]'],
    ['GETKEYS nosuch k', '-ERR Invalid command specified'],
    ['GETKEYS memory nosuch', '-ERR Invalid command specified'],
    ['GETKEYS config|get k', '-ERR Invalid command specified'],
    ['GETKEYS ping', '-ERR The command has no key arguments'],
    ['GETKEYS get', '-ERR Invalid number of arguments specified for command'],
    ['NOSUCH', "-ERR unknown subcommand 'NOSUCH'. Try COMMAND HELP."],
  ])('%s answers %s', async (command, answer) => {
    expect(await ask(`COMMAND ${command}`)).toBe(answer);
  });

  it('HELP is an array of lines that begins with the usage', async () => {
    expect(await ask('COMMAND HELP')).toMatch(
      /^\[\+COMMAND <subcommand> \[<arg> \[value\] \[opt\] ...\]\. Subcommands are: .*\+HELP \+ {4}Print this help\.\]$/,
    );
  });
});
