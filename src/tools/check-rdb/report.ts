/**
 * Checks the RDB data at an open file's beginning, and says of it what redis-check-rdb says, to the
 * byte: also used for the RDB data in front of an append-only file.
 *
 *     [offset 0] Checking RDB file dump.rdb
 *     [offset 26] AUX FIELD redis-ver = '7.2.6'
 *     --- RDB ERROR DETECTED ---
 *     [offset 211] Unexpected EOF reading RDB file
 *     [additional info] While doing: read-object-value
 *
 * Where redis-check-rdb names a line of its source ("function at rdb.c:2203"), this doesn't.
 * Texts are latin1: a character per byte.
 */
import type { AofFiles } from '../../persistence/aof/files.js';
import { RdbFault } from '../../persistence/rdb/fault.js';
import { TYPE_NAMES } from '../../persistence/rdb/format.js';
import { untilNul } from '../../text/c-string.js';
import { type Doing, RdbCheck } from './check.js';
import type { RdbSummary } from './summary.js';

const CHUNK_BYTES = 1024 * 1024;

/** What the check needs of the world around it. */
export interface RdbCheckHost {
  readonly files: Pick<AofFiles, 'read' | 'size'>;
  /** Unix ms. */
  now(): number;
  /** Numbers in [0, 1), not to be foreseen. */
  random(): number;
  print(text: string): void;
  /** Told how far it has come, from 0 to 1. */
  onProgress?: ((fraction: number) => void) | undefined;
}

/** How a check has ended. */
export interface RdbReport {
  readonly isFine: boolean;
  /** Bytes that the data take, or were read of them. */
  readonly bytes: number;
  readonly version: number;
  readonly keys: number;
  readonly expires: number;
  readonly alreadyExpired: number;
  readonly checksum: RdbCheck['checksum'];
  readonly fault: RdbReportFault | undefined;
}

export interface RdbReportFault {
  readonly offset: number;
  readonly reason: string;
  readonly doing: Doing;
  readonly key: Buffer | undefined;
  readonly type: number;
  /** What reading the file has failed for, if it has. */
  readonly cause: unknown;
}

/** @param path latin1 @param summary gets what is in the file */
export function reportRdb(
  host: RdbCheckHost,
  fd: number,
  path: string,
  summary?: RdbSummary,
): RdbReport {
  const { print } = host;
  print(infoLine(0, `Checking RDB file ${path}`));
  const check = new RdbCheck({
    totalBytes: sizeOf(host, fd),
    now: host.now(),
    random: host.random,
    onInfo: (offset, text) => print(infoLine(offset, text)),
    ...(summary !== undefined && summaryHooks(summary)),
  });
  const cause = readAll(host, fd, check);
  const fault =
    check.fault === undefined && cause === undefined ? undefined : faultOf(check, cause);
  if (fault !== undefined) printFault(print, fault);
  else print(infoLine(check.offset, '\\o/ RDB looks OK! \\o/'));
  print(`[info] ${check.keys} keys read\n`);
  print(`[info] ${check.expires} expires\n`);
  print(`[info] ${check.alreadyExpired} already expired\n`);
  const { version, keys, expires, alreadyExpired, checksum, offset } = check;
  const isFine = fault === undefined;
  return { isFine, bytes: offset, version, keys, expires, alreadyExpired, checksum, fault };
}

function summaryHooks(summary: RdbSummary) {
  return {
    onNote: (name: string, value: string) => summary.addNote(name, value),
    onDatabase: (index: number) => summary.selectDatabase(index),
    onFunctions: () => void summary.libraries++,
    onKey: summary.addKey.bind(summary),
  };
}

function sizeOf({ files }: RdbCheckHost, fd: number): number {
  try {
    return files.size(fd);
  } catch {
    return 0;
  }
}

/** @returns what reading has failed for, if it has */
function readAll({ files, onProgress }: RdbCheckHost, fd: number, check: RdbCheck): unknown {
  const total = check.totalBytes;
  const chunk = Buffer.allocUnsafeSlow(CHUNK_BYTES);
  for (let position = 0; ; ) {
    let got = 0;
    let cause: unknown;
    try {
      got = files.read(fd, chunk, 0, CHUNK_BYTES, position);
    } catch (error) {
      cause = error;
    }
    position += got;
    if (total > 0) onProgress?.(position / total);
    const progress = got > 0 ? check.read(chunk.subarray(0, got)) : check.end();
    if (progress !== 'more') return cause;
  }
}

function faultOf(check: RdbCheck, cause: unknown): RdbReportFault {
  const { doing, fault, faultText, keyType } = check;
  const { key, offset } = fault ?? new RdbFault('');
  return { offset, reason: faultText, doing, key, type: keyType, cause };
}

function printFault(print: (text: string) => void, fault: RdbReportFault): void {
  const { doing, key, offset, reason, type } = fault;
  print('--- RDB ERROR DETECTED ---\n');
  print(infoLine(offset, reason));
  print(`[additional info] While doing: ${doing}\n`);
  if (key !== undefined) {
    print(`[additional info] Reading key '${untilNul(key.toString('latin1'))}'\n`);
  }
  if (type >= 0) {
    print(`[additional info] Reading type ${type} (${TYPE_NAMES[type] ?? 'unknown'})\n`);
  }
}

function infoLine(offset: number, text: string): string {
  return `[offset ${offset}] ${text}\n`;
}
