/**
 * Checks one append-only file: whether it is commands from one end to the other, each MULTI with its
 * EXEC, and up to where it is fine.
 *
 * Offsets, lines and texts are those of redis-check-aof 7.2, so that whoever reads its output can read
 * this. That is why it has a reader of its own beside the server's (persistence/aof/reader.ts), which is
 * stricter and knows no lines.
 *
 * Source: redis-check-aof.c of Redis 7.2.
 */
import type { AofFiles } from '../../persistence/aof/files.js';
import { untilNul } from '../../text/c-string.js';
import { systemErrorText } from '../../text/system-error.js';
import { utf8Of } from '../texts.js';
import { CFile, LONG_MAX, parseLong } from './c-file.js';
import type { CommandSummary } from './summary.js';

export type FileResult = 'ok' | 'empty' | 'truncated' | 'truncated to timestamp';

/** Ends the check, and the program, with this exit code. */
export class CheckEnd extends Error {
  constructor(readonly code: number) {
    super('the check has ended');
  }
}

/** What the check is told, and talks to. */
export interface CheckSession {
  readonly files: AofFiles;
  /** Cuts off what is broken, after asking. */
  readonly fixes: boolean;
  /** Cuts off what is later, in Unix seconds; 0: no. */
  readonly timestamp: bigint;
  /** Texts are latin1: a character per byte. */
  print(text: string): void;
  /** What a person answers: the first byte, or nothing. */
  ask(): string;
  readonly summary: CommandSummary | undefined;
  /** Checks RDB data at an open file's beginning. @returns their size, or undefined if they are bad */
  checkRdb(fd: number, path: string): number | undefined;
  /** Lines read, of all files together. */
  line: number;
  /** Told how far the check of a file has come, from 0 to 1. */
  readonly onProgress?: ((fraction: number) => void) | undefined;
}

/** Texts are latin1. */
export interface CheckedFile {
  /** As it is shown. */
  readonly name: string;
  readonly path: string;
  /** Whether it may be cut. */
  readonly isLast: boolean;
  readonly hasPreamble: boolean;
}

/** fgets is given so much room for a line of a number, and of an annotation. */
const NUMBER_LINE = 128;
const ANNOTATION_LINE = 1024;
/** An error's text is cut to so many bytes. */
const ERROR_MAX = 1023;

const HASH = 35;
const STAR = 42;
const DOLLAR = 36;

/** @throws CheckEnd the file isn't fine, and wasn't mended */
export function checkFile(session: CheckSession, file: CheckedFile): FileResult {
  const { files } = session;
  let fd: number;
  try {
    fd = files.open(utf8Of(file.path), 'repair');
  } catch (error) {
    const why = systemErrorText(error);
    return stop(session, `Cannot open file ${file.path}: ${why}, aborting...\n`);
  }
  try {
    const input = new CFile(files, fd, session.onProgress);
    return new FileCheck(session, file, input).run(fd);
  } catch (error) {
    if (error instanceof CheckEnd) throw error;
    return stop(session, `Failed to read from AOF ${file.name}, aborting...\n`);
  } finally {
    files.close(fd);
  }
}

function stop(session: CheckSession, text: string): never {
  session.print(text);
  throw new CheckEnd(1);
}

class FileCheck {
  /** Where what was read last begins. */
  private readAt = 0;
  private error = '';
  /** MULTIs without EXEC. */
  private multi = 0;
  /** Up to where the file is fine. */
  private okUpTo = 0;

  constructor(
    private readonly session: CheckSession,
    private readonly file: CheckedFile,
    private readonly input: CFile,
  ) {}

  run(fd: number): FileResult {
    const { input } = this;
    if (input.size === 0) return 'empty';
    if (this.file.hasPreamble) this.passPreamble(fd);
    if (!this.readAll()) return 'truncated to timestamp';
    if (input.isAtEnd && this.multi !== 0 && this.error === '') {
      this.fail('Reached EOF before reading EXEC for MULTI');
    }
    if (this.error !== '') this.session.print(`${this.error}\n`);
    return this.conclude();
  }

  private passPreamble(fd: number): void {
    const { session, input } = this;
    const size = session.checkRdb(fd, this.file.path);
    if (size === undefined) stop(session, 'RDB preamble of AOF file is not sane, aborting.\n');
    session.print('RDB preamble is OK, proceeding with AOF tail...\n');
    input.position = size;
  }

  /** Reads up to the end or to what is wrong. @returns false: the rest was cut off, being later */
  private readAll(): boolean {
    const { input } = this;
    for (;;) {
      if (this.multi === 0) this.okUpTo = input.position;
      const byte = input.peek();
      if (byte < 0) return true;
      if (byte === HASH) {
        if (!this.readAnnotation()) return false;
      } else if (byte === STAR) {
        if (!this.readCommand()) return true;
      } else {
        this.session.print(`AOF ${this.file.name} format error\n`);
        return true;
      }
    }
  }

  /** @returns false: the file was cut off here */
  private readAnnotation(): boolean {
    const { input, session, file } = this;
    this.readAt = input.position;
    const line = input.line(ANNOTATION_LINE)!;
    const limit = session.timestamp;
    if (limit === 0n || line.toString('latin1', 0, 4) !== '#TS:') return true;
    const time = parseLong(line, 4);
    if (time.isOutOfRange || line[time.end] !== 13) {
      stop(session, 'Invalid timestamp annotation\n');
    }
    if (time.value <= limit) return true;
    if (this.readAt === 0) {
      stop(session, `AOF ${file.path} has nothing before timestamp ${limit}, aborting...\n`);
    }
    if (!file.isLast) {
      session.print(
        `Failed to truncate AOF ${file.path} to timestamp ${limit} to offset ${this.readAt} ` +
          'because it is not the last file.\n',
      );
      stop(
        session,
        'If you insist, please delete all files after this file according to the manifest file ' +
          'and delete the corresponding records in manifest file manually. Then re-run ' +
          'redis-check-aof.\n',
      );
    }
    this.cut(this.readAt, `Failed to truncate AOF ${file.path} to timestamp ${limit}\n`);
    return false;
  }

  /** @returns false: it is broken, and `error` says how unless the file simply ends */
  private readCommand(): boolean {
    const { input, session } = this;
    const start = input.position;
    const count = this.readNumber(STAR);
    if (count === undefined) return false;
    let name = '';
    for (let i = 0; i < count; i++) {
      const text = this.readString(i === 0);
      if (text === undefined) return false;
      if (i > 0) continue;
      name = text;
      if (!this.countMulti(name.toLowerCase())) return false;
    }
    session.summary?.add(name, input.position - start);
    return true;
  }

  private countMulti(name: string): boolean {
    if (name === 'multi') {
      if (this.multi++ === 0) return true;
      return this.fail(`Unexpected MULTI in AOF ${this.file.path}`);
    }
    if (name === 'exec' && --this.multi !== 0) {
      return this.fail(`Unexpected EXEC in AOF ${this.file.path}`);
    }
    return true;
  }

  /** The number in a line that begins with this byte; undefined: it is broken. */
  private readNumber(prefix: number): number | bigint | undefined {
    const { input } = this;
    this.readAt = input.position;
    const plain = input.plainNumber(prefix);
    if (plain >= 0) {
      this.session.line++;
      return plain;
    }
    const line = input.line(NUMBER_LINE);
    if (line === undefined) return undefined;
    if (line[0] !== prefix) {
      const [expected, found] = [prefix, line[0]!].map((byte) => String.fromCharCode(byte));
      this.fail(`Expected prefix '${expected}', got: '${found}'`);
      return undefined;
    }
    const { value, end } = parseLong(line, 1);
    return this.passLineEnd(line, end) ? value : undefined;
  }

  /** @param isName whether it is a command's name @returns the name, or ''; undefined: it is broken */
  private readString(isName: boolean): string | undefined {
    const { input } = this;
    const announced = this.readNumber(DOLLAR);
    if (announced === undefined) return undefined;
    if (announced < 0 || announced > LONG_MAX - 2n) {
      this.fail(
        `Expected to read string of ${announced} bytes, which is not in the suitable range`,
      );
      return undefined;
    }
    this.readAt = input.position;
    const length = Number(announced);
    const name = isName ? this.nameAhead(length) : '';
    if (input.passPlain(length)) {
      this.session.line++;
      return name;
    }
    const got = input.skip(length);
    const end = got < length ? EMPTY : input.ahead(2);
    if (end.length < 2) {
      if (got === length) input.skip(2);
      const wanted = BigInt(announced) + 2n;
      this.fail(`Expected to read ${wanted} bytes, got ${got + end.length} bytes`);
      return undefined;
    }
    const isFine = this.passLineEnd(end, 0);
    input.skip(2);
    return isFine ? name : undefined;
  }

  /** The name of a command as a C string; a long one isn't needed in full. */
  private nameAhead(length: number): string {
    const bytes = this.input.ahead(Math.min(length, NUMBER_LINE));
    return untilNul(bytes.toString('latin1'));
  }

  /** Whether there is CRLF at `at`. */
  private passLineEnd(bytes: Uint8Array, at: number): boolean {
    if (bytes[at] === 13 && bytes[at + 1] === 10) {
      this.session.line++;
      return true;
    }
    return this.fail(`Expected \\r\\n, got: ${hex(bytes[at])}${hex(bytes[at + 1])}`);
  }

  private fail(text: string): false {
    const shown = untilNul(text).slice(0, ERROR_MAX);
    this.error = `0x${this.readAt.toString(16).padStart(16)}: ${shown}`;
    return false;
  }

  private conclude(): FileResult {
    const { session, file, input, okUpTo } = this;
    const { name } = file;
    const diff = input.size - okUpTo;
    if (diff === 0 && session.timestamp !== 0n) {
      session.print(`Truncate nothing in AOF ${name} to timestamp ${session.timestamp}\n`);
      return 'ok';
    }
    session.print(
      `AOF analyzed: filename=${name}, size=${input.size}, ok_up_to=${okUpTo}, ` +
        `ok_up_to_line=${session.line}, diff=${diff}\n`,
    );
    if (diff <= 0) return 'ok';
    if (!session.fixes) {
      stop(session, `AOF ${name} is not valid. Use the --fix option to try fixing it.\n`);
    }
    if (!file.isLast) {
      stop(session, `Failed to truncate AOF ${name} because it is not the last file\n`);
    }
    session.print(
      `This will shrink the AOF ${name} from ${input.size} bytes, with ${diff} bytes, to ` +
        `${okUpTo} bytes\n`,
    );
    session.print('Continue? [y/N]: ');
    if (session.ask().toLowerCase() !== 'y') stop(session, 'Aborting...\n');
    this.cut(okUpTo, `Failed to truncate AOF ${name}\n`);
    return 'truncated';
  }

  private cut(size: number, failure: string): void {
    try {
      this.input.truncate(size);
    } catch {
      stop(this.session, failure);
    }
  }
}

const EMPTY = Buffer.alloc(0);

/** A byte as C's %02x shows a char, which is signed; what is beyond the end is shown as 0. */
function hex(byte = 0): string {
  return byte < 0x80 ? byte.toString(16).padStart(2, '0') : `ffffff${byte.toString(16)}`;
}
