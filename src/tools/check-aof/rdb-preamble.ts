/**
 * Checks the RDB data at the beginning of an append-only file, by reading them into a keyspace that is
 * thrown away.
 *
 * To be replaced by respd-check-rdb's check when that is there: it needs no memory, and names each
 * database in passing.
 */
import { randomBytes } from 'node:crypto';
import { Keyspace } from '../../keyspace/keyspace.js';
import type { AofFiles } from '../../persistence/aof/files.js';
import { RdbReader } from '../../persistence/rdb/reader.js';
import { untilNul } from '../../text/c-string.js';

const CHUNK_BYTES = 1024 * 1024;
/** As many as any file is likely to name. */
const DATABASES = 16;

/**
 * @param path latin1 @param print takes latin1
 * @returns bytes that the RDB data take, or undefined if they are bad
 */
export function checkPreamble(
  files: AofFiles,
  fd: number,
  path: string,
  print: (text: string) => void,
): number | undefined {
  const keyspace = new Keyspace({ databases: DATABASES, random: randomUnit });
  print(`[offset 0] Checking RDB file ${path}\n`);
  const reader: RdbReader = new RdbReader({
    keyspace,
    now: Date.now(),
    totalBytes: files.size(fd),
    keepsExpired: true,
    onNote: (name, value) => print(`[offset ${reader.offset}] AUX FIELD ${name} = '${value}'\n`),
  });
  readAll(files, fd, reader);
  const { fault, offset } = reader;
  if (fault === undefined) {
    print(`[offset ${offset}] Checksum OK\n[offset ${offset}] \\o/ RDB looks OK! \\o/\n`);
  } else {
    print(`--- RDB ERROR DETECTED ---\n[offset ${fault.offset}] ${fault.reason}\n`);
    if (fault.key !== undefined) {
      print(`[additional info] Reading key '${untilNul(fault.key.toString('latin1'))}'\n`);
    }
  }
  print(`[info] ${reader.keys} keys read\n`);
  return fault === undefined ? offset : undefined;
}

function readAll(files: AofFiles, fd: number, reader: RdbReader): void {
  const chunk = Buffer.allocUnsafeSlow(CHUNK_BYTES);
  for (let position = 0; ; ) {
    const got = files.read(fd, chunk, 0, CHUNK_BYTES, position);
    position += got;
    const progress = got > 0 ? reader.read(chunk.subarray(0, got)) : reader.end();
    if (progress !== 'more') return;
  }
}

function randomUnit(): number {
  return randomBytes(6).readUIntBE(0, 6) / 2 ** 48;
}
