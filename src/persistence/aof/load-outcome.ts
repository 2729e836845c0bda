/**
 * What becomes of a load: whether a file that was read counts, has to be cut back first, or stops the
 * start, and what Redis logs about it.
 *
 * A torn file is what a crash leaves, and can only be the last one: the server was writing no other. It
 * is cut back if `aof-load-truncated` allows. A torn file further ahead, and anything bad, is damage
 * that a person must look at. (Redis cuts a torn file ahead as well, and stops then.)
 *
 * Source: loadSingleAppendOnlyFile and loadAppendOnlyFiles in Redis 7.2's aof.c.
 */
import { systemErrorText } from '../../text/system-error.js';
import { AofError } from './aof-error.js';
import type { FileVerdict } from './file-reader.js';
import type { AofFiles } from './files.js';
import type { Manifest } from './manifest.js';

export interface LogMessage {
  readonly level: 'notice' | 'warning';
  readonly text: string;
}

export interface LoadOutcome {
  /** 'cut back': it counts once it is cut off at `size`. */
  readonly kind: 'loaded' | 'cut back' | 'failed';
  /** Where to cut; 0 unless it is to be cut. */
  readonly size: number;
  readonly messages: readonly LogMessage[];
}

export interface LoadedFile {
  readonly name: string;
  readonly isLast: boolean;
  /** Whether it has the name of the single file of a Redis before 7.0: `appendfilename`. */
  readonly isOldStyle: boolean;
}

const LOADED: LoadOutcome = { kind: 'loaded', size: 0, messages: [] };

/** @param loadTruncated `aof-load-truncated` */
export function judgeLoad(
  verdict: FileVerdict,
  file: LoadedFile,
  loadTruncated: boolean,
): LoadOutcome {
  const { name } = file;
  switch (verdict.kind) {
    case 'whole':
    case 'empty':
      return LOADED;
    case 'bad preamble': {
      const { reason, offset } = verdict.fault;
      const what = file.isOldStyle ? 'RDB preamble of the AOF file' : 'RDB base file';
      return failed(
        `At offset ${offset} of ${name}: ${reason}`,
        `Error reading the ${what} ${name}, AOF loading aborted`,
      );
    }
    case 'unreadable': {
      const why = systemErrorText(verdict.error);
      return failed(`Unrecoverable error reading the append only file ${name}: ${why}`);
    }
    case 'bad':
      return failed(
        `At offset ${verdict.offset} of ${name}: ${verdict.reason}`,
        `Bad file format reading the append only file ${name}: make a backup of your AOF file, ` +
          'then use ./redis-check-aof --fix <filename.manifest>',
      );
    case 'torn': {
      const reverted = `Revert incomplete MULTI/EXEC transaction in AOF file ${name}`;
      const first = verdict.lacksExec ? [reverted] : [];
      if (!loadTruncated) return failed(...first, unexpectedEnd(name));
      if (!file.isLast) {
        return failed(...first, 'Fatal error: the truncated file is not the last file');
      }
      const { validUpTo } = verdict;
      const messages = [
        ...first,
        `!!! Warning: short read while loading the AOF file ${name}!!!`,
        `!!! Truncating the AOF ${name} at offset ${validUpTo} !!!`,
      ];
      return { kind: 'cut back', size: validUpTo, messages: messages.map(warning) };
    }
  }
}

/** Carries out 'cut back'. @returns messages for the log @throws AofError with the messages */
export function cutBack(files: AofFiles, path: string, name: string, size: number): LogMessage[] {
  let fd = -1;
  try {
    fd = files.open(path, 'repair');
    files.truncate(fd, size);
    files.sync(fd);
  } catch (error) {
    const why = `Error truncating the AOF file ${name}: ${systemErrorText(error)}`;
    throw new AofError(why, [why, unexpectedEnd(name)]);
  } finally {
    if (fd >= 0) files.close(fd);
  }
  return [warning(`AOF ${name} loaded anyway because aof-load-truncated is enabled`)];
}

/** Bytes of each file that a manifest names. */
export interface PartSizes {
  readonly total: number;
  readonly base: number;
}

/** Looks for all files of the manifest. @throws AofError one is missing */
export function partSizes(
  files: AofFiles,
  manifest: Manifest,
  pathOf: (name: string) => string,
): PartSizes {
  let total = 0;
  let base = 0;
  for (const { name, type } of manifest.parts) {
    try {
      const size = files.sizeOf(pathOf(name));
      total += size;
      if (type === 'b') base = size;
    } catch (error) {
      const why = systemErrorText(error);
      throw new AofError(`Unable to obtain the AOF file ${name} length. stat: ${why}`);
    }
  }
  return { total, base };
}

function unexpectedEnd(name: string): string {
  return (
    `Unexpected end of file reading the append only file ${name}. You can: 1) Make a backup of ` +
    'your AOF file, then use ./redis-check-aof --fix <filename.manifest>. 2) Alternatively you ' +
    "can set the 'aof-load-truncated' configuration option to yes and restart the server."
  );
}

function failed(...texts: string[]): LoadOutcome {
  return { kind: 'failed', size: 0, messages: texts.map(warning) };
}

function warning(text: string): LogMessage {
  return { level: 'warning', text };
}
