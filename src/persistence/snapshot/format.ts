/**
 * How a snapshot is written down: as an RDB file, or as the commands that make the keys anew. The walk
 * (snapshot.ts) decides what is written when; this says how.
 *
 *     begin                       what comes before all keys: notes, functions
 *     database  entry entry …     again and again: a database may be entered more than once
 *     end
 */
import type { Database } from '../../keyspace/database.js';
import type { ChunkWriter } from '../rdb/chunk-writer.js';

/** Writes entries: rdb/entry-encoder.ts, aof/entry-commands.ts. */
export interface EntryWriter {
  /** Whether there is nothing left of the entry that was begun. */
  readonly isDone: boolean;
  /** Begins with an entry: all of it, if it is small. The one before must be done. */
  begin(db: Database, e: number): void;
  /** Goes on for about so many bytes. @returns whether the entry is done */
  step(bytes: number): boolean;
  /** Does all that is left of the entry, if there is anything. */
  finish(): void;
}

export interface SnapshotFormat {
  /** Bytes in front of all others, which are known only at the end; 0: there are none. */
  readonly headerBytes: number;
  /** Whether 8 bytes with a checksum of all others come last. */
  readonly hasChecksum: boolean;

  /** Another writer of entries, into `out`. A snapshot needs two. */
  entries(out: ChunkWriter): EntryWriter;
  /** What comes before all keys. */
  begin(out: ChunkWriter): void;
  /**
   * Says to which database the entries belong that follow.
   * @param keys how many it has @param volatileKeys how many of them have a time to live
   * @param isFirst whether it was not named before
   */
  database(
    out: ChunkWriter,
    index: number,
    keys: number,
    volatileKeys: number,
    isFirst: boolean,
  ): void;
  /** What comes behind all keys, but the checksum. */
  end(out: ChunkWriter): void;
  /** The header: `headerBytes` bytes. To be asked for after `end`. */
  header(): Uint8Array;
}
