/**
 * How Redis 7.2 takes a client's bytes apart, written as plainly as can be: what fuzz tests hold
 * the server's reader against. It sees the whole stream at once, so nothing here depends on how it
 * was cut, and copies every argument. Its limits (64 KiB lines) are left out: the streams are short.
 *
 * Source: processInputBuffer and what it calls in Redis's networking.c.
 */
import { splitArgs } from '../../src/text/quote.js';

export interface Reading {
  requests: Buffer[][];
  /** The protocol error behind the last request, if there is one. */
  error: string | undefined;
}

const INT_MAX = 2n ** 31n - 1n;
const MAX_BULK_LENGTH = 512n * 1024n * 1024n;

/** Thrown where the bytes end before the request does. */
const UNFINISHED = Symbol('unfinished');

class ProtocolError {
  constructor(readonly text: string) {}
}

export function readRequests(stream: Buffer): Reading {
  const requests: Buffer[][] = [];
  const cursor = new Cursor(stream);
  try {
    while (!cursor.isAtEnd) {
      const request = cursor.peek() === '*' ? readArray(cursor) : readInline(cursor);
      if (request.length > 0) requests.push(request);
    }
  } catch (thrown) {
    if (thrown instanceof ProtocolError) return { requests, error: thrown.text };
    if (thrown !== UNFINISHED) throw thrown;
  }
  return { requests, error: undefined };
}

function readArray(cursor: Cursor): Buffer[] {
  const count = cursor.length('Protocol error: invalid multibulk length');
  if (count > INT_MAX) throw new ProtocolError('Protocol error: invalid multibulk length');
  const request: Buffer[] = [];
  for (let left = count; left > 0n; left--) request.push(readBulk(cursor));
  return request;
}

function readBulk(cursor: Cursor): Buffer {
  cursor.expectLine();
  const type = cursor.peek();
  if (type !== '$') throw new ProtocolError(`Protocol error: expected '$', got '${type}'`);
  const size = cursor.length('Protocol error: invalid bulk length');
  if (size < 0n || size > MAX_BULK_LENGTH) {
    throw new ProtocolError('Protocol error: invalid bulk length');
  }
  const bytes = cursor.take(Number(size));
  cursor.take(2);
  return bytes;
}

function readInline(cursor: Cursor): Buffer[] {
  const words = splitArgs(cursor.takeLine());
  if (words === undefined) throw new ProtocolError('Protocol error: unbalanced quotes in request');
  return words.map((word) => Buffer.from(word));
}

class Cursor {
  private at = 0;

  constructor(private readonly stream: Buffer) {}

  get isAtEnd(): boolean {
    return this.at >= this.stream.length;
  }

  peek(): string {
    return this.stream.toString('latin1', this.at, this.at + 1);
  }

  take(length: number): Buffer {
    if (this.at + length > this.stream.length) throw UNFINISHED;
    this.at += length;
    return this.stream.subarray(this.at - length, this.at);
  }

  /** Bytes up to the LF, a CR before it left out, as C's strchr finds it: not behind a NUL. */
  takeLine(): Buffer {
    const end = this.find('\n');
    const line = this.stream.subarray(this.at, end);
    this.at = end + 1;
    return line.at(-1) === 13 ? line.subarray(0, -1) : line;
  }

  /** A canonical 64-bit integer behind one byte of type, up to CR and one more byte. */
  length(error: string): bigint {
    const end = this.expectLine();
    const digits = this.stream.toString('latin1', this.at + 1, end);
    if (!/^(0|-?[1-9]\d{0,18})$/.test(digits)) throw new ProtocolError(error);
    const value = BigInt(digits);
    if (BigInt.asIntN(64, value) !== value) throw new ProtocolError(error);
    this.at = end + 2;
    return value;
  }

  /** @returns where the CR of a line stands that has one more byte behind it */
  expectLine(): number {
    const end = this.find('\r');
    if (end + 1 >= this.stream.length) throw UNFINISHED;
    return end;
  }

  private find(char: string): number {
    const end = this.stream.indexOf(char, this.at, 'latin1');
    const nul = this.stream.indexOf(0, this.at);
    if (end < 0 || (nul >= 0 && nul < end)) throw UNFINISHED;
    return end;
  }
}
