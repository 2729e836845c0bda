/** Where a snapshot's bytes go: a worker that writes a file, or the sockets of replicas. */
import type { ChunkWriter } from '../rdb/chunk-writer.js';

export interface SnapshotSink {
  /**
   * Whether so much waits that the walk should too. What is written nevertheless is taken: entries
   * that are about to change can't wait.
   */
  readonly isFull: boolean;
  /** Takes all that was written to `out`, and clears it. */
  write(out: ChunkWriter): void;
  /** There is no more. @param header what belongs in front of all (`SnapshotFormat.headerBytes`) */
  end(header: Uint8Array): void;
}
