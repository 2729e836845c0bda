/**
 * A snapshot as commands alone: the base of an append-only file with `aof-use-rdb-preamble no`.
 *
 *     #TS:1700000000                    aof-timestamp-enabled
 *     FUNCTION LOAD code …              all libraries
 *     SELECT 0  SET … RPUSH …           a database's keys (entry-commands.ts)
 *
 * It has no header and no checksum, and no end but the file's.
 */
import type { ChunkWriter } from '../rdb/chunk-writer.js';
import type { SnapshotFormat } from '../snapshot/format.js';
import { timeAnnotation } from './command-buffer.js';
import { CommandWriter, commandHead } from './command-writer.js';
import { EntryCommands } from './entry-commands.js';

const SELECT = commandHead(2, 'SELECT');
const FUNCTION_LOAD = commandHead(3, 'FUNCTION', 'LOAD');

export interface CommandFormatSettings {
  /** The code of all libraries of functions, as it is now. */
  readonly functions: readonly Uint8Array[];
  /** Unix time in seconds for an annotation in front; undefined: none (`aof-timestamp-enabled`). */
  readonly timestamp?: number | undefined;
}

export class CommandFormat implements SnapshotFormat {
  readonly headerBytes = 0;
  readonly hasChecksum = false;

  constructor(private readonly settings: CommandFormatSettings) {}

  entries(out: ChunkWriter): EntryCommands {
    return new EntryCommands(out);
  }

  begin(out: ChunkWriter): void {
    const { functions, timestamp } = this.settings;
    const writer = new CommandWriter(out);
    if (timestamp !== undefined) writer.raw(Buffer.from(timeAnnotation(timestamp)));
    for (const code of functions) {
      writer.raw(FUNCTION_LOAD);
      writer.bulk(code, 0, code.length);
    }
  }

  database(out: ChunkWriter, index: number): void {
    const writer = new CommandWriter(out);
    writer.raw(SELECT);
    writer.integer(index);
  }

  end(): void {}

  header(): Uint8Array {
    return EMPTY;
  }
}

const EMPTY = new Uint8Array(0);
