/** Whole RDB files for tests, written and read at one go. */
import type { Keyspace } from '../../src/keyspace/keyspace.js';
import { Crc64 } from '../../src/persistence/crc64.js';
import { ChunkWriter } from '../../src/persistence/rdb/chunk-writer.js';
import { type EncoderSettings, EntryEncoder } from '../../src/persistence/rdb/entry-encoder.js';
import { FileWriter } from '../../src/persistence/rdb/file-writer.js';
import { RdbReader, type RdbReaderOptions } from '../../src/persistence/rdb/reader.js';

export interface WriteOptions extends EncoderSettings {
  readonly compresses?: boolean;
  /** Bytes of a step of a big collection. */
  readonly stepBytes?: number;
}

/** All keys of a keyspace as a file. */
export function writeRdb(keyspace: Keyspace, options: WriteOptions = {}): Buffer {
  const out = new ChunkWriter(options.compresses ?? true);
  const file = new FileWriter(out);
  const encoder = new EntryEncoder(out, options);
  file.note('redis-ver', '7.0.15');
  file.note('redis-bits', '64');
  const step = options.stepBytes ?? 64 * 1024;
  for (const db of keyspace.databases) {
    if (db.size === 0) continue;
    file.database(db.index, db.size, db.expires.size);
    for (let e = 1; e < db.dict.entryTop; e++) {
      if (!db.dict.isUsed(e)) continue;
      encoder.begin(db, e);
      while (!encoder.step(step));
    }
  }
  file.end();
  const body = out.take();
  file.header(
    options.version === undefined
      ? encoder.neededVersion
      : Math.max(options.version, encoder.neededVersion),
  );
  const header = out.take();
  // The header's checksum joined with the body's, as whoever writes the header last does it.
  const crc = new Crc64();
  crc.update(header, 0, header.length);
  const bodyCrc = new Crc64();
  bodyCrc.update(body, 0, body.length);
  crc.append(bodyCrc, body.length);
  file.checksum(crc);
  return Buffer.concat([header, body, out.take()]);
}

/** Reads a file into a keyspace, in chunks of so many bytes. */
export function readRdb(
  keyspace: Keyspace,
  bytes: Uint8Array,
  options: Partial<RdbReaderOptions> & { chunkBytes?: number } = {},
): RdbReader {
  const reader = new RdbReader({
    keyspace,
    now: 1_700_000_000_000,
    totalBytes: bytes.length,
    ...options,
  });
  const chunkBytes = options.chunkBytes ?? 1 << 20;
  for (let at = 0; at < bytes.length; at += chunkBytes) {
    // A buffer of its own that is spoiled afterwards: a reader must not go on looking at it.
    const chunk = Uint8Array.from(bytes.subarray(at, at + chunkBytes));
    const progress = reader.read(chunk);
    if (progress !== 'more') return reader;
    chunk.fill(0xee);
  }
  reader.end();
  return reader;
}
