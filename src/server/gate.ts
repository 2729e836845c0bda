/**
 * The gate: what a command must pass before it runs, in Redis's order.
 *
 * On the common path the server's and the client's gate bits are all zero, and the executor only
 * checks that the command is known and has the right number of arguments. Every feature that may
 * refuse or delay commands sets a bit while it has reason to, and adds one named check here.
 */
import type { Args } from '../resp/args.js';
import { wrongArity } from '../resp/errors.js';
import type { ReplyWriter } from '../resp/reply-writer.js';
import { untilNul } from '../text/c-string.js';
import { ClientGate } from './api/client.js';
import { type Command, CommandBit } from './api/command-table.js';
import type { ClientImpl } from './client.js';

/** Why commands of any client must pass the checks: bits of the server's gate. */
export const ServerGate = {
  /** CLIENT PAUSE is on. */
  Paused: 1 << 0,
  /** Clients wait for keys: each command may make some ready. */
  KeysAwaited: 1 << 1,
} as const;

export type Verdict = 'run' | 'rejected' | 'postponed';

/** What the checks ask the server. */
export interface GateState {
  /** Until when clients are paused (Unix ms), and whether only their writes are. */
  readonly pausedUntilMs: number;
  readonly pausedWritesOnly: boolean;
}

const NO_AUTH = 'NOAUTH Authentication required.';
/** Redis shows so much of the arguments of an unknown command. */
const UNKNOWN_ARGS_SHOWN = 128;

/** The error for a name that is no command. */
export function unknownCommand(args: Args): string {
  let shown = '';
  for (let i = 1; i < args.count && shown.length < UNKNOWN_ARGS_SHOWN; i++) {
    shown += `'${untilNul(args.text(i)).slice(0, UNKNOWN_ARGS_SHOWN - shown.length)}' `;
  }
  const name = untilNul(args.text(0)).slice(0, UNKNOWN_ARGS_SHOWN);
  return `ERR unknown command '${name}', with args beginning with: ${shown}`;
}

/** The error for a command that is refused: EXEC says that its transaction is gone with it. */
function refusal(command: Command, error: string): string {
  if (command.fullName !== 'exec') return error;
  return `EXECABORT Transaction discarded because of: ${error.replace(/^ERR /, '')}`;
}

/** Whether the number of arguments is right; writes the error if not. */
export function checkArity(command: Command, args: Args, reply: ReplyWriter): boolean {
  if (args.count >= command.minArgs && args.count <= command.maxArgs) return true;
  reply.error(refusal(command, wrongArity(command.fullName).text));
  return false;
}

/** All checks beyond name and arity, for when a gate bit is set. Writes the error if rejected. */
export function passGate(
  state: GateState,
  client: ClientImpl,
  command: Command,
  reply: ReplyWriter,
): Verdict {
  if (!checkAuthenticated(client, command, reply)) return 'rejected';
  if (isPaused(state, bitsOf(client, command))) return 'postponed';
  return 'run';
}

function checkAuthenticated(client: ClientImpl, command: Command, reply: ReplyWriter): boolean {
  if ((client.gate & ClientGate.NeedsAuth) === 0) return true;
  if ((command.bits & CommandBit.NoAuth) !== 0) return true;
  reply.error(refusal(command, NO_AUTH));
  return false;
}

/** CLIENT PAUSE: commands that may change data wait, and in mode ALL the others too. */
export function isPaused(state: GateState, bits: number): boolean {
  if (state.pausedUntilMs === 0) return false;
  if (!state.pausedWritesOnly) return true;
  return (bits & (CommandBit.Write | CommandBit.MayReplicate)) !== 0;
}

/** A command's bits; EXEC's are those of all that it runs. */
function bitsOf({ transaction }: ClientImpl, command: Command): number {
  if (transaction === undefined || command.fullName !== 'exec') return command.bits;
  return command.bits | transaction.bits;
}
