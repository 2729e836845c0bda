import { describe, expect, it } from 'vitest';
import type { Config } from '../../../src/server/config/config.js';
import { ConfigError, fatalConfigText } from '../../../src/server/config/config-error.js';
import {
  type ConfigSources,
  type FileExtras,
  type FileRules,
  loadConfig,
} from '../../../src/server/config/file.js';
import { HOME, MemoryFiles, makeConfig } from './memory-files.js';

const FILE = '/etc/redis.conf';

interface Loaded {
  readonly config: Config;
  readonly extras: FileExtras;
}

function load(
  text: string,
  more: Readonly<Record<string, string>> = {},
  sources: ConfigSources = {},
  rules: FileRules = {},
): Loaded {
  const config = makeConfig();
  const files = new MemoryFiles({ [FILE]: text, ...more });
  const extras = loadConfig(config, files, { configFile: FILE, ...sources }, rules);
  return { config, extras };
}

function errorOf(action: () => unknown): ConfigError {
  try {
    action();
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new Error('no error was thrown');
}

const shown = ({ config }: Loaded, name: string): string | undefined => config.get([name])[0]?.[1];

describe('a config file', () => {
  it('holds a directive per line, comments, blank lines and quoted values', () => {
    const loaded = load(
      "# a comment\n\n  port 7000  \r\n\tMaxMemory 100MB\nlogfile ''\n" +
        'appendfilename " file seq \\n\\n.aof "\nrequirepass "\\x41\\"b"\n',
    );
    expect(shown(loaded, 'port')).toBe('7000');
    expect(shown(loaded, 'maxmemory')).toBe('104857600');
    expect(shown(loaded, 'appendfilename')).toBe(' file seq \n\n.aof ');
    expect(shown(loaded, 'requirepass')).toBe('A"b');
  });

  it('lets the last of several lines win, by whatever name it calls the directive', () => {
    const loaded = load('hash-max-listpack-entries 20\nhash-max-ziplist-entries 21\n');
    expect(shown(loaded, 'hash-max-listpack-entries')).toBe('21');
  });

  it.each([
    ['replaces the default save points', 'save 900 1\n', '900 1'],
    ['adds up save points of several lines', 'save 900 1\nsave 300 10\n', '900 1 300 10'],
    ['takes several save points in one line', 'save 900 1 300 10\nsave 5 5\n', '900 1 300 10 5 5'],
    ['clears save points with an empty text', 'save 900 1\nsave ""\nsave 5 5\n', '5 5'],
    ['keeps the default save points when it names none', '', '3600 1 300 100 60 10000'],
  ])('%s', (_what, text, expected) => {
    expect(shown(load(text), 'save')).toBe(expected);
  });

  it('lets save points of the command line add to those of the file', () => {
    const loaded = load('save 900 1\n', {}, { optionsText: 'save "100" "100" ' });
    expect(shown(loaded, 'save')).toBe('900 1 100 100');
    expect(shown(load('save 900 1\n', {}, { optionsText: 'save ""' }), 'save')).toBe('');
  });

  it('changes only the classes of clients that a buffer limit names', () => {
    const loaded = load(
      'client-output-buffer-limit normal 1 2 3\nclient-output-buffer-limit "pubsub 4 5 6"\n',
    );
    expect(shown(loaded, 'client-output-buffer-limit')).toBe(
      'normal 1 2 3 slave 268435456 67108864 60 pubsub 4 5 6',
    );
  });

  it('splits one quoted value of a directive that takes several', () => {
    const loaded = load('bind "127.0.0.1 -::1"\nshutdown-on-sigint "now force"\n');
    expect(loaded.config.values.bind).toEqual(['127.0.0.1', '-::1']);
    expect(loaded.config.values['shutdown-on-sigint']).toEqual(['now', 'force']);
  });

  it('opens no port with an empty bind', () => {
    expect(load("bind ''\n").config.values.bind).toEqual([]);
  });

  it('still takes three directives that mean nothing any more', () => {
    load('list-max-ziplist-entries 5\nlist-max-ziplist-value 5\nlua-replicate-commands yes\n');
  });

  it('knows active-defrag-enabled as another word for activedefrag', () => {
    expect(load('active-defrag-enabled yes\n').config.values.activedefrag).toBe(true);
  });

  it('may hold comments behind complete directives', () => {
    const loaded = load(
      [
        'port 7000 # the port',
        "timeout 5 # it's short",
        'bind 127.0.0.1 ::1 #local',
        'save 900 1 300 10 # twice',
        'requirepass #secret',
        'masterauth "a # b"',
        'user alice on #abc ~* # not a comment',
        'include /more.conf # more',
      ].join('\n'),
      { '/more.conf': 'hz 20\n' },
    );
    const { values } = loaded.config;
    expect(values.port).toBe(7000);
    expect(values.timeout).toBe(5);
    expect(values.bind).toEqual(['127.0.0.1', '::1']);
    expect(shown(loaded, 'save')).toBe('900 1 300 10');
    expect(values.requirepass).toBe('#secret');
    expect(values.masterauth).toBe('a # b');
    expect(loaded.extras.users[0]?.rules).toContain('#abc');
    expect(values.hz).toBe(20);
  });

  it('is followed by standard input and the command line, which override it', () => {
    const loaded = load(
      'hz 20\ntimeout 1\nport 1',
      {},
      { stdin: Buffer.from('timeout 2\nport 2\n'), optionsText: 'port "3" ' },
    );
    const { hz, timeout, port } = loaded.config.values;
    expect([hz, timeout, port]).toEqual([20, 2, 3]);
  });

  it('makes one database of many in cluster mode, and says so', () => {
    const { config, extras } = load('cluster-enabled yes\n');
    expect(config.values.databases).toBe(1);
    expect(extras.warnings).toEqual([
      'WARNING: Changing databases number from 16 to 1 since we are in cluster mode',
    ]);
  });
});

describe('include', () => {
  it('reads another file at its place, relative to dir as it is by then', () => {
    const files = { [`${HOME}/a.conf`]: 'hz 11\n', [`${HOME}/d/a.conf`]: 'hz 12\n' };
    expect(load('hz 5\ninclude a.conf\n', files).config.values.hz).toBe(11);
    expect(load('dir d\ninclude a.conf\n', files).config.values.hz).toBe(12);
    expect(load('include a.conf\nhz 5\n', files).config.values.hz).toBe(5);
  });

  it('reads all files that match a pattern in order, and none is fine too', () => {
    const files = {
      '/d/2.conf': 'timeout 2\n',
      '/d/1.conf': 'timeout 1\nhz 11\n',
      '/d/.hidden.conf': 'timeout 9\n',
      '/d/x.txt': 'bla\n',
    };
    const { values } = load('include /d/*.conf\ninclude /none/*.conf\n', files).config;
    expect([values.timeout, values.hz]).toEqual([2, 11]);
  });

  it('says which file it cannot open', () => {
    const error = errorOf(() => load('include nothing.conf\n'));
    expect(error.code).toBe('UNREADABLE_FILE');
    expect(fatalConfigText(error, '7.2.6')).toBe(
      `Fatal error, can't open config file '${HOME}/nothing.conf': No such file or directory\n`,
    );
  });

  it('names the inner file and line of an error, and goes on counting after it', () => {
    const inner = errorOf(() => load('port 1\ninclude /a.conf\n', { '/a.conf': '\nbla\n' }));
    expect([inner.file, inner.line]).toEqual(['/a.conf', 2]);
    const outer = errorOf(() => load('include /a.conf\nbla\n', { '/a.conf': '\n\n\n' }));
    expect([outer.file, outer.line]).toEqual([FILE, 2]);
  });

  it('ends when a file includes itself', () => {
    expect(errorOf(() => load(`include ${FILE}\n`)).code).toBe('TOO_MANY_INCLUDES');
  });
});

describe('lines that are no directives', () => {
  const rules: FileRules = {
    commandExists: (name) => ['get', 'set', 'flushdb'].includes(name.toLowerCase()),
    checkUser: (words) =>
      words.includes('bad') ? { rule: 'bad', reason: 'Syntax error' } : undefined,
    isSentinel: true,
  };
  const withRules = (text: string): Loaded => load(text, {}, {}, rules);

  it('are collected', () => {
    const { extras } = withRules(
      'rename-command FLUSHDB badger\nrename-command get ""\nuser bob on +@all\n' +
        'sentinel monitor a b 1 2\nsentinel\n',
    );
    expect(extras.renames).toEqual([
      { from: 'FLUSHDB', to: 'badger' },
      { from: 'get', to: '' },
    ]);
    expect(extras.users).toEqual([{ name: 'bob', rules: ['on', '+@all'] }]);
    expect(extras.sentinel).toEqual([
      { words: ['monitor', 'a', 'b', '1', '2'], line: 4, text: 'sentinel monitor a b 1 2' },
    ]);
  });

  it.each([
    ['rename-command nosuch x', 'No such command in rename-command'],
    ['rename-command get SET', 'Target command name already exists'],
    ['rename-command get ""\nrename-command get x', 'No such command in rename-command'],
    ['rename-command get a\nrename-command a set', 'Target command name already exists'],
    ['rename-command get', 'Bad directive or wrong number of arguments'],
    ['user', 'Bad directive or wrong number of arguments'],
    [
      'user bob on\nuser bob off',
      "Error in user declaration 'bob': Duplicate user found. " +
        'A user can only be defined once in config files',
    ],
    ['user bob bad', "Error in user declaration 'bad': Syntax error"],
    ['a.b', 'Module config specified without value'],
  ])('are refused as Redis does: %s', (text, reason) => {
    expect(errorOf(() => withRules(text)).reason).toBe(reason);
  });

  it('may rename a command to a name that another one gave up', () => {
    withRules('rename-command get a\nrename-command set get\nrename-command a b\n');
  });

  it('are not taken for a sentinel when the server is none', () => {
    expect(errorOf(() => load('sentinel monitor a b 1 2\n')).reason).toBe(
      'sentinel directive while not in sentinel mode',
    );
  });

  it('that load modules are refused, with the reason', () => {
    expect(errorOf(() => load('loadmodule /x.so\n')).reason).toContain("Can't load module");
  });
});

describe('an error in a config file', () => {
  it('is told in the lines that tools look for, and names the file', () => {
    const error = errorOf(() => load('port 1\n\n  bla "x  y" z \n'));
    expect(error).toMatchObject({
      code: 'UNKNOWN_DIRECTIVE',
      file: FILE,
      line: 3,
      text: 'bla "x  y" z',
      directive: 'bla',
    });
    expect(fatalConfigText(error, '7.2.6')).toBe(
      [
        '',
        '*** FATAL CONFIG FILE ERROR (Redis 7.2.6) ***',
        'Reading the configuration file, at line 3',
        '>>> \'bla "x  y" z\'',
        'Bad directive or wrong number of arguments',
        `(${FILE})`,
        '',
      ].join('\n'),
    );
  });

  it('of the command line has a line number behind those of the file', () => {
    const lineOf = (text: string): number | undefined =>
      errorOf(() => load(text, {}, { optionsText: 'hz "1" \nbla "1" ' })).line;
    expect(lineOf('port 1\n')).toBe(4);
    expect(lineOf('port 1')).toBe(3);
    const config = makeConfig();
    const alone = errorOf(() => loadConfig(config, new MemoryFiles(), { optionsText: 'bla' }));
    expect([alone.file, alone.line]).toEqual([undefined, 2]);
  });

  it.each([
    ['logfile "abc', 'Unbalanced quotes in configuration line'],
    ['port', 'wrong number of arguments'],
    ['port 1 2', 'wrong number of arguments'],
    ['port abc', "argument couldn't be parsed into an integer"],
    ['io-threads 500', 'argument must be between 1 and 128 inclusive'],
    ['unixsocketperm 800', "argument couldn't be parsed as an octal number"],
    ['unixsocketperm 1000', 'argument must be between 0 and 777 inclusive'],
    [
      'loglevel loud',
      'argument(s) must be one of the following: debug, verbose, notice, warning, nothing',
    ],
    [
      'shutdown-on-sigint',
      'argument(s) must be one of the following: default, save, nosave, now, force',
    ],
    ['replicaof 127.0.0.1 abc', 'Invalid master port'],
    ['replicaof 127.0.0.1', 'wrong number of arguments'],
    ['save 1', 'Invalid save parameters'],
    ['dir missing', 'No such file or directory'],
    ['appendfilename ""', "appendfilename can't be empty"],
    ['appendfilename a/b', "appendfilename can't be a path, just a filename"],
    ['appenddirname ""', "appenddirname can't be empty"],
    ['appenddirname a/b', "appenddirname can't be a path, just a dirname"],
    ['dbfilename a/b', "dbfilename can't be a path, just a filename"],
    ['lua-replicate-commands yes no', 'Bad directive or wrong number of arguments'],
    ['bla # comment', 'Bad directive or wrong number of arguments'],
    ['port abc # comment', 'wrong number of arguments'],
  ])('has the words of Redis: %s', (text, reason) => {
    expect(errorOf(() => load(`${text}\n`)).reason).toBe(reason);
  });

  it('may concern the whole', () => {
    const conflict = errorOf(() => load('cluster-enabled yes\nreplicaof a 1\n'));
    expect(conflict.reason).toBe('replicaof directive not allowed in cluster mode');
    const log = errorOf(() => load('logfile forbidden.log\n'));
    expect(fatalConfigText(log, '7.2.6')).toBe(
      "\n*** FATAL CONFIG FILE ERROR (Redis 7.2.6) ***\nCan't open the log file: Permission denied\n",
    );
  });
});
