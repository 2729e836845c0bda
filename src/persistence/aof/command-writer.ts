/**
 * Commands as a client would send them, written into a chunk:
 *
 *     *3\r\n $3\r\nSET\r\n $1\r\nk\r\n $1\r\nv\r\n        (without the blanks)
 *
 *     writer.raw(SET);  writer.bulk(key, 0, keyLen);  writer.bulk(value, 0, valueLen);
 *
 * What is the same in every command of a kind is a constant of ready bytes (`commandHead`, `word`).
 * Nothing is allocated but for doubles and for integers beyond 2^53.
 */
import { copyBytes } from '../../datastructs/move-bytes.js';
import type { Counter } from '../../keyspace/stream/counter.js';
import { ID_TEXT_BYTES, type StreamId } from '../../keyspace/stream/stream-id.js';
import { integerLength, writeInteger } from '../../text/int64.js';
import type { ChunkWriter } from '../rdb/chunk-writer.js';

/** A mark, a length's digits, and two line ends. */
const BULK_OVERHEAD = 24;
const CR = 13;
const LF = 10;
const STAR = 42;
const DOLLAR = 36;

/** The beginning of a command of `count` arguments, the words among them. @param words ASCII */
export function commandHead(count: number, ...words: readonly string[]): Uint8Array {
  return Buffer.from(`*${count}\r\n${words.map(bulkOf).join('')}`, 'latin1');
}

/** Arguments that are always the same. @param words ASCII */
export function wordsOf(...words: readonly string[]): Uint8Array {
  return Buffer.from(words.map(bulkOf).join(''), 'latin1');
}

function bulkOf(word: string): string {
  return `$${word.length}\r\n${word}\r\n`;
}

export class CommandWriter {
  private readonly text = new Uint8Array(ID_TEXT_BYTES);

  constructor(readonly out: ChunkWriter) {}

  /** Bytes that are ready. */
  raw(bytes: Uint8Array): void {
    this.out.bytes(bytes, 0, bytes.length);
  }

  /** The number of a command's arguments. */
  count(n: number): void {
    const { out } = this;
    out.reserve(BULK_OVERHEAD);
    out.buf[out.length++] = STAR;
    out.length = writeLine(out.buf, out.length, n);
  }

  bulk(from: Uint8Array, off: number, len: number): void {
    const { out } = this;
    out.reserve(len + BULK_OVERHEAD);
    const { buf } = out;
    buf[out.length] = DOLLAR;
    let at = writeLine(buf, out.length + 1, len);
    copyBytes(from, off, len, buf, at);
    at += len;
    buf[at] = CR;
    buf[at + 1] = LF;
    out.length = at + 2;
  }

  integer(n: Counter): void {
    if (typeof n !== 'number' || !Number.isSafeInteger(n)) {
      this.ascii(String(n));
      return;
    }
    const { out } = this;
    out.reserve(2 * BULK_OVERHEAD);
    const { buf } = out;
    buf[out.length] = DOLLAR;
    const at = writeLine(buf, out.length + 1, integerLength(n));
    out.length = writeLine(buf, at, n);
  }

  ascii(text: string): void {
    const bytes = Buffer.from(text, 'latin1');
    this.bulk(bytes, 0, bytes.length);
  }

  id(id: StreamId): void {
    this.bulk(this.text, 0, id.writeText(this.text, 0));
  }
}

/** @returns the offset behind the line's end */
function writeLine(buf: Uint8Array, at: number, n: number): number {
  const end = writeInteger(buf, at, n);
  buf[end] = CR;
  buf[end + 1] = LF;
  return end + 2;
}
