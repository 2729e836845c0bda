/**
 * What stands around the keys of an RDB file: header, notes about its origin, databases, end.
 *
 *     const file = new FileWriter(out);
 *     file.header(version, notes);
 *     for (each database with keys) { file.database(index, keys, volatileKeys); … }
 *     file.end();                    // the checksum of all bytes before follows: 8 bytes
 *
 * The header names the version that a reader must know, which is certain only when everything has been
 * encoded. Whoever can go back in the file writes the header last: `Crc64.append` joins the two
 * checksums. Whoever can't (a replica's socket) names a version beforehand.
 */
import type { Crc64 } from '../crc64.js';
import { CRC64_BYTES } from '../crc64.js';
import type { ChunkWriter } from './chunk-writer.js';
import { RDB_MAGIC, RdbOpcode } from './format.js';

export class FileWriter {
  constructor(private readonly out: ChunkWriter) {}

  /** The first RDB_HEADER_BYTES bytes. */
  header(version: number): void {
    const text = Buffer.from(RDB_MAGIC + String(version).padStart(4, '0'), 'latin1');
    this.out.bytes(text, 0, text.length);
  }

  /** A note about the file; readers ignore those that they don't know. */
  note(name: string, value: string): void {
    this.out.byte(RdbOpcode.Aux);
    this.out.text(name);
    this.out.text(value);
  }

  /** A library of functions. */
  functions(code: Uint8Array): void {
    this.out.byte(RdbOpcode.Function2);
    this.out.string(code, 0, code.length);
  }

  /** Begins a database. @param volatileKeys how many of its keys have a time to live */
  database(index: number, keys: number, volatileKeys: number): void {
    const { out } = this;
    out.byte(RdbOpcode.SelectDb);
    out.count(index);
    out.byte(RdbOpcode.ResizeDb);
    out.count(keys);
    out.count(volatileKeys);
  }

  end(): void {
    this.out.byte(RdbOpcode.Eof);
  }

  /** The last 8 bytes; zeros tell that there is no checksum. */
  checksum(crc: Crc64 | undefined): void {
    const bytes = new Uint8Array(CRC64_BYTES);
    crc?.write(bytes, 0);
    this.out.bytes(bytes, 0, CRC64_BYTES);
  }
}
