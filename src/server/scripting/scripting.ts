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
import type { Execution, ScriptEngine } from '../../scripting/engine.js';
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
import { Debugging } from './debugging.js';
import type { Functions } from './functions.js';
import { type Runnable, Runnables } from './runnables.js';
import { type ScriptCache, SHA1_LENGTH } from './script-cache.js';
import { FIRST_SLICE_US, ScriptCalls } from './script-calls.js';
import { commandBitsOf, ScriptFlag } from './script-flags.js';
import type { WriteRefusals } from './write-refusals.js';

/** A script that was left runs on for so long at a time, in microseconds. */
const SLICE_US = 2000;
/** Arguments before the keys: the command, the script, how many keys. */
const FIRST_KEY = 3;

const NO_SCRIPT = new ReplyError('NOSCRIPT No matching script. Please use EVAL.');
const NOT_CACHED = new ReplyError('ERR Please use EVAL instead of EVALSHA for debugging');
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
  readonly cache: ScriptCache;
  private readonly runnables: Runnables;
  private readonly debugging: Debugging;
  /** Whether a log is replayed, and a script of it that takes its time may be left for a while. */
  leavesReplay = false;
  /** Whether that is so now: `goOnReplaying`. */
  isReplayLeft = false;
  readonly calls: ScriptCalls;

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
  private isBusy = false;
  private isStopped = false;
  private readonly goOn = () => this.resume();

  constructor(private readonly parts: ScriptingParts) {
    const { clock, config, log } = parts;
    this.startMs = 0;
    this.beganUs = 0;
    this.frozen = 0;
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
    this.runnables = new Runnables({
      engines: parts.engines,
      log: (level, text) => this.calls.log(level, text),
      micros: () => clock.micros(),
      compresses: () => config.values.rdbcompression,
    });
    this.debugging = new Debugging({
      calls: this.calls,
      clock,
      config,
      forks: parts.forks,
      log,
      goOn: () => parts.defer(this.goOn),
      endWith: (error) => this.endWith(error),
    });
    this.functions = this.runnables.functions;
    this.cache = this.runnables.cache;
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
    this.start(call, 'script', this.runnables.ofSource(call.args.text(1)), keyCount, isReadonly);
  }

  runCached(isReadonly: boolean): void {
    const { call } = this.parts;
    this.tellMonitors(call);
    const { args, client } = call;
    if ((client.flags & ClientFlag.ScriptDebug) !== 0) throw NOT_CACHED;
    if (args.len(1) !== SHA1_LENGTH) throw NO_SCRIPT;
    const keyCount = keyCountOf(args, args.int(2));
    const script = this.runnables.ofSha(args.buf, args.off(1));
    if (script === undefined) throw NO_SCRIPT;
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

  // ---- debugging

  debug(mode: 'yes' | 'sync' | 'no'): void {
    const { client, reply } = this.parts.call;
    if (reply.size > 0 || client.outputBytes > 0) throw IN_PIPELINE;
    this.debugging.setMode(client, mode);
  }

  /** EVAL of a client that debugs its scripts. @throws ReplyError */
  private debugSource(call: Call, isReadonly: boolean): void {
    const { debugging } = this;
    const client = call.client as ClientImpl;
    if (!debugging.begin(client, call.args)) return;
    try {
      const keyCount = keyCountOf(call.args, call.args.int(2));
      const runnable = debugging.runnable(this.runnables, call.args.text(1));
      this.start(call, 'script', runnable, keyCount, isReadonly);
    } catch (error) {
      debugging.end(client);
      throw error;
    }
  }

  /** The client has sent something to the debugger of its script, which was left. */
  private tellSession(bytes: Buffer): void {
    const { debugging, wait } = this;
    const { session } = debugging;
    if (session === undefined || wait === undefined) return;
    const { call, late } = this.parts;
    const work = () => debugging.within(call, () => session.take(bytes));
    late.goOn(wait, this.startMs, work);
  }

  /** Ends the script that runs, or waits for its debugger. */
  private endWith(error: string): void {
    this.execution!.kill(error);
    const { session } = this.debugging;
    if (session?.isStopped !== true) return;
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
    this.debugging.end(client);
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
      this.debugging.session === undefined ? undefined : (bytes) => this.tellSession(bytes),
      () => this.debugging.session?.leave(),
    );
    this.beganUs = clock.micros() - FIRST_SLICE_US;
    this.isBusy = false;
    call.client.block(this.wait);
    gate.set(ServerGate.Scripting, true);
    onSuspended(true);
    if (this.debugging.session?.isStopped !== true) defer(this.goOn);
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
    const { debugging } = this;
    const { session } = debugging;
    if (session === undefined) {
      if (!this.isBusy) this.checkThreshold();
    } else {
      debugging.within(call, () => session.work());
      if (session.isStopped) return;
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
    this.debugging.end(client);
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
    return commandBitsOf(command.bits, this.runnables.flagsOf(command, args));
  }

  // ---- ScriptingApi

  load(source: string): string {
    return this.runnables.load(source);
  }

  has(sha: string): boolean {
    return this.runnables.has(sha);
  }

  flush(): number {
    return this.runnables.flush();
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
    return this.runnables.counts;
  }

  private get elapsedMs(): number {
    return (this.parts.clock.micros() - this.beganUs) / 1000;
  }
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
