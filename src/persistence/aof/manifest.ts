/**
 * The manifest of a multi-part append-only file: which files it is made of, in which order.
 *
 *     appendonlydir/
 *       appendonly.aof.2.base.rdb      base: the data set as of the last rewrite, at most one
 *       appendonly.aof.4.incr.aof      incr: the commands since then, file after file
 *       appendonly.aof.5.incr.aof
 *       appendonly.aof.1.base.rdb      history: what a rewrite has replaced, to be deleted
 *       appendonly.aof.manifest        "file appendonly.aof.2.base.rdb seq 2 type b\n" …
 *
 * What the manifest doesn't name isn't part of the data, so replacing that one file by a rename changes
 * any number of files at once. A Manifest never changes: each step gives a new one, which counts when it
 * is on disk (manifest-store.ts), so a step that fails leaves nothing to undo.
 *
 * Invariants: sequence numbers of incr files rise; a number that a file still has is never given again.
 *
 * Source: Redis 7.2's aof.c; https://redis.io/docs/latest/operate/oss_and_stack/management/persistence/
 */
import { quoteBytes } from '../../text/quote.js';

/** What a file is to the whole, in the manifest's letters. */
export type AofFileType = 'b' | 'i' | 'h';

export interface AofFile {
  /** A plain name, within the append-only folder. */
  readonly name: string;
  /** 1 or more; a manifest written by others may have negative ones. */
  readonly seq: number;
  readonly type: AofFileType;
}

/** What a base file holds: RDB data, or commands. */
export type BaseFormat = 'rdb' | 'aof';

const INCR_NAME_END = '.incr.aof';

export class Manifest {
  static readonly EMPTY = new Manifest(undefined, [], [], 0, 0);

  /**
   * @param history files that a rewrite has replaced, oldest incr file first
   * @param baseSeq the highest number ever given to a base file, as far as is known
   * @param incrSeq … and to an incr file
   */
  private constructor(
    readonly base: AofFile | undefined,
    readonly incr: readonly AofFile[],
    readonly history: readonly AofFile[],
    readonly baseSeq: number,
    readonly incrSeq: number,
  ) {}

  /** A manifest of these files, which must keep the invariants: parseManifest sees to it. */
  static of(files: readonly AofFile[]): Manifest {
    const base = files.find((file) => file.type === 'b');
    const incr = files.filter((file) => file.type === 'i');
    const history = files.filter((file) => file.type === 'h');
    // Redis forgets the numbers of history files; a new file must not be one that is to be deleted.
    const oldIncr = history.filter((file) => file.name.endsWith(INCR_NAME_END));
    const oldBase = history.filter((file) => !file.name.endsWith(INCR_NAME_END));
    return new Manifest(
      base,
      incr,
      history,
      highest([...oldBase, ...(base ? [base] : [])]),
      highest([...oldIncr, ...incr]),
    );
  }

  /** Whether there is anything to load. */
  get isEmpty(): boolean {
    return this.base === undefined && this.incr.length === 0;
  }

  /** The files to be loaded, in their order. */
  get parts(): readonly AofFile[] {
    return this.base === undefined ? this.incr : [this.base, ...this.incr];
  }

  /** The file that is being appended to. */
  get lastIncr(): AofFile | undefined {
    return this.incr.at(-1);
  }

  /** Files that may be deleted once a manifest without them is on disk. */
  get deletable(): readonly string[] {
    const needed = new Set(this.parts.map((file) => file.name));
    return this.history.map((file) => file.name).filter((name) => !needed.has(name));
  }

  /** Gives the next base file its name; the one before becomes history. */
  withNextBase(appendFilename: string, format: BaseFormat): Manifest {
    const seq = this.baseSeq + 1;
    const base: AofFile = { name: `${appendFilename}.${seq}.base.${format}`, seq, type: 'b' };
    const history = this.base ? [asHistory(this.base), ...this.history] : this.history;
    return new Manifest(base, this.incr, history, seq, this.incrSeq);
  }

  /** Adds an incr file at the end. */
  withNextIncr(appendFilename: string): Manifest {
    const seq = this.incrSeq + 1;
    const name = `${appendFilename}.${seq}${INCR_NAME_END}`;
    const incr: AofFile[] = [...this.incr, { name, seq, type: 'i' }];
    return new Manifest(this.base, incr, this.history, this.baseSeq, seq);
  }

  /** Incr files become history, as the base holds what they do. @param kept how many of the last stay */
  withIncrRewritten(kept: number): Manifest {
    const split = Math.max(0, this.incr.length - kept);
    const history = [...this.incr.slice(0, split).map(asHistory), ...this.history];
    return new Manifest(this.base, this.incr.slice(split), history, this.baseSeq, this.incrSeq);
  }

  /** Forgets the history: to be stored before its files are deleted. */
  withoutHistory(): Manifest {
    return new Manifest(this.base, this.incr, [], this.baseSeq, this.incrSeq);
  }

  /** Takes the one file of a Redis before 7.0 for its base, under its own name. */
  static upgraded(appendFilename: string): Manifest {
    return Manifest.of([{ name: appendFilename, seq: 1, type: 'b' }]);
  }

  /** One line per file: base, history, incr. */
  format(): string {
    const files = [...(this.base ? [this.base] : []), ...this.history, ...this.incr];
    return files.map(formatFile).join('');
  }
}

function highest(files: readonly AofFile[]): number {
  return files.reduce((top, file) => Math.max(top, file.seq), 0);
}

function asHistory(file: AofFile): AofFile {
  return { ...file, type: 'h' };
}

function formatFile({ name, seq, type }: AofFile): string {
  return `file ${spell(name)} seq ${seq} type ${type}\n`;
}

/** A name as a word of the manifest: quoted where it would not be read back as it is. */
function spell(name: string): string {
  return PLAIN.test(name) ? name : quoteBytes(Buffer.from(name));
}

/** Printable ASCII without blank, quote and backslash. */
const PLAIN = /^[!#-&(-[\]-~]+$/;

// ------------------------------------------------------------------------------------------ names

/** `appendonly.aof.manifest` */
export function manifestName(appendFilename: string): string {
  return `${appendFilename}.manifest`;
}

/** Where the next manifest is written before it takes the other's place. */
export function tempManifestName(appendFilename: string): string {
  return `temp-${appendFilename}.manifest`;
}

/**
 * Where commands are gathered while the append-only file is being switched on: they count only once
 * there is a base.
 */
export function tempIncrName(appendFilename: string): string {
  return `temp-${appendFilename}.incr`;
}

/** What file of a log a name stands for, if it is one that `withNextBase` or `withNextIncr` gives. */
export function partOfLog(
  name: string,
  appendFilename: string,
): { readonly seq: number; readonly type: 'b' | 'i' } | undefined {
  if (!name.startsWith(`${appendFilename}.`)) return undefined;
  const rest = name.slice(appendFilename.length);
  const [, seq, type] = /^\.(\d+)\.(base\.rdb|base\.aof|incr\.aof)$/.exec(rest) ?? [];
  if (type === undefined) return undefined;
  return { seq: Number(seq), type: type === 'incr.aof' ? 'i' : 'b' };
}

/** What stands in the folders when the server starts. */
export interface AofSurroundings {
  /** Whether a file of that name is beside the append-only folder. */
  readonly hasOldFile: boolean;
  readonly hasFolder: boolean;
  /** Whether a file of that name is within the append-only folder. */
  readonly hasMovedFile: boolean;
}

/**
 * Whether the append-only file is one of a Redis before 7.0, to be moved into the folder; or such a move
 * was cut short behind its first step.
 */
export function needsUpgrade(
  manifest: Manifest,
  appendFilename: string,
  found: AofSurroundings,
): boolean {
  if (!found.hasOldFile) return false;
  if (!found.hasFolder || manifest.isEmpty) return true;
  const isNamed = manifest.incr.length === 0 && manifest.base?.name === appendFilename;
  return isNamed && !found.hasMovedFile;
}
