/**
 * Reads a manifest's text.
 *
 *     # a comment
 *     file "odd name.1.base.rdb" seq 1 type b
 *
 * A line is pairs of word and value: file, seq and type must be there, in any order; other pairs are
 * of later versions and passed over. What is wrong is told as Redis tells it: the line's number, the
 * line, the reason. Redis reads pieces of 1024 bytes at most, and C strings, so a longer line or a NUL
 * byte is "too long".
 */
import { splitArgs } from '../../text/quote.js';
import { type AofFile, type AofFileType, Manifest } from './manifest.js';

/** Longest line, its newline included, in bytes. */
export const MANIFEST_LINE_MAX = 1024;
/** Bigger than any manifest in earnest: some hundred thousand files. */
export const MANIFEST_MAX_BYTES = 64 * 1024 * 1024;
/** A file's line has so many words at least. */
const WORDS_MIN = 6;

const LF = 10;
const HASH = 35;

/** Why a manifest can't be read. */
export class ManifestFault {
  constructor(
    readonly reason: string,
    /** From 1; 0 when there is none. */
    readonly lineNumber: number,
    /** The line, trimmed, as bytes in latin1; undefined where Redis shows none. */
    readonly line: string | undefined,
  ) {}

  /** What Redis logs as warnings, one message after the other, before it gives up. */
  get messages(): readonly string[] {
    const shown = this.line === undefined ? [] : [this.position, `>>> '${this.line}'\n`];
    return ['\n*** FATAL AOF MANIFEST FILE ERROR ***\n', ...shown, `${this.reason}\n`];
  }

  private get position(): string {
    return `Reading the manifest file, at line ${this.lineNumber}\n`;
  }
}

const INVALID = 'Invalid AOF manifest file format';

/** @returns the manifest, or what is wrong with it */
export function parseManifest(bytes: Uint8Array): Manifest | ManifestFault {
  if (bytes.length === 0) return new ManifestFault('Found an empty AOF manifest', 0, undefined);
  const files: AofFile[] = [];
  let lastIncr = 0;
  let lineNumber = 0;
  for (let at = 0; at < bytes.length; ) {
    const end = lineEnd(bytes, at);
    const piece = bytes.subarray(at, end);
    at = end;
    lineNumber++;
    if (piece[0] === HASH) continue;
    if (!isLine(piece)) {
      const reason = 'The AOF manifest file contains too long line';
      return new ManifestFault(reason, lineNumber, undefined);
    }
    const line = trim(Buffer.from(piece).toString('latin1'));
    const file = parseLine(line);
    const reason = typeof file === 'string' ? file : misplaced(file, files, lastIncr);
    if (reason !== undefined) return new ManifestFault(reason, lineNumber, line);
    files.push(file as AofFile);
    if ((file as AofFile).type === 'i') lastIncr = (file as AofFile).seq;
  }
  return Manifest.of(files);
}

/** Offset behind the line that begins at `at`, or behind the most that a line may have. */
function lineEnd(bytes: Uint8Array, at: number): number {
  const limit = Math.min(bytes.length, at + MANIFEST_LINE_MAX);
  const newline = bytes.indexOf(LF, at);
  return newline < 0 || newline >= limit ? limit : newline + 1;
}

/** Whether it ends with a newline, and has no NUL byte that hides it. */
function isLine(piece: Uint8Array): boolean {
  return piece[piece.length - 1] === LF && !piece.includes(0);
}

function trim(line: string): string {
  return line.replace(/^[ \t\r\n]+/, '').replace(/[ \t\r\n]+$/, '');
}

/** @returns the file, or what is wrong */
function parseLine(line: string): AofFile | string {
  const words = splitArgs(line);
  if (words === undefined || words.length < WORDS_MIN || words.length % 2 !== 0) return INVALID;
  let name: string | undefined;
  let seq = 0;
  let type = '';
  for (let i = 0; i < words.length; i += 2) {
    const value = Buffer.from(words[i + 1]!);
    switch (Buffer.from(words[i]!).toString('latin1').toLowerCase()) {
      case 'file':
        // A line end that was damaged has made one line of two.
        if (name !== undefined) return INVALID;
        name = value.toString();
        if (/[/\\]/.test(name)) return "File can't be a path, just a filename";
        break;
      case 'seq':
        seq = Number(/^\s*([+-]?\d+)/.exec(value.toString('latin1'))?.[1] ?? 0);
        break;
      case 'type':
        type = value.toString('latin1', 0, 1);
        break;
    }
  }
  if (name === undefined || type === '' || type === '\0') return INVALID;
  if (seq === 0 || !Number.isSafeInteger(seq)) return INVALID;
  return { name, seq, type: type as AofFileType };
}

/** What is wrong with a file behind those before it, if anything. */
function misplaced(
  file: AofFile,
  before: readonly AofFile[],
  lastIncr: number,
): string | undefined {
  switch (file.type) {
    case 'b':
      if (!before.some((other) => other.type === 'b')) return undefined;
      return 'Found duplicate base file information';
    case 'i':
      return file.seq > lastIncr ? undefined : 'Found a non-monotonic sequence number';
    case 'h':
      return undefined;
    default:
      return 'Unknown AOF file type';
  }
}
