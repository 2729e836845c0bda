/**
 * Runs scripts and functions, one at a time, and nothing else meanwhile.
 *
 *     EVAL ──begin──> runs up to 5 ms ──done──> reply
 *                        │ not done: the client waits, the gate is shut (ServerGate.Scripting)
 *                        ├─> the event loop comes round ─> 2 ms more ─> … ──done──> reply, gate open
 *                        └─> busy-reply-threshold has passed: others are answered with BUSY
 *
 * So a script is atomic however long it takes, and still can be killed. Until the threshold has passed,
 * commands of others wait, as they do in Redis, which does not even read them; SCRIPT KILL and its
 * like run at once. What a script has changed is passed on when it is done, as one.
 *
 * Time stands still for a script: nothing expires while it runs.
 *
 * A script within a transaction has the rest of the transaction wait as well (Transactions.goOn).
 *
 * Source of the behaviour: script.c and eval.c of Redis 7.2.
 */
import { DOUBLE_FIELD } from '../../datastructs/double-field.js';
import type { Args } from '../../resp/args.js';
import { ReplyError } from '../../resp/reply-error.js';
import type { ReplyWriter } from '../../resp/reply-writer.js';
import {
  type Execution,
  type Script,
  type ScriptEngine,
  ScriptSyntaxError,
} from '../../scripting/engine.js';
import type { Acl } from '../acl/acl.js';
import type { Call } from '../api/call.js';
import { type BlockReason, ClientFlag } from '../api/client.js';
import type { Command } from '../api/command-table.js';
import { PropagateTo, type PropagationApi } from '../api/propagation.js';
import type { RunningScript, ScriptingApi, ScriptKind } from '../api/scripting.js';
import type { ClientImpl } from '../client.js';
import type { ServerClock } from '../clock.js';
import type { CommandTableImpl, RegisteredCommand } from '../command-table.js';
import type { Config } from '../config/config.js';
import type { InnerCommands } from '../execution/inner-commands.js';
import type { LateCommand, LateCommands } from '../execution/late-commands.js';
import { type Gate, type MemoryGate, type ScriptGate, ServerGate } from '../gate.js';
import type { ServerLog } from '../log.js';
import type { Stats } from '../stats.js';
import type { DebugForks } from './debug-forks.js';
import { DebugSession } from './debug-session.js';
import { Engines } from './engines.js';
import { Functions } from './functions.js';
import { CachedScript, ScriptCache, SHA1_LENGTH, sha1 } from './script-cache.js';
import { FIRST_SLICE_US, ScriptCalls } from './script-calls.js';
import { commandBitsOf, ScriptFlag } from './script-flags.js';
import { parseScriptHeader } from './shebang.js';
import type { WriteRefusals } from './write-refusals.js';

/** A script that was left runs on for so long at a time, in microseconds. */
const SLICE_US = 2000;
/** Arguments before the keys: the command, the script, how many keys. */
const FIRST_KEY = 3;

const NO_SCRIPT = new ReplyError('NOSCRIPT No matching script. Please use EVAL.');
const NOT_CACHED = new ReplyError('ERR Please use EVAL instead of EVALSHA for debugging');
const NO_FORK = new ReplyError(
  "ERR Fork() failed: can't run EVAL in debugging mode: Resource temporarily unavailable",
);
const SYNC_STARTED = 'Redis synchronous debugging eval session started';
const SYNC_ENDED = 'Redis synchronous debugging eval session ended';
const FORK_STARTED = 'Redis forked for debugging eval';
const FORK_ENDED = 'Lua debugging session child exiting';
const IN_PIPELINE = new ReplyError('ERR SCRIPT DEBUG must be called outside a pipeline');
const TOO_MANY_KEYS = new ReplyError("ERR Number of keys can't be greater than number of args");
const NEGATIVE_KEYS = new ReplyError("ERR Number of keys can't be negative");
const BAD_KEY_COUNT = new ReplyError('ERR Bad number of keys provided');
const NO_FUNCTION = new ReplyError('ERR Function not found');
const NESTED = new ReplyError('ERR A script is running already');
const NOT_IN_READ_ONLY = new ReplyError(
  'ERR Can not execute a script with write flag using *_ro command.',
);
const OUT_OF_MEMORY = new ReplyError(
  "OOM allow-oom flag is not set on the script, can not run it when used memory > 'maxmemory'",
);
const NOT_BUSY = new ReplyError('NOTBUSY No scripts in execution right now.');
const OF_MASTER = new ReplyError(
  'UNKILLABLE The busy script was sent by a master instance in the context of replication and ' +
    'cannot be killed.',
);
const HAS_WRITTEN = new ReplyError(
  'UNKILLABLE Sorry the script already executed write commands against the dataset. You can ' +
    'either wait the script termination or kill the server in a hard way using the SHUTDOWN ' +
    'NOSAVE command.',
);
/** What a script that is debugged may take where the server knows no threshold. */
const DEBUG_PATIENCE_MS = 5000;
const KILLED = 'Script killed by user with SCRIPT KILL...';
const KILL_COMMAND = { script: 'SCRIPT KILL', function: 'FUNCTION KILL' } as const;

export interface ScriptingParts {
  readonly acl: Acl;
  readonly call: Call;
  readonly clock: ServerClock;
  readonly commands: CommandTableImpl;
  readonly config: Config;
  readonly engines: readonly ScriptEngine[];
  /** Sessions on a copy of the data; undefined: the server is one that has such a session. */
  readonly forks: DebugForks | undefined;
  readonly gate: Gate;
  readonly inner: InnerCommands;
  readonly late: LateCommands;
  readonly log: ServerLog;
  readonly memory: () => MemoryGate;
  readonly propagation: PropagationApi;
  readonly refusals: WriteRefusals;
  readonly stats: Stats;
  /** To be called in another turn of the event loop. */
  defer(go: () => void): void;
  /** Clients are told of a command that runs others before those. */
  onMonitored(client: ClientImpl, args: Args): void;
  /** A script that was left is done: the client's transaction may go on, if it was in one. */
  onDone(client: ClientImpl): void;
  /** A script was left, or is done: nothing else may touch the data meanwhile. */
  onSuspended(isSuspended: boolean): void;
  /** Clients whose commands were held back may have them run now. */
  release(): void;
}

/** Why a client waits whose script was left. */
class ScriptWait implements BlockReason, LateCommand {
  readonly kind = 'script';
  /** What the command has taken so far, in microseconds. */
  usec = 0;

  constructor(
    readonly client: ClientImpl,
    readonly request: Args,
    readonly command: RegisteredCommand,
    /** Takes what the client says to the debugger of its script. */
    readonly onInput: ((bytes: Buffer) => void) | undefined,
    readonly onClose: (() => void) | undefined,
  ) {}

  get requestBytes(): number {
    return this.request.buf.length;
  }

  charge(usec: number): void {
    this.usec += usec;
  }
}

export class Scripting implements ScriptingApi, ScriptGate {
  readonly functions: Functions;
  readonly cache = new ScriptCache();
  /** Whether a log is replayed, and a script of it that takes its time may be left for a while. */
  leavesReplay = false;
  /** Whether that is so now: `goOnReplaying`. */
  isReplayLeft = false;
  readonly calls: ScriptCalls;
  private readonly engines: Engines;

  // The script that runs.
  private execution: Execution | undefined = undefined;
  private kind: ScriptKind = 'script';
  private name = '';
  private database: ClientImpl['db'] | undefined = undefined;
  /** Unix ms at which it was begun. */
  private startMs = DOUBLE_FIELD;
  /** … in monotonic microseconds, about; known once it was left. */
  private beganUs = DOUBLE_FIELD;
  private frozen = DOUBLE_FIELD;
  private wait: ScriptWait | undefined = undefined;
  /** Set while the script is debugged. */
  private session: DebugSession | undefined = undefined;
  private isBusy = false;
  private isStopped = false;
  private readonly goOn = () => this.resume();

  constructor(private readonly parts: ScriptingParts) {
    const { clock, config, log } = parts;
    this.startMs = 0;
    this.beganUs = 0;
    this.frozen = 0;
    this.engines = new Engines(parts.engines);
    this.calls = new ScriptCalls({
      acl: parts.acl,
      commands: parts.commands,
      inner: parts.inner,
      log,
      stats: parts.stats,
      refusals: parts.refusals,
      propagation: parts.propagation,
      micros: () => clock.micros(),
    });
    this.functions = new Functions({
      engines: this.engines,
      log: (level, text) => this.calls.log(level, text),
      micros: () => clock.micros(),
      compresses: () => config.values.rdbcompression,
    });
  }

  // ---- EVAL, EVALSHA, FCALL

  runSource(isReadonly: boolean): void {
    const { call } = this.parts;
    this.tellMonitors(call);
    if ((call.client.flags & ClientFlag.ScriptDebug) !== 0 && call.canBlock) {
      this.debugSource(call, isReadonly);
      return;
    }
    const keyCount = keyCountOf(call.args, call.args.int(2));
    this.start(call, 'script', this.compiled(call.args.text(1), false), keyCount, isReadonly);
  }

  runCached(isReadonly: boolean): void {
    const { call } = this.parts;
    this.tellMonitors(call);
    const { args, client } = call;
    if ((client.flags & ClientFlag.ScriptDebug) !== 0) throw NOT_CACHED;
    if (args.len(1) !== SHA1_LENGTH) throw NO_SCRIPT;
    const keyCount = keyCountOf(args, args.int(2));
    const script = this.cache.at(args.buf, args.off(1));
    if (script === undefined) throw NO_SCRIPT;
    this.cache.use(script);
    this.start(call, 'script', script, keyCount, isReadonly);
  }

  runFunction(isReadonly: boolean): void {
    const { call } = this.parts;
    this.tellMonitors(call);
    const { args } = call;
    const entry = this.functions.find(args.text(1));
    if (entry === undefined) throw NO_FUNCTION;
    const keyCount = keyCountOf(args, args.int(2, BAD_KEY_COUNT));
    this.start(call, 'function', entry, keyCount, isReadonly);
  }

  private tellMonitors({ args, client }: Call): void {
    if (!this.parts.gate.has(ServerGate.Monitored)) return;
    this.parts.onMonitored(client as ClientImpl, args);
  }

  /** A script by its source. @param keeps whether it is to stay @throws ReplyError */
  private compiled(source: string, keeps: boolean): CachedScript {
    const { cache } = this;
    const known = cache.find(source);
    if (known !== undefined) {
      if (keeps) cache.keep(known);
      cache.use(known);
      return known;
    }
    const { engine, flags, body } = parseScriptHeader(
      source,
      (name) => this.engines.byExactName(name) !== undefined,
    );
    const language = this.engines.byExactName(engine);
    if (language === undefined) throw new ReplyError(`ERR Engine '${engine}' not found`);
    try {
      const script = language.compile(body);
      const added = new CachedScript(sha1(source), source, flags, script, keeps);
      cache.add(added);
      return added;
    } catch (error) {
      if (!(error instanceof ScriptSyntaxError)) throw error;
      throw new ReplyError(`ERR Error compiling script (new function): ${error.message}`);
    }
  }

  // ---- debugging

  debug(mode: 'yes' | 'sync' | 'no'): void {
    const { client, reply } = this.parts.call;
    if (reply.size > 0 || client.outputBytes > 0) throw IN_PIPELINE;
    client.flags &= ~(ClientFlag.ScriptDebug | ClientFlag.ScriptDebugSync);
    if (mode !== 'no') client.flags |= ClientFlag.ScriptDebug;
    if (mode === 'sync') client.flags |= ClientFlag.ScriptDebugSync;
  }

  /** EVAL of a client that debugs its scripts. @throws ReplyError */
  private debugSource(call: Call, isReadonly: boolean): void {
    const { clock, config, forks, log } = this.parts;
    const client = call.client as ClientImpl;
    const isSync = (client.flags & ClientFlag.ScriptDebugSync) !== 0;
    if (!isSync && forks !== undefined) {
      if (forks.begin(client, call.args)) return;
      client.flags &= ~ClientFlag.ScriptDebug;
      throw NO_FORK;
    }
    const source = call.args.text(1);
    log.notice(isSync ? SYNC_STARTED : FORK_STARTED);
    const session = new DebugSession({
      source,
      host: this.calls,
      send: (bytes) => client.queueReply([bytes]),
      goOn: () => this.parts.defer(this.goOn),
      end: (error) => this.endWith(error),
      micros: () => clock.micros(),
      patienceMs: () => config.values['busy-reply-threshold'] || DEBUG_PATIENCE_MS,
    });
    this.session = session;
    try {
      const keyCount = keyCountOf(call.args, call.args.int(2));
      const { flags, name } = this.compiled(source, false);
      const script = this.compiledFor(source, session);
      this.start(call, 'script', { script, name, flags }, keyCount, isReadonly);
    } catch (error) {
      this.endSession(client);
      throw error;
    }
  }

  /** A script that compiles, for its debugger. */
  private compiledFor(source: string, session: DebugSession): Script {
    const { engines } = this;
    const { engine, body } = parseScriptHeader(
      source,
      (name) => engines.byExactName(name) !== undefined,
    );
    const script = engines.byExactName(engine)!.compileForDebugging(body, session);
    return {
      start: (_host, args, firstKey, keyCount) =>
        script.start(session.host, args, firstKey, keyCount),
    };
  }

  /** The client has sent something to the debugger of its script, which was left. */
  private tellSession(bytes: Buffer): void {
    const { session, wait } = this;
    if (session === undefined || wait === undefined) return;
    const { call, late } = this.parts;
    late.goOn(wait, this.startMs, () => this.debugged(call, () => session.take(bytes)));
  }

  /** Does what a debugger asks for, whose commands are the script's. */
  private debugged(call: Call, work: () => void): void {
    const { canBlock, reply } = call;
    call.canBlock = false;
    call.inScript = true;
    call.reply = this.calls.out;
    work();
    call.canBlock = canBlock;
    call.inScript = false;
    call.reply = reply;
  }

  /** The script that was debugged is over; its reply follows. */
  private endSession(client: ClientImpl): void {
    const { session } = this;
    if (session === undefined) return;
    this.session = undefined;
    session.finish();
    client.close(true);
    const isSync = (client.flags & ClientFlag.ScriptDebugSync) !== 0;
    this.parts.log.notice(isSync ? SYNC_ENDED : FORK_ENDED);
  }

  /** Ends the script that runs, or waits for its debugger. */
  private endWith(error: string): void {
    this.execution!.kill(error);
    const { session } = this;
    if (session?.isStopped === false || session === undefined) return;
    session.isStopped = false;
    this.parts.defer(this.goOn);
  }

  // ---- running

  private start(
    call: Call,
    kind: ScriptKind,
    { script, name, flags }: Runnable,
    keyCount: number,
    isReadonly: boolean,
  ): void {
    if (this.execution !== undefined) throw NESTED;
    const { calls } = this;
    calls.isOutOfMemory = this.parts.memory().isOutOfMemory;
    const isDeclared = (flags & ScriptFlag.Undeclared) === 0;
    if (isDeclared) this.checkDeclared(flags, isReadonly);
    const client = call.client as ClientImpl;
    calls.begin(client, call.command.fullName);
    calls.isReadonly = isReadonly || (isDeclared && (flags & ScriptFlag.NoWrites) !== 0);
    calls.allowsOom = isDeclared && (flags & ScriptFlag.AllowOom) !== 0;
    this.kind = kind;
    this.name = name;
    this.database = client.db;
    this.startMs = call.now;
    this.frozen = 0;
    this.parts.propagation.begin();
    try {
      this.execution = script.start(calls, call.args, FIRST_KEY, keyCount);
      calls.sliceEndUs = 0;
      if (this.slice(call)) this.finish(call, client);
      else this.leave(call, client);
    } catch (error) {
      this.end(client);
      throw error;
    }
  }

  /** A script takes its time. */
  private leave(call: Call, client: ClientImpl): void {
    if (this.leavesReplay) {
      this.isReplayLeft = true;
      this.beganUs = this.parts.clock.micros() - FIRST_SLICE_US;
    } else if (call.keepsDue) {
      // A transaction of a log that is replayed, which nothing may interrupt.
      this.calls.sliceEndUs = Number.POSITIVE_INFINITY;
      while (!this.slice(call));
      this.finish(call, client);
    } else this.suspend(call);
  }

  /** What a script says of itself must fit the server and the command. @throws ReplyError */
  private checkDeclared(flags: number, isReadonly: boolean): void {
    const { refusals } = this.parts;
    if ((flags & ScriptFlag.NoWrites) === 0) {
      const refusal = refusals.ofScript();
      if (refusal !== undefined) throw new ReplyError(refusal);
      if (isReadonly) throw NOT_IN_READ_ONLY;
      const alone = refusals.ofScriptAlone();
      if (alone !== undefined) throw new ReplyError(alone);
    }
    const needsMemory = (flags & (ScriptFlag.AllowOom | ScriptFlag.NoWrites)) === 0;
    if (needsMemory && this.calls.isOutOfMemory) throw OUT_OF_MEMORY;
  }

  /** Runs it on until it is done or due to pause. @returns whether it is done */
  private slice(call: Call): boolean {
    const { args, canBlock, client, command, reply } = call;
    call.canBlock = false;
    call.inScript = true;
    call.reply = this.calls.out;
    try {
      return this.execution!.resume();
    } finally {
      call.args = args;
      call.canBlock = canBlock;
      call.inScript = false;
      call.command = command;
      call.reply = reply;
      call.db = client.db;
    }
  }

  /** A script is done that was not left. */
  private finish(call: Call, client: ClientImpl): void {
    this.endSession(client);
    this.answer(call.reply);
    this.end(client);
    call.db = client.db;
  }

  /** Writes what it has returned, or why it has failed. */
  private answer(reply: ReplyWriter): void {
    const execution = this.execution!;
    const { failure } = execution;
    if (failure === undefined) {
      execution.writeResult(reply);
      return;
    }
    const { isCounted, line, source, text } = failure;
    const where = source !== undefined && line !== undefined;
    const error = where ? `${text} script: ${this.name}, on ${source}:${line}.` : text;
    if (isCounted) reply.repeatedError(error);
    else reply.error(error);
  }

  /** It runs no more. */
  private end(client: ClientImpl): void {
    const { propagation } = this.parts;
    this.execution = undefined;
    if (this.database !== undefined) client.db = this.database;
    this.database = undefined;
    propagation.targets = PropagateTo.All;
    propagation.end();
  }

  // ---- running long

  /** Another slice of a script of a log that is replayed, and was left. */
  goOnReplaying(call: Call): void {
    const client = call.client as ClientImpl;
    call.now = this.startMs;
    this.calls.sliceEndUs = this.parts.clock.micros() + SLICE_US;
    this.isReplayLeft = false;
    let isDone: boolean;
    try {
      isDone = this.slice(call);
    } catch (error) {
      this.end(client);
      throw error;
    }
    if (isDone) {
      this.isBusy = false;
      this.finish(call, client);
      return;
    }
    this.isReplayLeft = true;
    if (!this.isBusy) this.checkThreshold();
  }

  private suspend(call: Call): void {
    const { clock, defer, gate, onSuspended } = this.parts;
    this.wait = new ScriptWait(
      call.client as ClientImpl,
      call.args.copy(),
      call.command as RegisteredCommand,
      this.session === undefined ? undefined : (bytes) => this.tellSession(bytes),
      () => this.session?.leave(),
    );
    this.beganUs = clock.micros() - FIRST_SLICE_US;
    this.isBusy = false;
    call.client.block(this.wait);
    gate.set(ServerGate.Scripting, true);
    onSuspended(true);
    if (this.session?.isStopped !== true) defer(this.goOn);
  }

  private resume(): void {
    if (this.isStopped || this.wait === undefined) return;
    const { wait } = this;
    this.parts.late.goOn(wait, this.startMs, () => this.resumeWithin(wait));
  }

  /** Another slice, within `goOn`. */
  private resumeWithin(wait: ScriptWait): void {
    const { call, clock, defer } = this.parts;
    const begin = clock.micros();
    this.calls.sliceEndUs = begin + SLICE_US;
    let isDone = true;
    try {
      isDone = this.slice(call);
    } catch (error) {
      this.finishLater(wait, begin, () => {
        throw error;
      });
      return;
    }
    if (isDone) {
      this.finishLater(wait, begin, () => this.answer(call.reply));
      return;
    }
    wait.usec += clock.micros() - begin;
    if (this.session === undefined) {
      if (!this.isBusy) this.checkThreshold();
    } else {
      this.debugged(call, () => this.session?.work());
      if (this.session.isStopped) return;
    }
    defer(this.goOn);
  }

  /** `busy-reply-threshold`: from then on, others are answered with BUSY. */
  private checkThreshold(): void {
    const { config, log, release } = this.parts;
    const threshold = config.values['busy-reply-threshold'];
    const elapsed = this.elapsedMs;
    if (threshold === 0 || elapsed < threshold) return;
    this.isBusy = true;
    log.warning(
      `Slow script detected: still in execution after ${Math.floor(elapsed)} milliseconds. ` +
        `You can try killing the script using the ${KILL_COMMAND[this.kind]} command. ` +
        `Script name is: ${this.name}.`,
    );
    release();
  }

  /** A script that was left is done. */
  private finishLater(wait: ScriptWait, begin: number, write: () => void): void {
    const { gate, late, onDone, onSuspended, release } = this.parts;
    const { client } = wait;
    this.endSession(client);
    this.wait = undefined;
    this.isBusy = false;
    late.conclude(wait, begin, () => {
      try {
        write();
      } finally {
        this.end(client);
      }
    });
    gate.set(ServerGate.Scripting, false);
    onSuspended(false);
    client.unblock();
    onDone(client);
    if (this.wait === undefined) release();
  }

  /** Nothing goes on: the server stops. */
  stop(): void {
    this.isStopped = true;
    this.parts.forks?.stop();
  }

  // ---- ScriptGate

  get isSuspended(): boolean {
    return this.wait !== undefined;
  }

  get busyError(): string | undefined {
    return this.wait === undefined ? undefined : busyText(this.kind);
  }

  get isAnswering(): boolean {
    return this.isBusy;
  }

  bitsOf(command: Command, args: Args): number {
    return commandBitsOf(command.bits, this.flagsOf(command, args));
  }

  /** Flags of the script that a command is to run, as far as it can be told. */
  private flagsOf(command: Command, args: Args): number {
    if (command.fullName.startsWith('fcall')) {
      return this.functions.find(args.text(1))?.flags ?? ScriptFlag.Undeclared;
    }
    if (command.fullName.startsWith('evalsha')) {
      return this.cache.get(args.text(1))?.flags ?? ScriptFlag.Undeclared;
    }
    const source = args.text(1);
    const known = this.cache.find(source);
    if (known !== undefined) return known.flags;
    try {
      return parseScriptHeader(source, (name) => this.engines.byExactName(name) !== undefined)
        .flags;
    } catch (error) {
      if (!(error instanceof ReplyError)) throw error;
      return ScriptFlag.Undeclared;
    }
  }

  // ---- ScriptingApi

  load(source: string): string {
    return this.compiled(source, true).name;
  }

  has(sha: string): boolean {
    return this.cache.get(sha) !== undefined;
  }

  flush(): number {
    const scripts = this.cache.size;
    this.cache.clear();
    for (const engine of this.engines.all) engine.reset();
    return scripts;
  }

  kill(kind: ScriptKind): void {
    if (this.wait === undefined) throw NOT_BUSY;
    if ((this.calls.client.flags & ClientFlag.Master) !== 0) throw OF_MASTER;
    if (this.calls.hasWritten) throw HAS_WRITTEN;
    if (kind !== this.kind) throw new ReplyError(busyText(this.kind));
    this.parts.log.notice('Lua script killed by user with SCRIPT KILL.');
    this.endWith(KILLED);
  }

  get suspended(): RunningScript | undefined {
    const { wait } = this;
    if (wait === undefined) return undefined;
    const request: Uint8Array[] = [];
    for (let i = 0; i < wait.request.count; i++) request.push(wait.request.view(i));
    return { kind: this.kind, name: this.name, request, elapsedMs: Math.floor(this.elapsedMs) };
  }

  get frozenMicros(): number {
    if (this.execution === undefined) return 0;
    if (this.frozen === 0) {
      this.frozen = this.startMs * 1000 + (this.parts.clock.unixMicros() % 1000);
    }
    return this.frozen;
  }

  get allowsAll(): boolean {
    return this.calls.allowsAll;
  }

  set allowsAll(allowed: boolean) {
    this.calls.allowsAll = allowed;
  }

  /** What INFO tells. */
  get counts() {
    const { cache, engines, functions } = this;
    return {
      cachedScripts: cache.size,
      cachedScriptBytes: cache.bytes,
      functions: functions.functionCount,
      libraries: functions.libraryCount,
      functionBytes: functions.bytes,
      scriptVmBytes: engines.evalBytes,
      functionVmBytes: engines.functionBytes,
    };
  }

  private get elapsedMs(): number {
    return (this.parts.clock.micros() - this.beganUs) / 1000;
  }
}

/** What can be run: a cached script, or a function. */
interface Runnable {
  readonly script: Script;
  readonly name: string;
  /** Bits of ScriptFlag. */
  readonly flags: number;
}

/** @throws ReplyError */
function keyCountOf(args: Args, count: number): number {
  if (count > args.count - FIRST_KEY) throw TOO_MANY_KEYS;
  if (count < 0) throw NEGATIVE_KEYS;
  return count;
}

function busyText(kind: ScriptKind): string {
  return (
    `BUSY Redis is busy running a script. You can only call ${KILL_COMMAND[kind]} or ` +
    'SHUTDOWN NOSAVE.'
  );
}
