/**
 * Reads one file of an append-only log: RDB data, or commands, or the one in front of the other.
 *
 *     appendonly.aof.1.base.rdb    REDIS0011 …
 *     appendonly.aof.1.incr.aof    *3\r\n$3\r\nSET …
 *     appendonly.aof               REDIS0009 … | *3\r\n$3\r\nSET …     (4.0 to 6.2)
 *
 * What is in a file is told by its first bytes, never by its name. RDB data go to a reader that is handed
 * in. The work is done in steps, so that whoever loads can do something else between them.
 */
import type { Args } from '../../resp/args.js';
import type { AofFiles } from './files.js';
import { hidesCommands } from './hidden-commands.js';
import { AofReader, type AofVerdict, type ReadAt } from './reader.js';

/** What reads RDB data: RdbReader, or a check. */
export interface PreambleReader {
  /** Takes a chunk, which may be used again afterwards. */
  read(chunk: Uint8Array): 'more' | 'done' | 'fault';
  /** Says that there is no more. */
  end(): 'more' | 'done' | 'fault';
  /** Bytes that the data have taken so far. */
  readonly offset: number;
  readonly fault: PreambleFault | undefined;
}

/** What is wrong with RDB data. */
export interface PreambleFault {
  readonly reason: string;
  readonly offset: number;
  readonly key: Buffer | undefined;
}

export type FileVerdict =
  | AofVerdict
  | { readonly kind: 'empty' }
  | { readonly kind: 'bad preamble'; readonly fault: PreambleFault };

/** What a step has done: read a chunk of RDB data, come to a command, or to the end. */
export type FileStep = 'preamble' | 'command' | 'end';

const MAGIC = Buffer.from('REDIS');
/** Of RDB data at a time: so much takes a third of a millisecond. */
const CHUNK_BYTES = 32 * 1024;

export class AofFileReader {
  readonly size: number;
  /** Whether the file begins with RDB data. */
  readonly hasPreamble: boolean;
  /** The file, once `step` has answered 'end'. */
  verdict: FileVerdict | undefined = undefined;

  private readonly fd: number;
  private preamble: PreambleReader | undefined = undefined;
  private chunk = Buffer.alloc(0);
  private position = 0;
  private reader: AofReader | undefined = undefined;

  /**
   * Opens the file.
   * @param newPreamble called for a file that begins with RDB data @throws what Node throws
   */
  constructor(
    private readonly files: AofFiles,
    path: string,
    newPreamble: (size: number) => PreambleReader,
  ) {
    this.fd = files.open(path, 'read');
    try {
      this.size = files.size(this.fd);
      this.hasPreamble = beginsWithRdb(files, this.fd);
    } catch (error) {
      files.close(this.fd);
      throw error;
    }
    if (this.size === 0) this.verdict = { kind: 'empty' };
    else if (this.hasPreamble) this.preamble = newPreamble(this.size);
    else this.beginCommands(0);
  }

  /** The command that `step` came to, valid until the next step. */
  get args(): Args {
    return this.reader!.args;
  }

  /** Where that command begins; or how far RDB data were read. */
  get offset(): number {
    return this.reader === undefined ? this.position : this.reader.offset;
  }

  /** Time of the last time annotation, in Unix seconds; 0: there was none. */
  get timestamp(): number {
    return this.reader?.timestamp ?? 0;
  }

  /** Does one step; after 'end' there is nothing more to do but `close`. */
  step(): FileStep {
    if (this.verdict !== undefined) return 'end';
    if (this.preamble !== undefined) return this.readPreamble(this.preamble);
    const reader = this.reader!;
    if (reader.next()) return 'command';
    this.verdict = this.doubted(reader.verdict!);
    return 'end';
  }

  /** Whether RDB data are still being read. */
  get isInPreamble(): boolean {
    return this.preamble !== undefined;
  }

  close(): void {
    this.files.close(this.fd);
  }

  private readPreamble(preamble: PreambleReader): FileStep {
    if (this.chunk.length === 0) this.chunk = Buffer.allocUnsafeSlow(CHUNK_BYTES);
    let got: number;
    try {
      got = this.files.read(this.fd, this.chunk, 0, CHUNK_BYTES, this.position);
    } catch (error) {
      this.verdict = { kind: 'unreadable', offset: this.position, error };
      return 'end';
    }
    this.position += got;
    const progress = got > 0 ? preamble.read(this.chunk.subarray(0, got)) : preamble.end();
    if (progress === 'done') {
      this.preamble = undefined;
      this.beginCommands(preamble.offset);
    } else if (progress === 'fault' || got === 0) {
      this.verdict = { kind: 'bad preamble', fault: preamble.fault ?? UNFINISHED };
      return 'end';
    }
    return 'preamble';
  }

  private beginCommands(from: number): void {
    this.chunk = Buffer.alloc(0);
    this.reader = new AofReader(this.readAt, from, this.size);
  }

  private readonly readAt: ReadAt = (buf, off, len, position) =>
    this.files.read(this.fd, buf, off, len, position);

  /** A torn file is bad if there are commands in what would be cut off. */
  private doubted(verdict: AofVerdict): AofVerdict {
    if (verdict.kind !== 'torn' || verdict.lacksExec) return verdict;
    const { validUpTo, offset } = verdict;
    try {
      if (!hidesCommands(this.readAt, offset, this.size)) return verdict;
    } catch (error) {
      return { kind: 'unreadable', offset, error };
    }
    const reason = 'a length goes beyond the end of the file, yet commands follow';
    return { kind: 'bad', validUpTo, offset, reason };
  }
}

const UNFINISHED: PreambleFault = { reason: 'the data end early', offset: 0, key: undefined };

/** Whether an open file begins with RDB data. */
export function beginsWithRdb(files: AofFiles, fd: number): boolean {
  const head = Buffer.alloc(MAGIC.length);
  return files.read(fd, head, 0, head.length, 0) === head.length && head.equals(MAGIC);
}
