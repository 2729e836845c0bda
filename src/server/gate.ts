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
  /** CLIENT PAUSE is on, or keys are being sent to another server. */
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
  /** A script runs long: nothing else may run but what can end it. */
  Scripting: 1 << 7,
  /** A snapshot is taken: it has to see keys before they change (persistence/snapshots.ts). */
  Saving: 1 << 8,
  /** A session of HOTKEYS is on: what commands take is noted by key (hot-keys.ts). */
  HotKeys: 1 << 9,
  /** Fewer replicas are there than writes need (`min-replicas-to-write`). */
  FewReplicas: 1 << 10,
} as const;

/** The server's gate: which of these bits are set. */
export class Gate {
  bits = 0;

  /** @param bit of ServerGate */
  has(bit: number): boolean {
    return (this.bits & bit) !== 0;
  }

  set(bit: number, isSet: boolean): void {
    if (isSet) this.bits |= bit;
    else this.bits &= ~bit;
  }
}

export type Verdict = 'run' | 'rejected' | 'postponed';

/** What the checks ask the server. */
export interface GateState {
  /** Until when clients are paused (Unix ms), and whether only their writes are. */
  readonly pausedUntilMs: number;
  readonly pausedWritesOnly: boolean;
  readonly isLoading: boolean;
  /** Whether all clients wait, for the server may be about to end. */
  readonly isFrozen: boolean;
  /** Whether keys are on their way to another server: who wants to write waits. */
  readonly isMigrating: boolean;
  readonly acl: PermissionGate;
  readonly memory: MemoryGate;
  readonly disk: DiskGate;
  readonly scripts: ScriptGate;
}

/** Scripts that run long, and what a script says of itself. */
export interface ScriptGate {
  /** Whether a script was left to be gone on with. */
  readonly isSuspended: boolean;
  /** Whether it runs for so long that others are answered with an error, and wait no more. */
  readonly isAnswering: boolean;
  /** That error. */
  readonly busyError: string | undefined;
  /** Bits of a command of RUNS_SCRIPT, as its script makes them. */
  bitsOf(command: Command, args: Args): number;
}

/** Asked before each write (and PING). */
export interface DiskGate {
  /** The error, while what is written can't be kept. */
  readonly refusal: string | undefined;
}

/** Asked before each command while there is a limit: whether there is memory for it. */
export interface MemoryGate {
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

/** What these do is up to their scripts. */
const RUNS_SCRIPT = new Set(['eval', 'evalsha', 'eval_ro', 'evalsha_ro', 'fcall', 'fcall_ro']);

const NOT_FOR_REPLICAS = "ERR Replica can't interact with the keyspace";
const TOUCHES_DATA = CommandBit.Write | CommandBit.Readonly | CommandBit.MayReplicate;
const NOT_IN_TRANSACTION = 'ERR Command not allowed inside a transaction';
const OUT_OF_MEMORY = "OOM command not allowed when used memory > 'maxmemory'.";
/** What writes are refused with while there are too few replicas. */
export const NO_REPLICAS = 'NOREPLICAS Not enough good replicas to write.';
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

/**
 * All checks beyond name and arity that the gate's bits ask for. Writes the error if rejected.
 * @param gate the server's bits
 */
export function passGate(
  state: GateState,
  gate: number,
  client: ClientImpl,
  command: Command,
  args: Args,
  reply: ReplyWriter,
): Verdict {
  const isScripting = (gate & ServerGate.Scripting) !== 0;
  if (isScripting && waitsForScript(state, command)) return 'postponed';
  const bits = bitsOf(state, client, command, args);
  if (!checkAuthenticated(client, command, reply)) return 'rejected';
  if (!checkMulti(client, command, reply)) return 'rejected';
  if (!checkPermitted(state, client, command, args, reply)) return 'rejected';
  if ((gate & ServerGate.MemoryLimited) !== 0) {
    if (!checkMemory(state, client, command, bits, reply)) return 'rejected';
  }
  if ((gate & ServerGate.DiskFailing) !== 0) {
    if (!checkDisk(state, command, bits, reply)) return 'rejected';
  }
  if ((gate & ServerGate.FewReplicas) !== 0) {
    if (!checkReplicas(command, bits, reply)) return 'rejected';
  }
  if (!checkSubscribed(client, command, reply)) return 'rejected';
  if ((gate & ServerGate.Loading) !== 0) {
    if (!checkLoaded(state, client, command, reply)) return 'rejected';
  }
  if (isScripting && !checkNotBusy(state, command, reply)) return 'rejected';
  if (!checkNotReplica(client, command, bits, reply)) return 'rejected';
  const isReplica = (client.flags & ClientFlag.Replica) !== 0;
  if ((gate & ServerGate.Paused) !== 0 && !isReplica && isPaused(state, bits)) return 'postponed';
  return 'run';
}

/** Until a script is said to run long, others' commands wait for it, but for what may end it. */
function waitsForScript({ scripts }: GateState, command: Command): boolean {
  if (!scripts.isSuspended || scripts.isAnswering) return false;
  return (command.bits & CommandBit.AllowBusy) === 0;
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
  bits: number,
  reply: ReplyWriter,
): boolean {
  memory.relieve();
  if (!memory.isOutOfMemory) return true;
  // What is queued takes memory, too.
  const isQueued = client.transaction !== undefined && !ENDS_TRANSACTION.has(command.fullName);
  if (!isQueued && (bits & CommandBit.DenyOom) === 0) return true;
  reply.error(refusal(command, OUT_OF_MEMORY));
  return false;
}

/** Disk: nothing is changed that can't be kept; PING tells whoever watches over the server. */
function checkDisk(
  { disk }: GateState,
  command: Command,
  bits: number,
  reply: ReplyWriter,
): boolean {
  if (disk.refusal === undefined) return true;
  const isWrite = (bits & CommandBit.Write) !== 0;
  if (!isWrite && command.fullName !== 'ping') return true;
  reply.error(refusal(command, disk.refusal));
  return false;
}

function checkReplicas(command: Command, bits: number, reply: ReplyWriter): boolean {
  if ((bits & CommandBit.Write) === 0) return true;
  reply.error(refusal(command, NO_REPLICAS));
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
  if (!isLoading || runsWhileLoading(client, command)) return true;
  reply.error(refusal(command, LOADING));
  return false;
}

/** EXEC does if all that it would run does. */
function runsWhileLoading({ transaction }: ClientImpl, command: Command): boolean {
  let { bits } = command;
  if (transaction !== undefined && command.fullName === 'exec') bits &= transaction.commonBits;
  return (bits & CommandBit.Loading) !== 0;
}

/** While a script runs long, only what may end it. */
function checkNotBusy({ scripts }: GateState, command: Command, reply: ReplyWriter): boolean {
  const error = scripts.busyError;
  if (error === undefined || (command.bits & CommandBit.AllowBusy) !== 0) return true;
  reply.error(refusal(command, error));
  return false;
}

/** Replicas, and monitors, which are a kind of them, have no business with the data. */
function checkNotReplica(
  client: ClientImpl,
  command: Command,
  bits: number,
  reply: ReplyWriter,
): boolean {
  if ((client.flags & ClientFlag.Replica) === 0) return true;
  if ((bits & TOUCHES_DATA) === 0) return true;
  reply.error(refusal(command, NOT_FOR_REPLICAS));
  return false;
}

/** CLIENT PAUSE, MIGRATE: commands that may change data wait, or all do. */
export function isPaused(state: GateState, bits: number): boolean {
  if (state.isFrozen) return true;
  const isPausing = state.pausedUntilMs !== 0;
  if (isPausing && !state.pausedWritesOnly) return true;
  if (!isPausing && !state.isMigrating) return false;
  return (bits & (CommandBit.Write | CommandBit.MayReplicate)) !== 0;
}

/** A command's bits; EXEC's are those of all that it runs. */
function bitsOf(
  state: GateState,
  { transaction }: ClientImpl,
  command: Command,
  args: Args,
): number {
  if (transaction === undefined || command.fullName !== 'exec') {
    return ownBitsOf(state, command, args);
  }
  return command.bits | transaction.bits;
}

/** A command's bits, or those that its script has. */
export function ownBitsOf({ scripts }: GateState, command: Command, args: Args): number {
  if (command.spec.group !== 'scripting' || !RUNS_SCRIPT.has(command.fullName)) {
    return command.bits;
  }
  return scripts.bitsOf(command, args);
}
