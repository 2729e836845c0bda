/**
 * Loads a whole append-only log: the files of its manifest, one after the other, step by step.
 *
 *     const load = new AofLoad(…);
 *     for (;;) {
 *       const step = load.step();
 *       if (step === 'file') …            // another file: back to database 0, no MULTI
 *       else if (step === 'command') …    // execute load.args
 *       else if (step === 'end') break;   // load.result
 *     }
 *
 * Whoever drives it may do other things between any two steps. What was executed of a MULTI that the
 * file breaks off in must not count: commands between MULTI and EXEC are to be queued, and the queue
 * dropped with the next 'file' or 'end'.
 *
 * Source: loadAppendOnlyFiles in Redis 7.2's aof.c.
 */
import type { Args } from '../../resp/args.js';
import { systemErrorText } from '../../text/system-error.js';
import { AofError } from './aof-error.js';
import { AofFileReader, type PreambleReader } from './file-reader.js';
import type { AofFiles } from './files.js';
import { cutBack, judgeLoad, type LogMessage, type PartSizes, partSizes } from './load-outcome.js';
import type { AofFile, Manifest } from './manifest.js';
import type { ManifestStore } from './manifest-store.js';

export interface AofLoadParts {
  readonly files: AofFiles;
  readonly store: ManifestStore;
  readonly manifest: Manifest;
  /** `aof-load-truncated` */
  readonly loadTruncated: boolean;
  /** Reads RDB data of so many bytes at most into the keyspace. */
  newPreamble(size: number): PreambleReader;
  log(level: LogMessage['level'], message: string): void;
  /** For durations. */
  micros(): number;
}

export type LoadStep = 'file' | 'preamble' | 'command' | 'end';

/**
 * 'empty': there are files, and nothing in them. 'truncated': the last one was cut back. 'failed': the
 * server must not go on; the log says why.
 */
export type LoadResult = 'loaded' | 'truncated' | 'empty' | 'failed';

export class AofLoad {
  /** The outcome, once `step` has answered 'end'. */
  result: LoadResult | undefined = undefined;
  /** Bytes of all files, and of the base. */
  readonly sizes: PartSizes;

  private readonly todo: AofFile[];
  private file: AofFile | undefined = undefined;
  private reader: AofFileReader | undefined = undefined;
  private began = 0;
  /** Bytes of files that are done. */
  private passed = 0;
  private wasTruncated = false;

  constructor(private readonly parts: AofLoadParts) {
    const { files, store, manifest } = parts;
    this.todo = [...manifest.parts];
    this.sizes = { total: 0, base: 0 };
    try {
      this.sizes = partSizes(files, manifest, (name) => store.path(name));
      if (this.sizes.total === 0) this.result = 'empty';
    } catch (error) {
      this.fail(error);
    }
  }

  /** The command that `step` came to, valid until the next step. */
  get args(): Args {
    return this.reader!.args;
  }

  /** The file that is being read. */
  get fileName(): string {
    return this.file?.name ?? '';
  }

  /** Bytes read so far, of all files. */
  get bytesRead(): number {
    return this.passed + (this.reader?.offset ?? 0);
  }

  step(): LoadStep {
    if (this.result !== undefined) return 'end';
    const { reader } = this;
    if (reader === undefined) return this.openNext();
    const step = reader.step();
    if (step === 'command') return 'command';
    if (step === 'preamble') {
      if (!reader.isInPreamble && this.isOldStyle) {
        this.parts.log('notice', 'Reading the remaining AOF tail...');
      }
      return 'preamble';
    }
    this.finishFile(reader);
    return this.openNext();
  }

  /** Stops: a command could not be executed. */
  abort(): void {
    this.reader?.close();
    this.reader = undefined;
    this.result = 'failed';
  }

  private openNext(): LoadStep {
    if (this.result !== undefined) return 'end';
    const file = this.todo.shift();
    if (file === undefined) {
      this.result = this.wasTruncated ? 'truncated' : 'loaded';
      return 'end';
    }
    const { files, store, newPreamble } = this.parts;
    this.file = file;
    this.began = this.parts.micros();
    try {
      this.reader = new AofFileReader(files, store.path(file.name), newPreamble);
    } catch (error) {
      this.fail(new AofError(openFailure(file.name, error)));
      return 'end';
    }
    if (this.reader.hasPreamble) {
      this.parts.log(
        'notice',
        this.isOldStyle
          ? 'Reading RDB preamble from AOF file...'
          : 'Reading RDB base file on AOF loading...',
      );
    }
    return 'file';
  }

  private get isOldStyle(): boolean {
    return this.fileName === this.parts.store.filename;
  }

  private finishFile(reader: AofFileReader): void {
    const { files, store, loadTruncated, log } = this.parts;
    const name = this.fileName;
    const isLast = this.todo.length === 0;
    reader.close();
    this.reader = undefined;
    this.passed += reader.size;
    const { isOldStyle } = this;
    const outcome = judgeLoad(reader.verdict!, { name, isLast, isOldStyle }, loadTruncated);
    for (const { level, text } of outcome.messages) log(level, text);
    if (outcome.kind === 'failed') {
      this.result = 'failed';
      return;
    }
    if (outcome.kind === 'cut back') {
      try {
        for (const { level, text } of cutBack(files, store.path(name), name, outcome.size)) {
          log(level, text);
        }
        this.wasTruncated = true;
      } catch (error) {
        this.fail(error);
        return;
      }
    }
    const seconds = ((this.parts.micros() - this.began) / 1e6).toFixed(3);
    const kind = this.file?.type === 'b' ? 'base' : 'incr';
    log('notice', `DB loaded from ${kind} file ${name}: ${seconds} seconds`);
  }

  private fail(error: unknown): void {
    if (!(error instanceof AofError)) throw error;
    for (const message of error.messages) this.parts.log('warning', message);
    this.result = 'failed';
  }
}

function openFailure(name: string, error: unknown): string {
  const why = systemErrorText(error);
  return (error as NodeJS.ErrnoException).code === 'ENOENT'
    ? `The append log file ${name} doesn't exist: ${why}`
    : `Fatal error: can't open the append log file ${name} for reading: ${why}`;
}
