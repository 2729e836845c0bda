/**
 * respd-check-aof: looks through an append-only file, or all files that a manifest names, and cuts off
 * what a crash has left at the end.
 *
 *     respd-check-aof [--fix|--truncate-to-timestamp SECONDS] [--summary] FILE
 *
 * Output and exit codes (0: fine, or mended; 1: not) are those of redis-check-aof 7.2. `--summary` adds
 * what is in the file by command; so does a terminal.
 */
import { dirname } from 'node:path';
import { AofError } from '../../persistence/aof/aof-error.js';
import { beginsWithRdb } from '../../persistence/aof/file-reader.js';
import type { AofFiles } from '../../persistence/aof/files.js';
import { readManifest } from '../../persistence/aof/manifest-store.js';
import { MANIFEST_LINE_MAX, ManifestFault } from '../../persistence/aof/parse-manifest.js';
import { systemErrorText } from '../../text/system-error.js';
import { latin1Of, utf8Of } from '../texts.js';
import { CFile, parseLong } from './c-file.js';
import { CheckEnd, type CheckSession, checkFile, type FileResult } from './check-file.js';
import { CommandSummary } from './summary.js';

/** What the program needs of the world around it. */
export interface CheckHost {
  readonly files: AofFiles;
  readonly isTerminal: boolean;
  /** Texts are latin1: a character per byte. */
  print(text: string): void;
  /** The first byte of what is typed, or nothing. */
  ask(): string;
  checkRdb(fd: number, path: string): number | undefined;
  /** A line as the server logs warnings, with time and process. */
  logLine(text: string): string;
  /** Told how far the check of a file has come, from 0 to 1. */
  onProgress?(fraction: number): void;
}

const USAGE =
  'Usage: respd-check-aof [--fix|--truncate-to-timestamp $timestamp] [--summary] ' +
  '<file.manifest|file.aof>\n';
/** Least size of RDB data. */
const RDB_MIN_BYTES = 8;
const HASH = 35;

/** @param args without the program's name @returns the exit code */
export function runCheckAof(args: readonly string[], host: CheckHost): number {
  try {
    const options = parseOptions(args, host);
    const summary = options.wantsSummary ? new CommandSummary() : undefined;
    const { fixes, timestamp } = options;
    const { files, print, ask, checkRdb } = host;
    const session: CheckSession = {
      files,
      fixes,
      timestamp,
      print,
      ask,
      summary,
      checkRdb,
      line: 1,
      onProgress: host.onProgress,
    };
    checkPath(session, latin1Of(options.path), host);
    for (const line of summary?.lines() ?? []) host.print(`${line}\n`);
    return 0;
  } catch (error) {
    if (error instanceof CheckEnd) return error.code;
    throw error;
  }
}

interface Options {
  readonly path: string;
  readonly fixes: boolean;
  readonly timestamp: bigint;
  readonly wantsSummary: boolean;
}

function parseOptions(all: readonly string[], host: CheckHost): Options {
  const args = all.filter((arg) => arg !== '--summary');
  const wantsSummary = args.length < all.length || host.isTerminal;
  const [first = '', second = '', third = ''] = args;
  if (args.length === 1) return { path: first, fixes: false, timestamp: 0n, wantsSummary };
  if (args.length === 2 && first === '--fix') {
    return { path: second, fixes: true, timestamp: 0n, wantsSummary };
  }
  if (args.length === 3 && first === '--truncate-to-timestamp') {
    const bytes = Buffer.from(second);
    const { value, end, isOutOfRange } = parseLong(bytes, 0);
    if (isOutOfRange || end < bytes.length) stop(host, 'Invalid timestamp, aborting...\n');
    return { path: third, fixes: false, timestamp: value, wantsSummary };
  }
  return stop(host, USAGE);
}

function stop(host: { print(text: string): void }, text: string): never {
  host.print(text);
  throw new CheckEnd(1);
}

/** @param path latin1, as all texts here */
function checkPath(session: CheckSession, path: string, host: CheckHost): void {
  if (isManifest(session, path)) {
    checkMultiPart(session, path, host);
    return;
  }
  const hasPreamble = isRdb(session, path);
  session.print('Start checking Old-Style AOF\n');
  const file = { name: path, path, isLast: true, hasPreamble };
  report(session, checkFile(session, file), path, 'AOF');
}

function checkMultiPart(session: CheckSession, path: string, host: CheckHost): void {
  session.print('Start checking Multi Part AOF\n');
  const manifest = loadManifest(session, utf8Of(path), host);
  const { base, incr } = manifest;
  let left = manifest.parts.length;
  const check = (fileName: string, kind: string, hasPreamble: boolean): void => {
    const name = latin1Of(fileName);
    const file = { name, path: pathOf(path, fileName), isLast: --left === 0, hasPreamble };
    report(session, checkFile(session, file), name, `${kind} AOF`);
  };
  if (base !== undefined) {
    const hasPreamble = isRdb(session, pathOf(path, base.name));
    session.print(`Start to check BASE AOF (${hasPreamble ? 'RDB' : 'RESP'} format).\n`);
    check(base.name, 'BASE', hasPreamble);
  }
  if (incr.length > 0) session.print('Start to check INCR files.\n');
  for (const { name } of incr) check(name, 'INCR', false);
  session.print('All AOF files and manifest are valid\n');
}

/** Where a file of the manifest at `path` is. */
function pathOf(path: string, name: string): string {
  return latin1Of(`${dirname(utf8Of(path))}/${name}`);
}

function loadManifest(session: CheckSession, path: string, host: CheckHost) {
  const logAll = (messages: readonly string[]): never => {
    for (const message of messages) session.print(`${host.logLine(message)}\n`);
    throw new CheckEnd(1);
  };
  try {
    const manifest = readManifest(session.files, path);
    return manifest instanceof ManifestFault ? logAll(manifest.messages) : manifest;
  } catch (error) {
    if (error instanceof AofError) return logAll(error.messages.map(latin1Of));
    throw error;
  }
}

function report(session: CheckSession, result: FileResult, name: string, kind: string): void {
  switch (result) {
    case 'ok':
      session.print(`${kind} ${name} is valid\n`);
      break;
    case 'empty':
      session.print(`${kind} ${name} is empty\n`);
      break;
    case 'truncated to timestamp':
      session.print(`Successfully truncated AOF ${name} to timestamp ${session.timestamp}\n`);
      break;
    case 'truncated':
      session.print(`Successfully truncated AOF ${name}\n`);
      break;
  }
}

// ------------------------------------------------------------------------------------- file kinds

/** Whether its first line that is no comment begins as a manifest's does. */
function isManifest(session: CheckSession, path: string): boolean {
  return withFile(session, path, (fd) => {
    const input = new CFile(session.files, fd);
    if (input.size === 0) return false;
    for (;;) {
      const line = readLine(session, input, path);
      if (line === undefined) return false;
      if (line[0] !== HASH) return line.toString('latin1', 0, 4) === 'file';
    }
  });
}

function readLine(session: CheckSession, input: CFile, path: string): Buffer | undefined {
  try {
    return input.line(MANIFEST_LINE_MAX + 1);
  } catch {
    return stop(session, `Cannot read file: ${path}\n`);
  }
}

function isRdb(session: CheckSession, path: string): boolean {
  const { files } = session;
  return withFile(session, path, (fd) => {
    try {
      return files.size(fd) >= RDB_MIN_BYTES && beginsWithRdb(files, fd);
    } catch {
      // A folder, say: the check of its commands tells.
      return false;
    }
  });
}

function withFile<T>(session: CheckSession, path: string, use: (fd: number) => T): T {
  const { files } = session;
  let fd: number;
  try {
    fd = files.open(utf8Of(path), 'read');
  } catch (error) {
    return stop(session, `Cannot open file ${path}: ${systemErrorText(error)}\n`);
  }
  try {
    return use(fd);
  } finally {
    files.close(fd);
  }
}
