/** Reads an RDB file at once, while everything else waits. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { RdbReader, type RdbReaderOptions } from './reader.js';

const CHUNK_BYTES = 256 * 1024;

/**
 * @returns the reader, whose `fault` says whether all was right
 * @throws the system's error if there is no such file, or it can't be read
 */
export function loadRdbFile(
  path: string,
  options: Omit<RdbReaderOptions, 'totalBytes'>,
): RdbReader {
  const fd = openSync(path, 'r');
  try {
    const reader = new RdbReader({ ...options, totalBytes: fstatSync(fd).size });
    const chunk = Buffer.allocUnsafeSlow(CHUNK_BYTES);
    for (let n = readSync(fd, chunk); n > 0; n = readSync(fd, chunk)) {
      if (reader.read(chunk.subarray(0, n)) !== 'more') return reader;
    }
    reader.end();
    return reader;
  } finally {
    closeSync(fd);
  }
}
