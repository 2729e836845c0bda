/**
 * respd-check-rdb: reads an RDB file from one end to the other and says whether a server could.
 *
 *     respd-check-rdb [--summary|--json] FILE
 *
 * Output and exit codes (0: fine; 1: not) are those of redis-check-rdb 7.2. `--summary` adds what is in
 * the file by type; so does a terminal. `--json` gives all of it for a program, and nothing else.
 */
import type { AofFiles } from '../../persistence/aof/files.js';
import { TYPE_NAMES } from '../../persistence/rdb/format.js';
import { systemErrorText } from '../../text/system-error.js';
import { latin1Of } from '../texts.js';
import { type RdbReport, type RdbReportFault, reportRdb } from './report.js';
import { RdbSummary, textOf } from './summary.js';

/** What the program needs of the world around it. Texts are latin1: a character per byte. */
export interface CheckRdbHost {
  readonly files: Pick<AofFiles, 'open' | 'read' | 'size' | 'close'>;
  readonly isTerminal: boolean;
  /** Of respd. */
  version(): string;
  /** Unix ms. */
  now(): number;
  /** Numbers in [0, 1), not to be foreseen. */
  random(): number;
  print(text: string): void;
  printError(text: string): void;
  /** Told how far it has come, from 0 to 1. */
  onProgress?(fraction: number): void;
}

const USAGE = 'Usage: respd-check-rdb [--summary|--json] <rdb-file-name>\n';

/** @param args without the program's name @returns the exit code */
export function runCheckRdb(args: readonly string[], host: CheckRdbHost): number {
  const options = new Set<string>(args.filter((arg) => arg === '--json' || arg === '--summary'));
  const [path, ...others] = args.filter((arg) => !options.has(arg));
  if (path === undefined || others.length > 0) {
    host.printError(USAGE);
    return 1;
  }
  if (path === '-v' || path === '--version') {
    host.print(`respd-check-rdb ${host.version()}\n`);
    return 0;
  }
  if (options.has('--json')) return checkForProgram(path, host);
  const wantsSummary = options.has('--summary') || host.isTerminal;
  const summary = wantsSummary ? new RdbSummary() : undefined;
  const report = check(path, host, host.print, summary);
  for (const line of summary?.lines() ?? []) host.print(`${latin1Of(line)}\n`);
  return exitCode(report);
}

function checkForProgram(path: string, host: CheckRdbHost): number {
  const summary = new RdbSummary();
  const report = check(path, host, () => {}, summary);
  const { fault, isFine, ...facts } =
    report instanceof Error ? { isFine: false, fault: undefined } : report;
  const error =
    report instanceof Error ? { reason: systemErrorText(report) } : fault && faultToJson(fault);
  const json = { file: path, ok: isFine, ...facts, ...summary.toJson(), ...(error && { error }) };
  host.print(latin1Of(`${JSON.stringify(json, undefined, 2)}\n`));
  return exitCode(report);
}

function exitCode(report: RdbReport | Error): number {
  return report instanceof Error || !report.isFine ? 1 : 0;
}

/** @returns the error that there was opening it */
function check(
  path: string,
  host: CheckRdbHost,
  print: (text: string) => void,
  summary: RdbSummary | undefined,
): RdbReport | Error {
  const { files, now, onProgress, random } = host;
  let fd: number;
  try {
    fd = files.open(path, 'read');
  } catch (error) {
    // redis-check-rdb says no more than this line.
    print(`[offset 0] Checking RDB file ${latin1Of(path)}\n`);
    host.printError(latin1Of(`respd-check-rdb: ${path}: ${systemErrorText(error)}\n`));
    return error as Error;
  }
  try {
    const report = reportRdb(
      { files, now, onProgress, print, random },
      fd,
      latin1Of(path),
      summary,
    );
    const cause = report.fault?.cause;
    if (cause !== undefined) {
      host.printError(latin1Of(`respd-check-rdb: ${path}: ${systemErrorText(cause)}\n`));
    }
    return report;
  } finally {
    files.close(fd);
  }
}

function faultToJson(fault: RdbReportFault): object {
  const { cause, doing, key, offset, reason, type } = fault;
  return {
    offset,
    reason,
    doing,
    ...(key !== undefined && { key: textOf(key) }),
    ...(type >= 0 && { type: TYPE_NAMES[type] ?? 'unknown' }),
    ...(cause !== undefined && { cause: systemErrorText(cause) }),
  };
}
