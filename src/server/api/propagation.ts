/** How changes reach the append-only file and replicas, as commands and scripts see it. */
import type { Database } from '../../keyspace/database.js';

/** Who is told of a command, as bits. */
export const PropagateTo = {
  None: 0,
  Aof: 1 << 0,
  Replicas: 1 << 1,
  All: (1 << 0) | (1 << 1),
} as const;

export interface PropagationApi {
  /**
   * Who is told of the commands that run from now on, bits of PropagateTo: a script's
   * `redis.set_repl`. Whoever sets it sets it back to All.
   */
  targets: number;
  /** Rises with each command that is told of: WAITAOF's measure. */
  readonly offset: number;
  /**
   * What changes up to the matching `end` belongs together: a transaction, a script. It is passed on
   * when the command is done within which that happens.
   */
  begin(): void;
  end(): void;
  /** Has another command than the one that runs passed on, in front of it. */
  also(db: Database, request: readonly (string | Uint8Array)[], to: number): void;
}
