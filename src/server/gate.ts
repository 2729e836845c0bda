/**
 * The gate: what a command must pass before it runs, in Redis's order.
 *
 * On the common path the server's and the client's gate bits are all zero, and the executor only
 * checks that the command is known and has the right number of arguments. Every feature that may
 * refuse or delay commands sets a bit while it has reason to, and adds one named check here.
 */
import type { Args } from '../resp/args.js';
import { LOADING, wrongArity } from '../resp/errors.js';
import type { ReplyWriter } from '../resp/reply-writer.js';
import { untilNul } from '../text/c-string.js';
import { ClientFlag, ClientGate } from './api/client.js';
import { type Command, CommandBit } from './api/command-table.js';
import type { ClientImpl } from './client.js';

/** Why commands of any client must pass the checks: bits of the server's gate. */
export const ServerGate = {
  /** CLIENT PAUSE is on. */
  Paused: 1 << 0,
  /** Clients wait for keys: each command may make some ready. */
  KeysAwaited: 1 << 1,
  /** Clients are told of each command (MONITOR). */
  Monitored: 1 << 2,
  /** Too many keys are remembered for clients that track: some must go first. */
  TrackingFull: 1 << 3,
  /** There is a memory limit: keys may have to be evicted first (eviction.ts). */
  MemoryLimited: 1 << 4,
  /** Data are being loaded: most commands are refused. */
  Loading: 1 << 5,
  /** What is written can't be kept on disk: writes are refused (disk-errors.ts). */
  DiskFailing: 1 << 6,
} as const;

export type Verdict = 'run' | 'rejected' | 'postponed';

/** What the checks ask the server. */
export interface GateState {
  /** Until when clients are paused (Unix ms), and whether only their writes are. */
  readonly pausedUntilMs: number;
  readonly pausedWritesOnly: boolean;
  readonly isLoading: boolean;
  readonly acl: PermissionGate;
  readonly memory: MemoryGate;
  readonly disk: DiskGate;
}

/** Asked before each write (and PING). */
export interface DiskGate {
  /** The error, while what is written can't be kept. */
  readonly refusal: string | undefined;
}

/** Asked before each command: whether there is memory for it. */
export interface MemoryGate {
  /** Whether there is a limit. */
  readonly isLimited: boolean;
  /** Makes room, as far as that is possible. */
  relieve(): void;
  readonly isOutOfMemory: boolean;
}

/** Asked only of clients whose user may not do everything. */
export interface PermissionGate {
  /** @returns the error; undefined if the client may run this */
  refusal(client: ClientImpl, command: Command, args: Args): string | undefined;
}

/** Commands that a client may use that listens to something, in RESP2. */
const WHILE_SUBSCRIBED = new Set([
  'ping',
  'subscribe',
  'ssubscribe',
  'unsubscribe',
  'sunsubscribe',
  'psubscribe',
  'punsubscribe',
  'quit',
  'reset',
]);

const NOT_FOR_REPLICAS = "ERR Replica can't interact with the keyspace";
const TOUCHES_DATA = CommandBit.Write | CommandBit.Readonly | CommandBit.MayReplicate;
const NOT_IN_TRANSACTION = 'ERR Command not allowed inside a transaction';
const OUT_OF_MEMORY = "OOM command not allowed when used memory > 'maxmemory'.";
const ENDS_TRANSACTION = new Set(['exec', 'discard', 'quit', 'reset']);
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
  args: Args,
  reply: ReplyWriter,
): Verdict {
  if (!checkAuthenticated(client, command, reply)) return 'rejected';
  if (!checkMulti(client, command, reply)) return 'rejected';
  if (!checkPermitted(state, client, command, args, reply)) return 'rejected';
  if (!checkMemory(state, client, command, reply)) return 'rejected';
  if (!checkDisk(state, client, command, reply)) return 'rejected';
  if (!checkSubscribed(client, command, reply)) return 'rejected';
  if (!checkLoaded(state, client, command, reply)) return 'rejected';
  if (!checkNotReplica(client, command, reply)) return 'rejected';
  const isReplica = (client.flags & ClientFlag.Replica) !== 0;
  if (!isReplica && isPaused(state, bitsOf(client, command))) return 'postponed';
  return 'run';
}

function checkAuthenticated(client: ClientImpl, command: Command, reply: ReplyWriter): boolean {
  if ((client.gate & ClientGate.NeedsAuth) === 0) return true;
  if ((command.bits & CommandBit.NoAuth) !== 0) return true;
  reply.error(refusal(command, NO_AUTH));
  return false;
}

/** Some commands make no sense inside of a transaction. */
function checkMulti(client: ClientImpl, command: Command, reply: ReplyWriter): boolean {
  if (client.transaction === undefined || (command.bits & CommandBit.NoMulti) === 0) return true;
  reply.error(NOT_IN_TRANSACTION);
  return false;
}

/** ACL: its user may run the command, and use the keys and channels among the arguments. */
function checkPermitted(
  { acl }: GateState,
  client: ClientImpl,
  command: Command,
  args: Args,
  reply: ReplyWriter,
): boolean {
  if ((client.gate & ClientGate.Restricted) === 0) return true;
  const error = acl.refusal(client, command, args);
  if (error === undefined) return true;
  reply.error(refusal(command, error));
  return false;
}

/** Memory: what may need more of it is refused while there is none left, and nothing to evict. */
function checkMemory(
  { memory }: GateState,
  client: ClientImpl,
  command: Command,
  reply: ReplyWriter,
): boolean {
  if (!memory.isLimited) return true;
  memory.relieve();
  if (!memory.isOutOfMemory) return true;
  // What is queued takes memory, too.
  const isQueued = client.transaction !== undefined && !ENDS_TRANSACTION.has(command.fullName);
  if (!isQueued && (bitsOf(client, command) & CommandBit.DenyOom) === 0) return true;
  reply.error(refusal(command, OUT_OF_MEMORY));
  return false;
}

/** Disk: nothing is changed that can't be kept; PING tells whoever watches over the server. */
function checkDisk(
  { disk }: GateState,
  client: ClientImpl,
  command: Command,
  reply: ReplyWriter,
): boolean {
  if (disk.refusal === undefined) return true;
  const isWrite = (bitsOf(client, command) & CommandBit.Write) !== 0;
  if (!isWrite && command.fullName !== 'ping') return true;
  reply.error(refusal(command, disk.refusal));
  return false;
}

/** In RESP2, a client that listens could not tell a message from a reply: most have to wait. */
function checkSubscribed(client: ClientImpl, command: Command, reply: ReplyWriter): boolean {
  if ((client.gate & ClientGate.Subscribed) === 0 || client.resp !== 2) return true;
  if (WHILE_SUBSCRIBED.has(command.fullName)) return true;
  const error =
    `ERR Can't execute '${command.fullName}': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / ` +
    'QUIT / RESET are allowed in this context';
  reply.error(refusal(command, error));
  return false;
}

/** While data are loaded, only commands run that need none. */
function checkLoaded(
  { isLoading }: GateState,
  client: ClientImpl,
  command: Command,
  reply: ReplyWriter,
): boolean {
  if (!isLoading || (command.bits & CommandBit.Loading) !== 0) {
    const { transaction } = client;
    if (!isLoading || transaction === undefined || command.fullName !== 'exec') return true;
    if ((transaction.commonBits & CommandBit.Loading) !== 0) return true;
  }
  reply.error(refusal(command, LOADING));
  return false;
}

/** Replicas, and monitors, which are a kind of them, have no business with the data. */
function checkNotReplica(client: ClientImpl, command: Command, reply: ReplyWriter): boolean {
  if ((client.flags & ClientFlag.Replica) === 0) return true;
  if ((bitsOf(client, command) & TOUCHES_DATA) === 0) return true;
  reply.error(refusal(command, NOT_FOR_REPLICAS));
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
