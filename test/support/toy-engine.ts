/**
 * A scripting language as small as can be, for tests of what is around languages: it shows that the
 * server needs no Lua.
 *
 * A script is lines of words:
 *
 *     call SET key value    runs a command; its reply is the script's result, as it is
 *     call SET $1 $2        … with the first key or argument, the second, …
 *     pause 3               pauses so many times
 *     loop                  pauses for ever
 *     fail ERR no           ends with this error, at line 1
 *     function f [flag …]   a library: registers a function whose body are the lines up to `end`
 */
import type { Args } from '../../src/resp/args.js';
import type { ReplyWriter } from '../../src/resp/reply-writer.js';
import {
  type Execution,
  type LibraryHost,
  type Script,
  type ScriptEngine,
  type ScriptFailure,
  type ScriptHost,
  ScriptSyntaxError,
} from '../../src/scripting/engine.js';

const WORDS = new Set(['call', 'pause', 'loop', 'fail', 'function', 'end']);

export class ToyEngine implements ScriptEngine {
  readonly name = 'TOY';
  readonly evalBytes = 0;
  readonly functionBytes = 0;
  resets = 0;

  compile(source: string): Script {
    return new ToyScript(linesOf(source));
  }

  compileForDebugging(source: string): Script {
    return this.compile(source);
  }

  reset(): void {
    this.resets++;
  }

  loadLibrary(source: string, host: LibraryHost): Execution {
    return new ToyLibrary(linesOf(source), host);
  }
}

function linesOf(source: string): string[][] {
  const lines = source
    .split('\n')
    .map((line) => line.trim().split(/ +/))
    .filter(([word]) => word !== '');
  for (const [word] of lines) {
    if (!WORDS.has(word!)) throw new ScriptSyntaxError(`what is '${word}'?`);
  }
  return lines;
}

class ToyScript implements Script {
  constructor(private readonly lines: readonly string[][]) {}

  start(host: ScriptHost, args: Args, firstKey: number): Execution {
    const given: string[] = [];
    for (let i = firstKey; i < args.count; i++) given.push(args.text(i));
    return new ToyExecution(this.lines, host, given);
  }
}

class ToyExecution implements Execution {
  failure: ScriptFailure | undefined;
  private result: Buffer | undefined;
  private next = 0;
  private pauses = 0;
  private killedBy: string | undefined;

  constructor(
    private readonly lines: readonly string[][],
    private readonly host: ScriptHost,
    private readonly given: readonly string[],
  ) {}

  kill(message: string): void {
    this.killedBy = message;
  }

  resume(): boolean {
    if (this.killedBy !== undefined) {
      this.fail(`ERR ${this.killedBy}`);
      return true;
    }
    for (; this.next < this.lines.length; this.next++) {
      const [word, ...rest] = this.lines[this.next]!;
      if (word === 'loop') return false;
      if (word === 'pause' && this.pauses++ < Number(rest[0])) return false;
      if (word === 'pause') this.pauses = 0;
      if (word === 'fail') this.fail(rest.join(' '));
      if (word === 'call') this.call(rest);
      if (this.failure !== undefined) return true;
    }
    return true;
  }

  writeResult(reply: ReplyWriter): void {
    if (this.result === undefined) reply.nil();
    else reply.raw(this.result, 0, this.result.length);
  }

  private call(words: readonly string[]): void {
    const { host } = this;
    host.request.begin();
    for (const word of words) {
      const text = word.startsWith('$') ? this.given[Number(word.slice(1)) - 1] : word;
      host.request.addText(text ?? '');
    }
    const refusal = host.call();
    if (refusal === undefined) {
      this.result = Buffer.from(host.reply.subarray(host.replyStart, host.replyEnd));
    } else this.fail(refusal.startsWith('-') ? refusal.slice(1) : `ERR ${refusal}`, true);
  }

  private fail(text: string, isCounted = false): void {
    this.failure = { text, source: '@toy', line: '1', isCounted };
  }
}

class ToyLibrary implements Execution {
  failure: ScriptFailure | undefined;
  private killedBy: string | undefined;

  constructor(
    private readonly lines: readonly string[][],
    private readonly host: LibraryHost,
  ) {}

  kill(message: string): void {
    this.killedBy = message;
  }

  resume(): boolean {
    if (this.killedBy !== undefined) this.fail(this.killedBy);
    for (let i = 0; i < this.lines.length && this.failure === undefined; i++) {
      const [word, name, ...flags] = this.lines[i]!;
      if (word === 'loop') return false;
      if (word !== 'function') continue;
      const body: string[][] = [];
      while (this.lines[++i]?.[0] !== 'end') body.push(this.lines[i]!);
      const error = this.host.register({
        name: name!,
        body: new ToyScript(body),
        description: undefined,
        flags,
      });
      if (error !== undefined) this.fail(error);
    }
    return true;
  }

  writeResult(): void {}

  private fail(message: string): void {
    this.failure = { text: `ERR ${message}`, source: undefined, line: undefined, isCounted: false };
  }
}
