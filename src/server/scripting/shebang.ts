/**
 * The first line of a script or a library, which says what it is.
 *
 *     #!lua flags=no-writes,allow-stale          a script: optional, and so are its flags
 *     #!lua name=mylib                           a library of functions
 *
 * A script without one is run as before Redis 7: what it may do shows with each command.
 */
import { ReplyError } from '../../resp/reply-error.js';
import { isScriptFlag } from '../../scripting/engine.js';
import { splitArgs } from '../../text/quote.js';
import { ScriptFlag, scriptFlagBits } from './script-flags.js';

const MARK = '#!';
const FLAGS = 'flags=';
const NAME = 'name=';
const ENGINE_OF_OLD = 'lua';

export interface ScriptHeader {
  /** The engine's name as written. */
  readonly engine: string;
  /** Bits of ScriptFlag. */
  readonly flags: number;
  /** The script without the line, but for its end, so that the lines' numbers stay. */
  readonly body: string;
}

export interface LibraryHeader {
  readonly engine: string;
  readonly name: string;
  readonly body: string;
}

/** The line's words, and what is behind it; undefined: the line has no end, or no words. */
function splitHeader(source: string): { end: number; words: readonly string[] | undefined } {
  const end = source.indexOf('\n');
  if (end < 0) return { end, words: undefined };
  const words = splitArgs(source.slice(0, end));
  if (words === undefined || words.length === 0) return { end, words: undefined };
  return { end, words: words.map((word) => Buffer.from(word).toString('latin1')) };
}

/** @throws ReplyError when the line is there and wrong */
export function parseScriptHeader(
  source: string,
  hasEngine: (name: string) => boolean,
): ScriptHeader {
  if (!source.startsWith(MARK)) {
    return { engine: ENGINE_OF_OLD, flags: ScriptFlag.Undeclared, body: source };
  }
  const { end, words } = splitHeader(source);
  if (end < 0) throw new ReplyError('ERR Invalid script shebang');
  if (words === undefined) throw new ReplyError('ERR Invalid engine in script shebang');
  const [first, ...options] = words as [string, ...string[]];
  const engine = first.slice(MARK.length);
  if (!hasEngine(engine)) {
    throw new ReplyError(`ERR Unexpected engine in script shebang: ${first}`);
  }
  let flags = 0;
  for (const option of options) {
    if (!option.startsWith(FLAGS)) {
      throw new ReplyError(`ERR Unknown lua shebang option: ${option}`);
    }
    flags |= parseFlags(option.slice(FLAGS.length));
  }
  return { engine, flags, body: source.slice(end) };
}

function parseFlags(list: string): number {
  if (list === '') return 0;
  const names = list.split(',');
  for (const name of names) {
    if (!isScriptFlag(name)) {
      throw new ReplyError(`ERR Unexpected flag in script shebang: ${name}`);
    }
  }
  return scriptFlagBits(names);
}

/** @throws ReplyError when the line is wrong or missing */
export function parseLibraryHeader(source: string): LibraryHeader {
  if (!source.startsWith(MARK)) throw new ReplyError('ERR Missing library metadata');
  const { end, words } = splitHeader(source);
  if (words === undefined) throw new ReplyError('ERR Invalid library metadata');
  const [first, ...options] = words as [string, ...string[]];
  let name: string | undefined;
  for (const option of options) {
    if (!option.toLowerCase().startsWith(NAME)) {
      throw new ReplyError(`ERR Invalid metadata value given: ${option}`);
    }
    if (name !== undefined) {
      throw new ReplyError('ERR Invalid metadata value, name argument was given multiple times');
    }
    name = option.slice(NAME.length);
  }
  if (name === undefined) throw new ReplyError('ERR Library name was not given');
  return { engine: first.slice(MARK.length), name, body: source.slice(end) };
}
