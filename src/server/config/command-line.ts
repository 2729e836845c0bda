/**
 * The command line, by redis-server's rules: `respd [FILE] [--directive value ...] [-]`.
 *
 * Options become lines of a config file that is read after the real one; the rules say where one
 * line ends and the next begins:
 *
 *     --port 6380 --bind 127.0.0.1 ::1      port "6380"
 *                                           bind "127.0.0.1" "::1"
 *     --proc-title-template --my--title     a first value may begin with "--"
 *     "--maxmemory 700mb"                   name and value in one argument
 *     --save --port 1                       `save` without value is `save ""`
 *     loglevel verbose                      the first option may lack its "--" (behind a file)
 *
 * Everything is a pure function of its arguments: reading files and ending the process is for
 * main.ts.
 */
import { resolve } from 'node:path';
import { quoteBytes } from '../../text/quote.js';
import { lineWords } from './config-lines.js';
import { bytesFromText } from './config-text.js';

/** What a command line asks for. */
export type CommandLine =
  | { readonly mode: 'version' }
  | { readonly mode: 'help' }
  /** Print the text and end with the status. */
  | { readonly mode: 'say'; readonly text: string; readonly status: number }
  | RunRequest;

export interface RunRequest {
  readonly mode: 'run';
  /** Absolute. */
  readonly configFile?: string;
  /** Whether standard input holds more configuration, read behind the file. */
  readonly readsStdin: boolean;
  /** The options as lines of a config file, read last; undefined without any argument at all. */
  readonly optionsText?: string;
  readonly isSentinel: boolean;
}

export interface CommandLineContext {
  /** What relative paths are relative to; absolute. */
  readonly workingDirectory: string;
  /** The name the program was started by: one with "redis-sentinel" in it is a sentinel. */
  readonly programName?: string;
}

/** @param args the arguments behind the program's name */
export function parseCommandLine(
  args: readonly string[],
  { workingDirectory, programName = '' }: CommandLineContext,
): CommandLine {
  const isSentinel = programName.includes('redis-sentinel') || args.includes('--sentinel');
  const [first] = args;
  if (first === undefined) return { mode: 'run', readsStdin: false, isSentinel };
  const special = specialOption(first, args.length);
  if (special !== undefined) return special;

  const hasFile = !first.startsWith('-');
  const lines = new OptionLines();
  let readsStdin = false;
  for (let i = hasFile ? 1 : 0; i < args.length; i++) {
    const isEnd = i === 0 || i === args.length - 1;
    if (args[i] === '-' && isEnd) readsStdin = true;
    else lines.add(args[i] as string, args[i + 1]);
  }
  return {
    mode: 'run',
    configFile: hasFile ? resolve(workingDirectory, first) : undefined,
    readsStdin,
    optionsText: lines.text,
    isSentinel,
  };
}

function specialOption(first: string, count: number): CommandLine | undefined {
  switch (first) {
    case '-v':
    case '--version':
      return { mode: 'version' };
    case '-h':
    case '--help':
      return { mode: 'help' };
    case '--test-memory':
      return testMemory(count);
    case '--check-system':
      return {
        mode: 'say',
        text: 'respd neither forks nor maps memory of its own: there is nothing to check.\n',
        status: 0,
      };
    default:
      return undefined;
  }
}

function testMemory(count: number): CommandLine {
  const text =
    count === 2
      ? 'respd cannot test memory: a JavaScript program does not choose which memory it gets.\n' +
        'Use memtest86 or the like.\n'
      : 'Please specify the amount of memory to test in megabytes.\n' +
        'Example: respd --test-memory 4096\n\n';
  return { mode: 'say', text, status: 1 };
}

/** Gathers arguments into lines. */
class OptionLines {
  text = '';
  /** Whether the option at hand has a value, so that `--` begins the next one. */
  private hasValue = true;

  /** @param next the argument behind this one */
  add(argument: string, next: string | undefined): void {
    if (this.hasValue && argument.startsWith('--')) this.addName(argument, next);
    else this.addValue(argument);
  }

  private addValue(argument: string): void {
    this.text += `${quoteBytes(bytesFromText(argument))} `;
    this.hasValue = true;
  }

  private addName(argument: string, next: string | undefined): void {
    if (this.text !== '') this.text += '\n';
    this.text += `${argument.slice(2)} `;
    const isAlone = lineWords(argument)?.length === 1;
    this.hasValue = !isAlone;
    if (isAlone && (next === undefined || next.startsWith('--'))) {
      this.endWithoutValue(argument.toLowerCase(), next);
    }
  }

  /** The two options that may do without a value: what follows is an option of its own. */
  private endWithoutValue(name: string, next: string | undefined): void {
    if (name !== '--save' && name !== '--sentinel') return;
    if (name === '--save') this.text += '""';
    if (next !== undefined) this.hasValue = true;
  }
}

/** What `--help` prints. */
export const HELP_TEXT = `Usage: respd [FILE] [--directive value ...] [-]
       respd -                       (read the configuration from standard input)
       respd -v or --version
       respd -h or --help

FILE is a redis.conf. Options override it, and are named like its directives; "-" as the
first or last argument reads more of them from standard input.

Examples:
       respd                         (the defaults: port 6379, all addresses)
       respd /etc/redis/6379.conf
       respd --port 7777 --replicaof 127.0.0.1 8888
       respd /etc/myredis.conf --loglevel verbose
       echo 'maxmemory 128mb' | respd -
       respd /etc/sentinel.conf --sentinel
`;
