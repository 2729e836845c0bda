/**
 * The long way of a request: a name that is no command, or one that must pass the gate, since the server
 * or its client has a reason to look at it (gate.ts).
 *
 *     name, arity ──> passGate ──> queued by MULTI
 *                        │    └──> runs, and whoever wants to know is told: the snapshot that is being
 *                        │         taken, hot keys, monitors, clients that track
 *                        ├──rejected──> an error; a transaction is spoilt
 *                        └──postponed──> waits, and comes again from the beginning
 *     … then CLIENT REPLY takes its reply back, messages follow it, and clients that wait for keys
 *     which it has brought are served, before the next command.
 *
 * While nothing sets a bit of the gate, none of this runs.
 */
import type { Args } from '../../resp/args.js';
import type { ReplyWriter } from '../../resp/reply-writer.js';
import type { Call } from '../api/call.js';
import { ClientFlag, ClientGate } from '../api/client.js';
import type { ClientImpl } from '../client.js';
import type { ServerClock } from '../clock.js';
import {
  type CommandTableImpl,
  type RegisteredCommand,
  unknownSubcommand,
} from '../command-table.js';
import { isHttp } from '../cross-protocol.js';
import {
  checkArity,
  type Gate,
  type GateState,
  ownBitsOf,
  passGate,
  ServerGate,
  unknownCommand,
  type Verdict,
} from '../gate.js';
import type { Stats } from '../stats.js';
import { isQueued } from '../transaction.js';
import type { Batch } from './batch.js';
import type { Charges } from './charges.js';
import type { Invocation } from './invocation.js';
import type { Pushes } from './pushes.js';

/** How a command came to run: by a request, again after it has waited, or by a script. */
export type Origin = 'request' | 'again' | 'script';

export interface CheckedPathParts {
  readonly batch: Batch;
  readonly call: Call;
  readonly charges: Charges;
  readonly clock: ServerClock;
  readonly commands: CommandTableImpl;
  readonly gate: Gate;
  readonly gateState: GateState;
  readonly invocation: Invocation;
  readonly listeners: CommandListeners;
  readonly pushes: Pushes;
  /** Where clients are replied to. */
  readonly reply: ReplyWriter;
  readonly stats: Stats;
}

/** Who is asked and told of commands that pass the gate. */
export interface CommandListeners {
  /** The client's command has to wait until the pause ends. */
  onPaused(client: ClientImpl): void;
  /** The client speaks HTTP: its connection is to be ended. */
  onHttp(client: ClientImpl): void;
  /** EXEC was refused before it ran: the transaction is to be forgotten. */
  onExecRefused(client: ClientImpl): void;
  /** Clients that wait for keys, and may be served between two commands. */
  waiting(): { readonly hasReady: boolean; serve(): void };
  /** A command has run (or waits, and will not be told of again) while ServerGate.Monitored is set. */
  onMonitored(
    client: ClientImpl,
    command: RegisteredCommand,
    args: Args,
    isInScript: boolean,
  ): void;
  /** A command of a client with ClientGate.Tracking has run. */
  onTracked(client: ClientImpl, command: RegisteredCommand, args: Args): void;
  /** A request of such a client has been answered; what was pushed to it meanwhile is to follow. */
  onTrackedDone(client: ClientImpl, command: RegisteredCommand | undefined): void;
  /** A command is about to run while ServerGate.TrackingFull is set. */
  onTrackingFull(): void;
  /** A command is about to run while ServerGate.Saving is set. */
  onSaving(client: ClientImpl, command: RegisteredCommand, args: Args): void;
  /** Asked and told while ServerGate.HotKeys is set. */
  readonly hotKeys: {
    takes(): boolean;
    note(command: RegisteredCommand, args: Args, micros: number, replyBytes: number): void;
    /** The command's time is known later, with that of its run: `Charges.onRun`. */
    noteLater(command: RegisteredCommand, args: Args, replyBytes: number, isTaken: boolean): void;
  };
}

export class CheckedPath {
  constructor(private readonly parts: CheckedPathParts) {}

  /** Runs a request on `call.args`. @returns false: it has to wait, and is to be run again */
  execute(client: ClientImpl, command: RegisteredCommand | undefined): boolean {
    const { call, charges, pushes, reply, stats } = this.parts;
    if (command !== undefined && this.isOpen(client, command, call.args)) {
      this.invokeNoted(client, command, call.args);
      return true;
    }
    const mark = reply.size;
    if ((client.flags & ClientFlag.ReplySkipNext) !== 0) {
      client.flags = (client.flags & ~ClientFlag.ReplySkipNext) | ClientFlag.ReplySkip;
    }
    pushes.begin(client);
    if (command === undefined) {
      stats.commandsProcessed--; // it has not run
      this.refuseUnknown(client);
      this.refused(client, command);
    } else if (!checkArity(command, call.args, reply)) {
      charges.rejected(command);
      this.refused(client, command);
    } else {
      const verdict = this.pass(client, command, 'request');
      if (verdict === 'postponed') {
        pushes.end();
        this.parts.listeners.onPaused(client);
        return false;
      }
      if (verdict === 'rejected') this.refused(client, command);
    }
    this.end(client, command, mark);
    if (this.parts.listeners.waiting().hasReady) this.serveOthers(client);
    return true;
  }

  /** Whether nothing is set but the bit of HOTKEYS, which may stay set for long, and forbids nothing. */
  private isOpen(client: ClientImpl, command: RegisteredCommand, { count }: Args): boolean {
    if ((this.parts.gate.bits | client.gate) !== ServerGate.HotKeys) return false;
    return count >= command.minArgs && count <= command.maxArgs;
  }

  /** Answers a request that names no command. */
  private refuseUnknown(client: ClientImpl): void {
    const { args } = this.parts.call;
    if (isHttp(args)) {
      this.parts.listeners.onHttp(client);
      return;
    }
    const parent = this.parts.commands.find(args.buf, args.off(0), args.len(0));
    this.parts.reply.error(
      parent?.subcommands !== undefined && args.count > 1
        ? unknownSubcommand(parent.fullName, args.text(1))
        : unknownCommand(args),
    );
  }

  /** A request was not run: it spoils the transaction; an EXEC takes it along, and what is watched. */
  private refused(client: ClientImpl, command: RegisteredCommand | undefined): void {
    if (command?.fullName === 'exec') {
      this.parts.listeners.onExecRefused(client);
      // Those who have seen MULTI shall see that it is over.
      if (this.parts.gate.has(ServerGate.Monitored)) {
        this.parts.listeners.onMonitored(client, command, this.parts.call.args, false);
      }
    } else if (client.transaction !== undefined) client.transaction.isRefused = true;
  }

  /** Has a command pass the gate, and runs it on `call.args` if it may. */
  pass(client: ClientImpl, command: RegisteredCommand, origin: Origin): Verdict {
    const { call, charges, gate, gateState, reply } = this.parts;
    const verdict = passGate(gateState, gate.bits, client, command, call.args, reply);
    if (verdict === 'run') {
      if (gate.has(ServerGate.TrackingFull)) this.relieveTracking(client);
      if (client.transaction !== undefined && isQueued(command)) this.enqueue(client, command);
      else this.invoke(client, command, call.args, origin);
    } else if (verdict === 'rejected') charges.rejected(command);
    return verdict;
  }

  /** What has to be forgotten of the tracked keys is told before the reply, if there is to be one. */
  private relieveTracking(client: ClientImpl): void {
    const { listeners, pushes } = this.parts;
    if ((client.gate & ClientGate.Reply) !== 0) listeners.onTrackingFull();
    else pushes.beforeReply(() => listeners.onTrackingFull());
  }

  /** Keeps a command of a transaction for EXEC. */
  private enqueue(client: ClientImpl, command: RegisteredCommand): void {
    const { call, charges, gateState, reply } = this.parts;
    charges.skipped(command);
    client.transaction!.add(command, call.args, ownBitsOf(gateState, command, call.args));
    reply.status('QUEUED');
  }

  /** Runs a command that somebody may want to know of. */
  invoke(client: ClientImpl, command: RegisteredCommand, args: Args, origin: Origin): void {
    const { call, gate, invocation } = this.parts;
    if (gate.has(ServerGate.Saving)) this.parts.listeners.onSaving(client, command, args);
    if (gate.has(ServerGate.HotKeys) && origin !== 'script') {
      this.invokeNoted(client, command, args);
    } else invocation.run(client, command, call, call.reply);
    if (gate.has(ServerGate.Monitored) && origin !== 'again') {
      this.parts.listeners.onMonitored(client, command, args, origin === 'script');
    }
    if ((client.gate & ClientGate.Tracking) !== 0)
      this.parts.listeners.onTracked(client, command, args);
  }

  /** Runs a command and tells how much it was, if it is one of those that are looked at. */
  private invokeNoted(client: ClientImpl, command: RegisteredCommand, args: Args): void {
    const { batch, call, charges, clock, invocation, listeners } = this.parts;
    const { hotKeys } = listeners;
    const { reply } = call;
    const isNoted = hotKeys.takes();
    const { size } = reply;
    if (args === batch.args && batch.reader.count > 1 && !charges.isTimedAlone(command)) {
      invocation.run(client, command, call, reply);
      hotKeys.noteLater(command, args, reply.size - size, isNoted);
      return;
    }
    const begin = isNoted ? clock.micros() : 0;
    invocation.run(client, command, call, reply);
    if (isNoted) hotKeys.note(command, args, clock.micros() - begin, reply.size - size);
  }

  /**
   * A client's command is answered, left or made to wait.
   * @param mark where its replies begin @param command undefined: the rest of an earlier one
   */
  end(client: ClientImpl, command: RegisteredCommand | undefined, mark: number): void {
    const { pushes } = this.parts;
    if ((client.gate & ClientGate.Reply) !== 0) this.applyReplyMode(client, mark);
    pushes.replied();
    if (client.blockedBy?.kind === 'script') {
      pushes.hold();
      return;
    }
    if ((client.gate & ClientGate.Tracking) !== 0)
      this.parts.listeners.onTrackedDone(client, command);
    pushes.end();
  }

  /** CLIENT REPLY OFF and SKIP: takes back what was written since the mark. */
  private applyReplyMode(client: ClientImpl, mark: number): void {
    const { flags } = client;
    if ((flags & (ClientFlag.ReplyOff | ClientFlag.ReplySkip)) !== 0) {
      this.parts.reply.truncate(mark);
    }
    // A reply that is to come later is still to be skipped.
    if ((flags & ClientFlag.Blocked) !== 0) return;
    client.flags &= ~ClientFlag.ReplySkip;
    if ((flags & (ClientFlag.ReplyOff | ClientFlag.ReplySkipNext)) === 0) {
      client.gate &= ~ClientGate.Reply;
    }
  }

  /** Serves clients that wait for what this client's command has brought, before its next. */
  private serveOthers(client: ClientImpl): void {
    const { call, charges, clock, reply } = this.parts;
    const begin = clock.micros();
    client.collect(reply);
    this.parts.listeners.waiting().serve();
    call.client = client;
    reply.open(client.resp === 3);
    charges.exclude(clock.micros() - begin);
  }
}
