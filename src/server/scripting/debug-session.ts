/**
 * A debugging session: a script that runs line by line, as its client says.
 *
 *     the script ──onLine──> stops? ──"* Stopped at 3, stop reason = step over"──> the client
 *     the client ──"print x", "step", …──> take() ──> answers, or lets the script go on
 *
 * While the script is stopped nothing else runs on the server: what it has done so far can't be seen
 * half done. When it ends, the client gets `<endsession>`, the script's reply, and its connection ends.
 *
 * Source of the behaviour: https://redis.io/docs/latest/develop/programmability/lua-debugging/ and
 * Redis 7.2's eval.c.
 */
import type { Probe, StoppedScript } from '../../scripting/debugging.js';
import type { ScriptHost } from '../../scripting/engine.js';
import type { RequestBuffer } from '../../scripting/request-buffer.js';
import { HELP } from './debug-help.js';
import { DebugInput, toInteger } from './debug-input.js';
import { DebugLog } from './debug-log.js';

const MAX_BREAKPOINTS = 64;
/** Lines shown before and after the one that is asked for. */
const CONTEXT = 5;
const ALL = 1_000_000;
/** Lines that run between two looks at the clock. */
const LINES_PER_LOOK = 1000;
const ABORTED = 'script aborted for user request';
const NOT_THERE = '<out of range source code line>';
const UNKNOWN = '<error> Unknown Redis Lua debugger command or wrong number of arguments.';

export interface DebugSessionParts {
  /** The script, latin1. */
  readonly source: string;
  readonly host: ScriptHost;
  /** Sends bytes to the client at once. */
  send(bytes: Buffer): void;
  /** The script is to go on. */
  goOn(): void;
  /** … and to end with this error. */
  end(error: string): void;
  /** Monotonic microseconds. */
  micros(): number;
  /** A script that runs on for so long is stopped, in ms. */
  patienceMs(): number;
}

export class DebugSession implements Probe {
  /** What the script has for its server. */
  readonly host: ScriptHost;
  /** Whether the script waits for the client. */
  isStopped = false;
  private readonly lines: readonly string[];
  private readonly log: DebugLog;
  private readonly input = new DebugInput();
  private breakpoints: number[] = [];
  /** Whether the script stops at the next line, and its commands are shown. */
  private steps = true;
  private isAsked = false;
  private line = 0;
  private untilLook = LINES_PER_LOOK;
  private startUs: number;
  private script: StoppedScript | undefined = undefined;
  private isAlone = false;

  constructor(private readonly parts: DebugSessionParts) {
    this.lines = parts.source.replace(/[\r\n]+$/, '').split('\n');
    this.log = new DebugLog((bytes) => {
      if (!this.isAlone) parts.send(bytes);
    });
    this.startUs = parts.micros();
    this.host = new WatchedHost(parts.host, this, this.log);
  }

  get showsCommands(): boolean {
    return this.steps;
  }

  /** The script is over: to be called before its reply is sent. */
  finish(): void {
    this.isStopped = false;
    this.log.add('<endsession>');
    this.log.flush();
  }

  // ---- Probe

  onLine(line: number, script: StoppedScript): boolean {
    this.line = line;
    const isBreak = this.isAsked || this.breakpoints.includes(line);
    if (!this.steps && !isBreak && !this.isImpatient()) return false;
    let reason = this.steps ? 'step over' : 'timeout reached, infinite loop?';
    if (isBreak) reason = this.isAsked ? 'redis.breakpoint() called' : 'break point';
    if (this.isAlone) {
      this.parts.end('timeout during Lua debugging with client closing connection');
      return true;
    }
    this.steps = false;
    this.isAsked = false;
    this.script = script;
    this.isStopped = true;
    this.log.add(`* Stopped at ${line}, stop reason = ${reason}`);
    this.showLine(line);
    this.log.flush();
    return true;
  }

  onBreakpoint(): void {
    this.isAsked = !this.isAlone;
  }

  onMessage(values: readonly string[]): void {
    this.log.add(`<debug> line ${this.line}: ${values.join(', ')}`);
  }

  private isImpatient(): boolean {
    if (--this.untilLook > 0) return false;
    this.untilLook = LINES_PER_LOOK;
    return this.parts.micros() - this.startUs >= this.parts.patienceMs() * 1000;
  }

  // ---- the client

  /** The client has sent something. */
  take(bytes: Buffer): void {
    const wrong = this.input.add(bytes);
    if (wrong !== undefined) this.parts.end(wrong);
    this.work();
  }

  /** The client is gone: the script runs on without it. */
  leave(): void {
    this.isAlone = true;
    this.steps = false;
    this.isAsked = false;
    this.breakpoints = [];
    if (this.isStopped) this.goOn();
  }

  /** Runs the commands that are there, while the script is stopped. */
  work(): void {
    while (this.isStopped) {
      const words = this.input.next();
      if (words === undefined) return;
      if (typeof words === 'string') {
        this.parts.end(words);
        return;
      }
      this.run(words);
    }
  }

  private goOn(): void {
    this.isStopped = false;
    this.startUs = this.parts.micros();
    this.parts.goOn();
  }

  private run(words: readonly string[]): void {
    // As C compares: up to a zero byte.
    const name = words[0]!.replace(/\0.*$/s, '').toLowerCase();
    switch (name) {
      case 's':
      case 'step':
      case 'n':
      case 'next':
        this.steps = true;
        this.goOn();
        return;
      case 'c':
      case 'continue':
        this.goOn();
        return;
      case 'a':
      case 'abort':
        this.parts.end(ABORTED);
        return;
      default:
        this.answer(name, words);
        this.log.flush();
    }
  }

  private answer(name: string, words: readonly string[]): void {
    const { log } = this;
    switch (name) {
      case 'h':
      case 'help':
        for (const line of HELP) log.add(line);
        return;
      case 't':
      case 'trace':
        this.trace();
        return;
      case 'm':
      case 'maxlen':
        log.limit(words.length === 2 ? toInteger(words[1]!) : undefined);
        return;
      case 'b':
      case 'break':
        this.break(words.slice(1));
        return;
      case 'e':
      case 'eval':
        this.evaluate(words.slice(1).join(' '));
        return;
      case 'p':
      case 'print':
        if (words.length === 2) this.print(words[1]!);
        else this.printAll();
        return;
      case 'l':
      case 'list': {
        const line = words.length > 1 ? toInteger(words[1]!) : 0;
        this.list(line > 0 ? line : this.line, words.length > 2 ? toInteger(words[2]!) : CONTEXT);
        return;
      }
      case 'w':
      case 'whole':
        this.list(1, ALL);
        return;
      default:
    }
    if ((name === 'r' || name === 'redis') && words.length > 1) this.command(words.slice(1));
    else log.add(UNKNOWN);
  }

  // ---- source

  private showLine(line: number): void {
    const isBreak = this.breakpoints.includes(line);
    const arrow = line === this.line ? '->' : '  ';
    const text = this.lines[line - 1] ?? NOT_THERE;
    this.log.add(`${arrow}${isBreak ? '#' : ' '}${String(line).padEnd(3)} ${text}`);
  }

  private list(around: number, context: number): void {
    for (let line = 1; line <= this.lines.length; line++) {
      if (Math.abs(around - line) <= context) this.showLine(line);
    }
  }

  private break(words: readonly string[]): void {
    const { log } = this;
    if (words.length > 0) {
      for (const word of words) this.changeBreakpoint(word);
      return;
    }
    if (this.breakpoints.length === 0) {
      log.add("No breakpoints set. Use 'b <line>' to add one.");
      return;
    }
    log.add(`${this.breakpoints.length} breakpoints set:`);
    for (const line of this.breakpoints) this.showLine(line);
  }

  private changeBreakpoint(word: string): void {
    const { breakpoints, log } = this;
    if (!/^(0|-?[1-9]\d{0,17})$/.test(word)) {
      log.add(`Invalid argument:'${word}'`);
      return;
    }
    const line = Number(word);
    if (line === 0) {
      this.breakpoints = [];
      log.add('All breakpoints removed.');
    } else if (line < 0) {
      const at = breakpoints.indexOf(-line);
      if (at >= 0) breakpoints.splice(at, 1);
      log.add(at >= 0 ? 'Breakpoint removed.' : 'No breakpoint in the specified line.');
    } else if (breakpoints.length === MAX_BREAKPOINTS) log.add('Too many breakpoints set.');
    else if (line > this.lines.length) log.add('Wrong line number.');
    else {
      if (!breakpoints.includes(line)) breakpoints.push(line);
      this.list(line, 1);
    }
  }

  // ---- the script's state

  private trace(): void {
    this.script?.frames().forEach(({ name, line }, i) => {
      this.log.add(`${i === 0 ? 'In' : 'From'} ${name ?? 'top level'}:`);
      this.showLine(line);
    });
  }

  private print(name: string): void {
    const { script } = this;
    for (const frame of script?.frames() ?? []) {
      const found = frame.variables().find(([variable]) => variable === name);
      if (found !== undefined) {
        this.log.addCut(`<value> ${found[1]}`);
        return;
      }
    }
    const value = script?.argument(name);
    if (value === undefined) this.log.add('No such variable.');
    else this.log.addCut(`<value> ${value}`);
  }

  private printAll(): void {
    const variables = this.script?.frames()[0]?.variables() ?? [];
    for (const [name, value] of variables) this.log.addCut(`<value> ${name} = ${value}`);
    if (variables.length === 0) this.log.add('No local variables in the current context.');
  }

  private evaluate(code: string): void {
    const result = this.script?.evaluate(code);
    if (result === undefined) return;
    if (result.isError) this.log.add(`<error> ${result.text}`);
    else this.log.addCut(`<retval> ${result.text}`);
  }

  private command(words: readonly string[]): void {
    this.steps = true;
    this.script?.command(words);
    this.steps = false;
  }
}

/** The server as the script sees it, with its commands shown to the client. */
class WatchedHost implements ScriptHost {
  constructor(
    private readonly inner: ScriptHost,
    private readonly session: DebugSession,
    private readonly shown: DebugLog,
  ) {}

  get request(): RequestBuffer {
    return this.inner.request;
  }

  get reply(): Buffer {
    return this.inner.reply;
  }

  get replyStart(): number {
    return this.inner.replyStart;
  }

  get replyEnd(): number {
    return this.inner.replyEnd;
  }

  get callMicros(): number {
    return this.inner.callMicros;
  }

  get resp(): number {
    return this.inner.resp;
  }

  set resp(version: number) {
    this.inner.resp = version;
  }

  call(): string | undefined {
    const { inner, shown } = this;
    if (!this.session.showsCommands) return inner.call();
    const { args } = inner.request;
    shown.addCommand(Array.from({ length: args.count }, (_, i) => args.text(i)));
    const refusal = inner.call();
    if (refusal !== undefined) shown.add(`<error> ${refusal}`);
    else shown.addReply(this.reply.subarray(this.replyStart, this.replyEnd));
    return refusal;
  }

  setReplication(targets: number): void {
    this.inner.setReplication(targets);
  }

  mayRun(): boolean | undefined {
    return this.inner.mayRun();
  }

  log(level: number, text: string): void {
    this.inner.log(level, text);
  }

  isDue(): boolean {
    return this.session.isStopped || this.inner.isDue();
  }
}
