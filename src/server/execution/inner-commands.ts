/**
 * Commands that a client's command runs: EXEC those of its transaction, a script what it calls.
 *
 * Their arguments are not the batch's, and their time is theirs and not the outer command's. Who calls
 * has `call` as it was when they are done.
 */
import type { Args } from '../../resp/args.js';
import type { ReplyWriter } from '../../resp/reply-writer.js';
import type { Acl } from '../acl/acl.js';
import type { Call } from '../api/call.js';
import { ClientGate } from '../api/client.js';
import type { ClientImpl } from '../client.js';
import type { ServerClock } from '../clock.js';
import type { RegisteredCommand } from '../command-table.js';
import type { Gate } from '../gate.js';
import type { Stats } from '../stats.js';
import type { Charges } from './charges.js';
import type { CheckedPath } from './checked-path.js';
import type { Invocation } from './invocation.js';

export interface InnerCommandsParts {
  readonly acl: Acl;
  readonly call: Call;
  readonly charges: Charges;
  readonly checked: CheckedPath;
  readonly clock: ServerClock;
  readonly gate: Gate;
  readonly invocation: Invocation;
  readonly stats: Stats;
}

export class InnerCommands {
  constructor(private readonly parts: InnerCommandsParts) {}

  /** Runs a command that was queued. To be called by EXEC only. */
  runQueued(client: ClientImpl, command: RegisteredCommand, args: Args): void {
    const { acl, call, charges, checked, clock, stats } = this.parts;
    const { reply } = call;
    const begin = clock.micros();
    // Its user's rights may have changed since the command was queued.
    if ((client.gate & ClientGate.Restricted) !== 0) {
      const error = acl.refusalInExec(client, command, args);
      if (error !== undefined) {
        reply.error(error);
        return;
      }
    }
    const { errors } = reply;
    call.args = args;
    checked.invoke(client, command, args, 'request');
    reply.errors = errors; // EXEC has not failed because of it
    stats.commandsProcessed++;
    charges.settle(client, command, args, clock.micros() - begin);
  }

  /**
   * Runs a command of a client's script, which may run it.
   * Allocates nothing; guarded by `npm run bench`.
   * @param reply where it replies to; `call.reply` as well
   * @returns what it took, in microseconds, if it is not known to be short; else 0
   */
  runInScript(
    client: ClientImpl,
    command: RegisteredCommand,
    args: Args,
    reply: ReplyWriter,
  ): number {
    const { call, charges, checked, clock, gate, invocation, stats } = this.parts;
    const isTimed = !charges.isSampledInScript(command);
    const begin = isTimed ? clock.micros() : 0;
    call.args = args;
    if ((gate.bits | client.gate) !== 0) checked.invoke(client, command, args, 'script');
    else invocation.run(client, command, call, reply);
    stats.commandsProcessed++;
    if (isTimed) {
      const usec = clock.micros() - begin;
      charges.sample(client, command, args, usec);
      return usec;
    }
    charges.estimate(command);
    return 0;
  }
}
