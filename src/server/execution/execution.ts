/**
 * What runs commands, put together.
 *
 *     bytes of a client ──> Executor ──┬─────────────────────────────> Invocation ──> the handler
 *     EXEC, scripts ──> InnerCommands ─┤                                   ^
 *     a later turn ───> LateCommands ──┴── a bit of the gate ──> CheckedPath
 *
 *     Batch     the requests that were parsed together        (Executor's)
 *     Charges   counts and times all of them
 *     Pushes    messages to clients, never into the middle of a reply
 */
import type { ReplyWriter } from '../../resp/reply-writer.js';
import type { Acl } from '../acl/acl.js';
import type { Call } from '../api/call.js';
import type { Log } from '../api/log.js';
import type { ServerClock } from '../clock.js';
import type { CommandTableImpl } from '../command-table.js';
import type { Gate, GateState } from '../gate.js';
import type { Propagation } from '../propagation/propagation.js';
import type { Stats } from '../stats.js';
import { Batch } from './batch.js';
import { Charges, type SlowListener } from './charges.js';
import { CheckedPath, type CommandListeners } from './checked-path.js';
import { Executor } from './executor.js';
import { InnerCommands } from './inner-commands.js';
import { Invocation } from './invocation.js';
import { LateCommands } from './late-commands.js';
import { Pushes } from './pushes.js';

export interface ExecutionParts {
  readonly acl: Acl;
  readonly call: Call;
  readonly clock: ServerClock;
  readonly commands: CommandTableImpl;
  readonly gate: Gate;
  readonly gateState: GateState;
  readonly listeners: CommandListeners;
  readonly log: Log;
  readonly propagation: Propagation;
  readonly onSlow: SlowListener;
  /** Where clients are replied to. */
  readonly reply: ReplyWriter;
  readonly stats: Stats;
}

export class Execution {
  readonly batch: Batch;
  readonly charges: Charges;
  readonly executor: Executor;
  readonly inner: InnerCommands;
  readonly invocation: Invocation;
  readonly late: LateCommands;
  readonly pushes: Pushes;

  constructor(parts: ExecutionParts) {
    const { acl, call, clock, commands, gate, gateState, listeners, log } = parts;
    const { onSlow, propagation, reply, stats } = parts;
    const batch = new Batch(commands);
    const pushes = new Pushes(reply);
    const charges = new Charges({ batch, clock, onSlow, stats });
    const invocation = new Invocation({ charges, log, propagation });
    const checked = new CheckedPath({
      batch,
      call,
      charges,
      clock,
      commands,
      gate,
      gateState,
      invocation,
      listeners,
      pushes,
      reply,
      stats,
    });
    this.batch = batch;
    this.charges = charges;
    this.invocation = invocation;
    this.pushes = pushes;
    this.executor = new Executor({
      batch,
      call,
      charges,
      checked,
      clock,
      gate,
      invocation,
      log,
      reply,
      stats,
    });
    this.inner = new InnerCommands({ acl, call, charges, checked, clock, gate, invocation, stats });
    this.late = new LateCommands({
      call,
      charges,
      checked,
      clock,
      invocation,
      pushes,
      reply,
      stats,
    });
  }
}
