/**
 * Writes all keys to an RDB file at once, while everything else waits: SAVE, DEBUG RELOAD.
 *
 * The file gets its name only when it is whole and on disk: until then it is a temporary one beside
 * it, and whatever happens the old file stays. The header is written last, because only then it is
 * known which version a reader must know.
 */
import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Keyspace } from '../../keyspace/keyspace.js';
import { Crc64 } from '../crc64.js';
import { ChunkWriter } from './chunk-writer.js';
import { type EncoderSettings, EntryEncoder } from './entry-encoder.js';
import { FileWriter } from './file-writer.js';
import { RDB_HEADER_BYTES } from './format.js';

const CHUNK_BYTES = 256 * 1024;
const FILE_MODE = 0o644;

export interface SaveSettings extends EncoderSettings {
  readonly compresses: boolean;
  /** `rdbchecksum` */
  readonly sums: boolean;
  /** About the file's origin: names and values. */
  readonly notes: readonly (readonly [string, string])[];
}

/**
 * Saves to `path`, replacing what is there.
 * @throws the system's error; the file that was there is as it was then
 */
export function saveRdbFile(path: string, keyspace: Keyspace, settings: SaveSettings): void {
  const directory = dirname(path);
  const temporary = join(directory, `temp-${process.pid}.rdb`);
  try {
    const fd = openSync(temporary, 'w', FILE_MODE);
    try {
      new SaveFile(fd, settings).write(keyspace);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
  syncDirectory(directory);
}

/** Has the system write a new name to disk, where it can. */
function syncDirectory(directory: string): void {
  if (process.platform === 'win32') return;
  const fd = openSync(directory, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

class SaveFile {
  private readonly out: ChunkWriter;
  private readonly file: FileWriter;
  private readonly crc = new Crc64();
  /** Where the next chunk goes. */
  private position = RDB_HEADER_BYTES;

  constructor(
    private readonly fd: number,
    private readonly settings: SaveSettings,
  ) {
    this.out = new ChunkWriter(settings.compresses);
    this.file = new FileWriter(this.out);
  }

  write(keyspace: Keyspace): void {
    const { file, out, settings } = this;
    for (const [name, value] of settings.notes) file.note(name, value);
    const encoder = new EntryEncoder(out, settings);
    for (const db of keyspace.databases) {
      if (db.size === 0) continue;
      file.database(db.index, db.size, db.expires.size);
      const { dict } = db;
      for (let e = 1; e < dict.entryTop; e++) {
        if (!dict.isUsed(e)) continue;
        encoder.begin(db, e);
        while (!encoder.step(CHUNK_BYTES)) this.flush();
        if (out.length >= CHUNK_BYTES) this.flush();
      }
    }
    file.end();
    this.flush();
    this.frame(Math.max(settings.version ?? 0, encoder.neededVersion));
  }

  /** Writes what comes first and last. */
  private frame(version: number): void {
    const { crc, file, fd, out } = this;
    file.header(version);
    const whole = new Crc64();
    whole.update(out.buf, 0, out.length);
    whole.append(crc, this.position - RDB_HEADER_BYTES);
    file.checksum(this.settings.sums ? whole : undefined);
    writeAll(fd, out.buf.subarray(0, RDB_HEADER_BYTES), 0);
    writeAll(fd, out.buf.subarray(RDB_HEADER_BYTES, out.length), this.position);
  }

  private flush(): void {
    const { crc, out } = this;
    if (this.settings.sums) crc.update(out.buf, 0, out.length);
    writeAll(this.fd, out.buf.subarray(0, out.length), this.position);
    this.position += out.length;
    out.clear();
  }
}

function writeAll(fd: number, bytes: Uint8Array, position: number): void {
  for (let at = 0; at < bytes.length; ) {
    at += writeSync(fd, bytes, at, bytes.length - at, position + at);
  }
}
