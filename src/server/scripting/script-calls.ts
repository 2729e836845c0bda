/**
 * Commands that a script runs: the script's side of the server.
 *
 *     request  GET k ──look up, check──> InnerCommands.runInScript ──> out: $1 v   ──> the script
 *
 * They run as the client's who has sent the script: its user, its tracking, its database until the
 * script selects another. Replies are written to a buffer of their own. Before the first write, what
 * forbids writing is asked for; afterwards no more, since a script can't be stopped in the middle.
 *
 * Refusals are told with no code but where they have one of their own (`-READONLY …`), as scripts see
 * them.
 *
 * `call` is on the path of every command of every script and allocates nothing; guarded by
 * `npm run bench`.
 */
import { DOUBLE_FIELD } from '../../datastructs/double-field.js';
import { errorCode } from '../../resp/reply-error.js';
import { ReplyWriter } from '../../resp/reply-writer.js';
import { LogLevel, type ScriptHost } from '../../scripting/engine.js';
import { RequestBuffer } from '../../scripting/request-buffer.js';
import type { Acl } from '../acl/acl.js';
import { ClientGate } from '../api/client.js';
import { CommandBit } from '../api/command-table.js';
import type { Log } from '../api/log.js';
import type { PropagationApi } from '../api/propagation.js';
import type { ClientImpl } from '../client.js';
import type { CommandTableImpl, RegisteredCommand } from '../command-table.js';
import type { InnerCommands } from '../execution/inner-commands.js';
import type { Stats } from '../stats.js';
import type { WriteRefusals } from './write-refusals.js';

const NO_COMMAND = 'Unknown Redis command called from script';
const WRONG_ARITY = 'Wrong number of args calling Redis command from script';
const NOT_IN_SCRIPTS = 'This Redis command is not allowed from script';
const READ_ONLY = 'Write commands are not allowed from read-only scripts.';
const OUT_OF_MEMORY = "-OOM command not allowed when used memory > 'maxmemory'.";
const CHANGES = CommandBit.Write | CommandBit.MayReplicate;

/** Names of commands that are remembered as scripts have written them: `GET`, `get`. */
const KNOWN_NAMES = 500;

/** A script runs so long before anything else is looked at, in microseconds. */
export const FIRST_SLICE_US = 5000;

export interface ScriptCallsParts {
  readonly acl: Acl;
  readonly commands: CommandTableImpl;
  readonly inner: InnerCommands;
  readonly log: Log;
  readonly stats: Stats;
  readonly refusals: WriteRefusals;
  /** Monotonic microseconds. */
  micros(): number;
  readonly propagation: PropagationApi;
}

export class ScriptCalls implements ScriptHost {
  readonly request = new RequestBuffer();
  /** Where commands write their replies. */
  readonly out: ReplyWriter;
  reply: Buffer;
  replyStart = 0;
  replyEnd = 0;
  callMicros = DOUBLE_FIELD;
  resp = 2;

  /** Whose script runs. */
  client!: ClientImpl;
  /** Full name of the command that it has sent. */
  sent = '';
  /** Whether it may not write. */
  isReadonly = false;
  /** Whether it may run what needs memory when there is none. */
  allowsOom = false;
  /** Whether there was none when it was begun. */
  isOutOfMemory = false;
  /** Whether it has run a command that writes. */
  hasWritten = false;
  /** Whether any command may be run (for tests). */
  allowsAll = false;
  /** Until when it may run on, in monotonic microseconds; 0: it has just begun. */
  sliceEndUs = DOUBLE_FIELD;
  /** Commands by their names as scripts write them: those are constants, so that V8 knows their hash. */
  private readonly known = new Map<string, RegisteredCommand>();

  constructor(private readonly parts: ScriptCallsParts) {
    this.out = new ReplyWriter((code) => parts.stats.countError(code));
    this.reply = this.out.buf;
    this.sliceEndUs = 0;
    this.callMicros = 0;
  }

  /** A script begins. */
  begin(client: ClientImpl, sent: string): void {
    this.client = client;
    this.sent = sent;
    this.resp = 2;
    this.isReadonly = false;
    this.allowsOom = false;
    this.hasWritten = false;
  }

  call(): string | undefined {
    const { args } = this.request;
    const command = this.find();
    this.callMicros = 0;
    if (command === undefined) return this.refused(undefined, NO_COMMAND);
    if (args.count < command.minArgs || args.count > command.maxArgs) {
      return this.refused(command, WRONG_ARITY);
    }
    const { bits } = command;
    if ((bits & CommandBit.Noscript) !== 0 && !this.allowsAll) {
      return this.refused(command, NOT_IN_SCRIPTS);
    }
    if ((this.client.gate & ClientGate.Restricted) !== 0) {
      const refusal = this.parts.acl.refusalInScript(this.client, command, args, this.sent);
      if (refusal !== undefined) return this.refused(command, refusal);
    }
    if ((bits & CHANGES) !== 0) {
      const refusal = this.refusalOfChange(bits);
      if (refusal !== undefined) return this.refused(command, refusal);
    }
    this.run(command);
    return undefined;
  }

  mayRun(): boolean | undefined {
    const command = this.find();
    if (command === undefined) return undefined;
    return this.parts.acl.mayRun(this.client, command, this.request.args);
  }

  setReplication(targets: number): void {
    this.parts.propagation.targets = targets;
  }

  log(level: number, text: string): void {
    const { log } = this.parts;
    if (level === LogLevel.Debug) log.debug(text);
    else if (level === LogLevel.Verbose) log.verbose(text);
    else if (level === LogLevel.Notice) log.notice(text);
    else log.warning(text);
  }

  isDue(): boolean {
    const now = this.parts.micros();
    if (this.sliceEndUs === 0) this.sliceEndUs = now + FIRST_SLICE_US;
    return now > this.sliceEndUs;
  }

  /** The command that the request names. */
  private find(): RegisteredCommand | undefined {
    const { commands } = this.parts;
    const { args, name } = this.request;
    let command = this.known.get(name);
    if (command === undefined) {
      command = commands.find(args.buf, args.offs[0]!, args.lens[0]!);
      if (command === undefined) return undefined;
      if (this.known.size >= KNOWN_NAMES) this.known.clear();
      this.known.set(name, command);
    }
    if (command.subcommands === undefined || args.count < 2) return command;
    return commands.findSubcommand(command, args.buf, args.offs[1]!, args.lens[1]!);
  }

  private refusalOfChange(bits: number): string | undefined {
    if (this.isReadonly) return READ_ONLY;
    if (this.hasWritten || (bits & CommandBit.Write) === 0) return undefined;
    const refusal = this.parts.refusals.ofCommand();
    if (refusal !== undefined) return refusal;
    if (this.isOutOfMemory && !this.allowsOom && (bits & CommandBit.DenyOom) !== 0) {
      return OUT_OF_MEMORY;
    }
    this.hasWritten = true;
    return undefined;
  }

  private run(command: RegisteredCommand): void {
    const { out } = this;
    out.rewind();
    out.open(this.resp === 3);
    const { args } = this.request;
    this.callMicros = this.parts.inner.runInScript(this.client, command, args, out);
    if (out.overflow.length > 0) {
      this.reply = Buffer.concat(out.take());
      this.replyStart = 0;
      this.replyEnd = this.reply.length;
    } else {
      this.reply = out.buf;
      this.replyStart = out.start;
      this.replyEnd = out.pos;
    }
  }

  private refused(command: RegisteredCommand | undefined, error: string): string {
    this.parts.stats.countError(error.startsWith('-') ? errorCode(error.slice(1)) : 'ERR');
    if (command !== undefined) command.rejected++;
    return error;
  }
}
