import { describe, expect, it } from 'vitest';
import { parseCommandLine, type RunRequest } from '../../../src/server/config/command-line.js';
import { ConfigError, fatalConfigText } from '../../../src/server/config/config-error.js';
import { loadConfig } from '../../../src/server/config/file.js';
import { MemoryFiles, makeConfig } from './memory-files.js';

const CONTEXT = { workingDirectory: '/work' };

function parse(...args: string[]): RunRequest {
  const parsed = parseCommandLine(args, CONTEXT);
  if (parsed.mode !== 'run') throw new Error(`mode ${parsed.mode}`);
  return parsed;
}

/** What CONFIG GET shows after a start with these options. */
function shown(name: string, ...args: string[]): string | undefined {
  const config = makeConfig();
  const { optionsText, configFile } = parse(...args);
  const files = new MemoryFiles({ '/work/a.conf': 'save 900 1\nloglevel notice\n' });
  loadConfig(config, files, { configFile, optionsText });
  return config.get([name])[0]?.[1];
}

/** What a start with these options prints as its error. */
function fatal(...args: string[]): string {
  try {
    loadConfig(makeConfig(), new MemoryFiles(), { optionsText: parse(...args).optionsText });
  } catch (error) {
    return fatalConfigText(error as ConfigError, '7.2.6');
  }
  return '';
}

describe('the command line', () => {
  it('may be empty', () => {
    expect(parse()).toEqual({ mode: 'run', readsStdin: false, isSentinel: false });
  });

  it('begins with a config file, unless that looks like an option', () => {
    expect(parse('a.conf').configFile).toBe('/work/a.conf');
    expect(parse('/etc/a.conf', '--port', '1').configFile).toBe('/etc/a.conf');
    expect(parse('--port', '1').configFile).toBeUndefined();
  });

  it('reads standard input for a dash at its beginning or end, and only there', () => {
    expect(parse('-').readsStdin).toBe(true);
    expect(parse('-', '--port', '1')).toMatchObject({ readsStdin: true, optionsText: 'port "1" ' });
    expect(parse('a.conf', '--port', '1', '-').readsStdin).toBe(true);
    expect(parse('--port', '-', '--hz', '1').readsStdin).toBe(false);
  });

  it.each([
    ['port', '1', ['--port', '1']],
    ['bind', '127.0.0.1 ::1', ['--bind', '127.0.0.1', '::1', '--port', '1']],
    ['maxmemory', '734003200', ['--maxmemory 700mb']],
    ['maxmemory', '734003200', ["--maxmemory '700mb'", '--hz', '3']],
    ['hz', '3', ['--maxmemory "700mb"', '--hz 3']],
    ['loglevel', 'verbose', ['a.conf', 'loglevel', 'verbose', '--hz', '3']],
    ['hz', '3', ['a.conf', 'loglevel', 'verbose', '--hz', '3']],
    ['proc-title-template', '--my--title', ['--proc-title-template', '--my--title']],
    ['hz', '4', ['--proc-title-template', '--my--title', '--hz', '4']],
    ['shutdown-on-sigint', 'nosave now force', ['--shutdown-on-sigint', 'nosave', 'force', 'now']],
    ['shutdown-on-sigterm', 'nosave force', ['--shutdown-on-sigterm', 'nosave force']],
    ['requirepass', 'a"b\\c d', ['--requirepass', 'a"b\\c d']],
    ['save', '3600 1 300 100 60 10000', ['--hz', '3']],
    ['save', '900 1 100 100', ['a.conf', '--save', '100', '100']],
    ['save', '900 1 100 100', ['a.conf', '--save', '100 100']],
    ['save', '', ['a.conf', '--save', '']],
    ['save', '', ['a.conf', '--save', '--hz', '7']],
    ['hz', '7', ['a.conf', '--save', '--hz', '7']],
    ['save', '', ['a.conf', '--hz', '7', '--save']],
    ['hz', '7', ['--sentinel', '--hz', '7']],
  ])('sets %s to "%s" by %j', (name, expected, args) => {
    expect(shown(name, ...args)).toBe(expected);
  });

  it('makes a sentinel of the server by an option or by its name', () => {
    expect(parse('s.conf', '--sentinel').isSentinel).toBe(true);
    expect(parse('s.conf').isSentinel).toBe(false);
    const named = { ...CONTEXT, programName: '/usr/bin/redis-sentinel' };
    expect(parseCommandLine(['s.conf'], named)).toMatchObject({ isSentinel: true });
  });

  it.each([
    [['-v'], { mode: 'version' }],
    [['--version', 'x'], { mode: 'version' }],
    [['-h'], { mode: 'help' }],
    [['--help'], { mode: 'help' }],
    [['--check-system'], { mode: 'say', status: 0 }],
    [['--test-memory'], { mode: 'say', status: 1 }],
    [['--test-memory', '100'], { mode: 'say', status: 1 }],
  ])('may ask for something else than to run: %j', (args, expected) => {
    expect(parseCommandLine(args, CONTEXT)).toMatchObject(expected);
  });

  it.each([
    [['--invalid'], "'invalid'", 'Bad directive or wrong number of arguments'],
    [['--port'], "'port'", 'wrong number of arguments'],
    [['--port', '6380', '--loglevel'], "'loglevel'", 'wrong number of arguments'],
    [['--port', '6379', '6380'], '\'port "6379" "6380"\'', 'wrong number of arguments'],
    [
      ['--port', '--loglevel', 'verbose'],
      '\'port "--loglevel" "verbose"\'',
      'wrong number of arguments',
    ],
    [
      ['--port', '--bla', '--loglevel', 'verbose'],
      '\'port "--bla"\'',
      "argument couldn't be parsed into an integer",
    ],
    [
      ['--logfile', '--my--log--file', '--loglevel', '--bla'],
      '\'loglevel "--bla"\'',
      'argument(s) must be one of the following: debug, verbose, notice, warning, nothing',
    ],
    [
      ['--shutdown-on-sigint'],
      "'shutdown-on-sigint'",
      'argument(s) must be one of the following: default, save, nosave, now, force',
    ],
    [
      ['--shutdown-on-sigint', 'now force', '--shutdown-on-sigterm'],
      "'shutdown-on-sigterm'",
      'argument(s) must be one of the following: default, save, nosave, now, force',
    ],
    [['--replicaof', '127.0.0.1', 'abc'], '\'replicaof "127.0.0.1" "abc"\'', 'Invalid master port'],
    [
      ['--replicaof', '--127.0.0.1', 'abc'],
      '\'replicaof "--127.0.0.1" "abc"\'',
      'Invalid master port',
    ],
    [
      ['--replicaof', '--127.0.0.1', '--abc'],
      '\'replicaof "--127.0.0.1"\'',
      'wrong number of arguments',
    ],
    [
      ['--user', 'default', '--user', 'default'],
      '\'user "default"\'',
      "Error in user declaration 'default': Duplicate user found. " +
        'A user can only be defined once in config files',
    ],
  ])('is refused in the words of Redis: %j', (args, text, reason) => {
    expect(fatal(...args)).toMatch(
      /^\n\*\*\* FATAL CONFIG FILE ERROR \(Redis 7\.2\.6\) \*\*\*\nReading the configuration file, at line \d\n/,
    );
    expect(
      fatal(...args)
        .split('\n')
        .slice(3, 5),
    ).toEqual([`>>> ${text}`, reason]);
  });

  it('never throws anything else, whatever it is given', () => {
    const words = [
      '--',
      '-',
      '',
      '--save',
      '--sentinel',
      '"',
      "'",
      '--port "',
      '\n',
      '--\n',
      '#',
      'x.y',
    ];
    for (const a of words)
      for (const b of words)
        for (const c of words) {
          const parsed = parseCommandLine(['--hz', '1', a, b, c], CONTEXT);
          const { optionsText } = parsed as RunRequest;
          try {
            loadConfig(makeConfig(), new MemoryFiles(), { optionsText });
          } catch (error) {
            expect(error).toBeInstanceOf(ConfigError);
          }
        }
  });
});
