/**
 * Why nothing may be written now: the server is a replica, the disk fails, too few replicas are there.
 *
 * A script that says that it writes is asked before it begins, one that doesn't say with its first
 * write; each has words of its own, and so has the gate (gate.ts), for a single command.
 */
import { type DiskGate, NO_REPLICAS } from '../gate.js';

export interface WriteState {
  disk(): DiskGate;
  /** Whether the server is a replica whose clients may only read. */
  isReadonlyReplica(): boolean;
  /** `min-replicas-to-write` */
  hasReplicas(): boolean;
}

const READ_ONLY_REPLICA = "-READONLY You can't write against a read only replica.";
const SCRIPT_ON_REPLICA = 'READONLY Can not run script with write flag on readonly replica';
/** What the disk gate says of the append-only file begins so. */
const AOF_FAILS = 'MISCONF Errors writing to the AOF file: ';
const SCRIPT_AOF_FAILS =
  "MISCONF Redis is configured to persist data to AOF, but it's currently unable to persist to " +
  "disk. Writable scripts are blocked. Use 'no-writes' flag for read only scripts. AOF error: ";
const SCRIPT_RDB_FAILS =
  "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to " +
  "disk. Writable scripts are blocked. Use 'no-writes' flag for read only scripts.";

export class WriteRefusals {
  constructor(private readonly state: WriteState) {}

  /** For a command within a script, behind a `-`; undefined: it may write. */
  ofCommand(): string | undefined {
    const { state } = this;
    if (state.isReadonlyReplica()) return READ_ONLY_REPLICA;
    const { refusal } = state.disk();
    if (refusal !== undefined) return `-${refusal}`;
    return state.hasReplicas() ? undefined : `-${NO_REPLICAS}`;
  }

  /** For a script that says that it writes: the server forbids it. */
  ofScript(): string | undefined {
    const { state } = this;
    if (state.isReadonlyReplica()) return SCRIPT_ON_REPLICA;
    const { refusal } = state.disk();
    if (refusal === undefined) return undefined;
    if (!refusal.startsWith(AOF_FAILS)) return SCRIPT_RDB_FAILS;
    return SCRIPT_AOF_FAILS + refusal.slice(AOF_FAILS.length);
  }

  /** … or would, if there were more replicas. */
  ofScriptAlone(): string | undefined {
    return this.state.hasReplicas() ? undefined : NO_REPLICAS;
  }
}
