/** A snapshot as an RDB file: dump.rdb, and the base of an append-only file. */
import { ChunkWriter } from '../rdb/chunk-writer.js';
import { type EncoderSettings, EntryEncoder } from '../rdb/entry-encoder.js';
import { FileWriter } from '../rdb/file-writer.js';
import { RDB_HEADER_BYTES, RdbOpcode } from '../rdb/format.js';
import type { SnapshotFormat } from './format.js';

export interface RdbFormatSettings extends EncoderSettings {
  /** About the file's origin: names and values. */
  readonly notes: readonly (readonly [string, string])[];
  /** The code of all libraries of functions, as it is now. */
  readonly functions: readonly Uint8Array[];
}

export class RdbFormat implements SnapshotFormat {
  readonly headerBytes = RDB_HEADER_BYTES;
  readonly hasChecksum = true;
  private readonly encoders: EntryEncoder[] = [];

  constructor(private readonly settings: RdbFormatSettings) {}

  entries(out: ChunkWriter): EntryEncoder {
    const encoder = new EntryEncoder(out, this.settings);
    this.encoders.push(encoder);
    return encoder;
  }

  begin(out: ChunkWriter): void {
    const file = new FileWriter(out);
    for (const [name, value] of this.settings.notes) file.note(name, value);
    for (const code of this.settings.functions) file.functions(code);
  }

  database(
    out: ChunkWriter,
    index: number,
    keys: number,
    volatileKeys: number,
    isFirst: boolean,
  ): void {
    if (isFirst) new FileWriter(out).database(index, keys, volatileKeys);
    else {
      out.byte(RdbOpcode.SelectDb);
      out.count(index);
    }
  }

  end(out: ChunkWriter): void {
    new FileWriter(out).end();
  }

  /** Names the version that a reader must know of all that was written. */
  header(): Uint8Array {
    let version = this.settings.version ?? 0;
    for (const encoder of this.encoders) version = Math.max(version, encoder.neededVersion);
    const out = new ChunkWriter(false);
    new FileWriter(out).header(version);
    return out.take();
  }
}
