/**
 * The worker's part of a snapshot: takes the bytes, compresses strings, sums, writes the file, and gives
 * it its name once it is on disk.
 *
 *     frames -> strings compressed -> out, 256 KiB -> checksum -> file -- every 4 MiB --> disk
 *
 * It knows nothing of keys or of the server, reads and writes while nothing else happens in its
 * process, and leaves nothing behind but a whole file. The first bytes, which name the file's version,
 * come last: the checksum of what follows is joined to theirs.
 */
import {
  closeSync,
  fdatasyncSync,
  fsyncSync,
  openSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { systemErrorText } from '../../text/system-error.js';
import { CRC64_BYTES, Crc64 } from '../crc64.js';
import { ChunkWriter } from '../rdb/chunk-writer.js';
import type { SaveAnswer, SaveJob, SaveStep } from './frames.js';
import { headBytes, readHead } from './string-head.js';

const CHUNK_BYTES = 256 * 1024;
/** So much is written between two syncs. */
const SYNC_BYTES = 4 * 1024 * 1024;
const FILE_MODE = 0o644;

export class SaveWorker {
  /** Why it has failed: it takes no more then. */
  failure: SaveAnswer | undefined = undefined;
  readonly temporaryName: string;
  private readonly path: string;
  private readonly out: ChunkWriter;
  private readonly crc = new Crc64();
  private fd = -1;
  /** Where the next bytes go. */
  private position: number;
  private unsynced = 0;
  /** A string whose end has not come: its bytes, how many are there, and how many it has. */
  private string = new Uint8Array(0);
  private stringAt = 0;
  private stringBytes = 0;

  constructor(
    private readonly job: SaveJob,
    pid: number,
  ) {
    this.temporaryName = job.temporary.join(String(pid));
    this.path = join(job.directory, this.temporaryName);
    this.position = job.headerBytes;
    this.out = new ChunkWriter(job.compresses);
    this.attempt('open', () => {
      this.fd = openSync(this.path, 'w', FILE_MODE);
    });
  }

  /** Takes the bytes of a frame. @param places where strings begin in them, from `off` on */
  data(bytes: Uint8Array, off: number, len: number, places: Int32Array, placeCount: number): void {
    if (this.failure !== undefined) return;
    const { out } = this;
    const end = off + len;
    let at = this.stringBytes === 0 ? off : this.continueString(bytes, off, end);
    for (let i = 0; i < placeCount; i++) {
      const place = off + places[i]!;
      out.bytes(bytes, at, place - at);
      at = this.beginString(bytes, place, end);
      if (out.length >= CHUNK_BYTES) this.flush();
    }
    out.bytes(bytes, at, end - at);
    if (out.length >= CHUNK_BYTES) this.flush();
  }

  /** All has come. @returns the answer */
  finish(header: Uint8Array): SaveAnswer {
    this.flush();
    this.frame(header);
    this.attempt('fsync', () => fsyncSync(this.fd));
    this.attempt('close', () => {
      const { fd } = this;
      this.fd = -1;
      closeSync(fd);
    });
    const { directory, name } = this.job;
    if (name !== undefined) {
      this.attempt('rename', () => renameSync(this.path, join(directory, name)));
      this.attempt('directory', () => syncDirectory(directory));
    }
    return this.failure ?? { bytes: this.position };
  }

  /** Leaves nothing behind. */
  abandon(): void {
    if (this.fd !== -1) closeSync(this.fd);
    this.fd = -1;
    removeFile(this.path);
  }

  private beginString(bytes: Uint8Array, place: number, end: number): number {
    const begin = place + headBytes(bytes[place]!);
    const count = readHead(bytes, place);
    if (begin + count <= end) {
      this.out.string(bytes, begin, count);
      return begin + count;
    }
    if (this.string.length < count) this.string = new Uint8Array(count);
    this.stringBytes = count;
    this.stringAt = 0;
    return this.continueString(bytes, begin, end);
  }

  private continueString(bytes: Uint8Array, at: number, end: number): number {
    const { string } = this;
    const len = Math.min(end - at, this.stringBytes - this.stringAt);
    string.set(bytes.subarray(at, at + len), this.stringAt);
    this.stringAt += len;
    if (this.stringAt === this.stringBytes) {
      this.out.string(string, 0, this.stringBytes);
      this.stringBytes = 0;
      if (string.length > CHUNK_BYTES) this.string = new Uint8Array(0);
    }
    return at + len;
  }

  private flush(): void {
    const { crc, job, out } = this;
    if (job.hasChecksum && job.sums) crc.update(out.buf, 0, out.length);
    this.write(out.buf.subarray(0, out.length), this.position);
    this.position += out.length;
    this.unsynced += out.length;
    out.clear();
    if (!job.syncs || this.unsynced < SYNC_BYTES) return;
    this.unsynced = 0;
    this.attempt('fsync', () => fdatasyncSync(this.fd));
  }

  /** Writes what comes first and last. */
  private frame(header: Uint8Array): void {
    const { crc, job } = this;
    if (job.hasChecksum) {
      const sum = new Uint8Array(CRC64_BYTES);
      if (job.sums) {
        const whole = new Crc64();
        whole.update(header, 0, header.length);
        whole.append(crc, this.position - job.headerBytes);
        whole.write(sum, 0);
      }
      this.write(sum, this.position);
      this.position += sum.length;
    }
    if (header.length > 0) this.write(header, 0);
  }

  private write(bytes: Uint8Array, position: number): void {
    this.attempt('write', () => {
      for (let at = 0; at < bytes.length; ) {
        at += writeSync(this.fd, bytes, at, bytes.length - at, position + at);
      }
    });
  }

  private attempt(step: SaveStep, run: () => void): void {
    if (this.failure !== undefined) return;
    try {
      run();
    } catch (error) {
      this.failure = { step, why: systemErrorText(error) };
      this.abandon();
    }
  }
}

/** Removes a file, if that can be done. */
export function removeFile(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // Where it can't be removed, it can't have been made.
  }
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
