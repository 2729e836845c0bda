/**
 * Commands of an earlier turn: what came of them is known only later, or they found nothing then.
 *
 *     BLPOP    nothing there, the client waits ──a key comes──> runAgain: from its beginning
 *     EVAL     runs for long, is left ──the next turn──> goOn: another slice … conclude: the reply
 *     MIGRATE  what is sent is under way ──the target has answered──> goOn, conclude
 *
 * Their client's connection sees no difference: the reply comes, CLIENT REPLY and messages are heeded, and
 * the time of all their parts is theirs. All of this is to be called when no client's replies are open:
 * between two commands, or in a turn of its own.
 */
import type { Args } from '../../resp/args.js';
import type { ReplyWriter } from '../../resp/reply-writer.js';
import type { Call } from '../api/call.js';
import type { ClientImpl } from '../client.js';
import type { ServerClock } from '../clock.js';
import type { RegisteredCommand } from '../command-table.js';
import type { Stats } from '../stats.js';
import type { Charges } from './charges.js';
import type { CheckedPath } from './checked-path.js';
import type { Invocation } from './invocation.js';
import type { Pushes } from './pushes.js';

/** A command that has begun, was counted, and has not replied yet. */
export interface LateCommand {
  readonly client: ClientImpl;
  readonly command: RegisteredCommand;
  /** A copy of its arguments. */
  readonly request: Args;
  /** What it has taken so far, in microseconds. */
  readonly usec: number;
}

export interface LateCommandsParts {
  readonly call: Call;
  readonly charges: Charges;
  readonly checked: CheckedPath;
  readonly clock: ServerClock;
  readonly invocation: Invocation;
  readonly pushes: Pushes;
  readonly reply: ReplyWriter;
  readonly stats: Stats;
}

export class LateCommands {
  constructor(private readonly parts: LateCommandsParts) {}

  /**
   * Runs the command again of a client that has waited.
   * @returns the time it took, in microseconds; -1 if it was refused
   */
  runAgain({ client, command, request }: LateCommand): number {
    const { call, checked, clock, pushes, reply, stats } = this.parts;
    const { args } = call;
    clock.tick();
    const begin = clock.us;
    call.now = clock.ms;
    call.client = client;
    call.args = request;
    reply.open(client.resp === 3);
    pushes.begin(client);
    const verdict = checked.pass(client, command, 'again');
    command.notRun = 0;
    call.args = args;
    checked.end(client, command, 0);
    client.collect(reply);
    const usec = clock.micros() - begin;
    stats.commandMicros += usec;
    return verdict === 'run' ? usec : -1;
  }

  /**
   * Goes on with a command that was left: `work` finds `call` as the command had it.
   * @param now its time, Unix ms
   */
  goOn({ client, command, request }: LateCommand, now: number, work: () => void): void {
    const { call, checked, pushes, reply } = this.parts;
    const { args } = call;
    call.client = client;
    call.now = now;
    call.args = request;
    call.command = command;
    call.db = client.db;
    reply.open(client.resp === 3);
    pushes.resume(client);
    work();
    call.args = args;
    checked.end(client, undefined, 0);
    client.collect(reply);
  }

  /**
   * Ends a command that was left, within `goOn`: it replies, what it has changed is passed on, and it is
   * charged with the time of all its parts.
   * @param sinceUs when the last part began, in microseconds
   * @param finish what is left to do, and the reply; may throw as a handler may
   */
  conclude(late: LateCommand, sinceUs: number, finish: () => void): void {
    const { call, charges, clock, invocation } = this.parts;
    const { client, command, request } = late;
    invocation.finish(client, command, call, finish);
    charges.done(client, command, request, late.usec + clock.micros() - sinceUs);
  }
}
