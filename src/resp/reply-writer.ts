/**
 * Writes replies as bytes, in RESP2 or RESP3.
 *
 * All connections of a server share one output buffer: a client's replies of a turn of the event
 * loop lie in it one after the other and are written to the socket with one call at the turn's
 * end, after which the same bytes serve the next turn, still warm in the processor's cache. What
 * does not fit is moved out into chunks of its own (`overflow`), so a reply of any size needs no
 * second copy of the whole.
 *
 * `open` starts a client's stretch, `close` ends it. Between them, a handler calls one method per
 * reply element. The RESP3 types fall back to their RESP2 forms by themselves.
 *
 * Writing scalars allocates nothing; guarded by `npm run bench`.
 * Source: https://redis.io/docs/latest/develop/reference/protocol-spec/
 */
import { formatDouble } from '../text/double.js';
import { integerLength, writeInteger } from '../text/int64.js';
import { WRONG_TYPE } from './errors.js';
import { errorCode, type ReplyError } from './reply-error.js';

/** Size of the shared buffer, in bytes: many turns' replies fit, and it stays in the L2 cache. */
const SHARED_SIZE = 256 * 1024;
/** A string from this length on is not copied through the shared buffer. */
const OWN_CHUNK = 64 * 1024;
/** From here on, a native copy is faster than a loop. */
const NATIVE_COPY = 96;
/** … and a native write of a text. */
const NATIVE_WRITE = 32;

const LINE_BREAK = /[\r\n]/;

/** Told of every error reply, for INFO's errorstats. */
export type ErrorListener = (code: string) => void;

export class ReplyWriter {
  buf: Buffer = Buffer.allocUnsafeSlow(SHARED_SIZE);
  /** Next free byte. */
  pos = 0;
  /** Where the open client's stretch begins. */
  start = 0;
  /** Full chunks of the open client, which go before [start, pos). */
  overflow: Buffer[] = [];
  /** Bytes in `overflow`. */
  overflowBytes = 0;
  /** Whether the open client speaks RESP3. */
  resp3 = false;
  /** Error replies written so far. */
  errors = 0;
  /**
   * Told when the open stretch has grown beyond the shared buffer, with its size.
   * @returns whether to go on: if not, all of it is dropped, and what is yet to be written, too
   */
  onGrown: (bytes: number) => boolean = () => true;
  private deferred = 0;
  /** Whether the open stretch is dropped. */
  private isDropped = false;

  constructor(private readonly onError: ErrorListener = () => {}) {}

  /** Begins a client's stretch at the current position. */
  open(resp3: boolean): void {
    this.resp3 = resp3;
    this.start = this.pos;
  }

  /** Whether what is written now is dropped: a long loop of replies may as well end. */
  get isAbandoned(): boolean {
    return this.isDropped;
  }

  /** Bytes written since `open`; a mark to which `truncate` goes back. */
  get size(): number {
    return this.overflowBytes + this.pos - this.start;
  }

  /** Takes the stretch out of the shared buffer: chunks that the caller owns. */
  take(): Buffer[] {
    const chunks = this.overflow;
    if (this.pos > this.start) chunks.push(Buffer.from(this.buf.subarray(this.start, this.pos)));
    this.overflow = [];
    this.overflowBytes = 0;
    this.isDropped = false;
    this.pos = this.start;
    if (this.buf.length > SHARED_SIZE && this.start === 0) this.renew();
    return chunks;
  }

  /** Forgets all that was written: the turn's output has left. */
  rewind(): void {
    this.pos = 0;
    this.start = 0;
    if (this.buf.length > SHARED_SIZE) this.renew();
  }

  /** Leaves the present buffer to those who still refer to it. */
  renew(): void {
    this.buf = Buffer.allocUnsafeSlow(SHARED_SIZE);
    this.pos = 0;
    this.start = 0;
  }

  /**
   * Takes back all that was written since the stretch had this size, unfinished aggregates
   * included. @param size what `size` was then
   */
  truncate(size: number): void {
    this.deferred = 0;
    if (this.isDropped) {
      this.pos = this.start;
      return;
    }
    if (size >= this.overflowBytes) {
      this.pos = this.start + size - this.overflowBytes;
      return;
    }
    // The bytes to keep end in a chunk that has been moved out since.
    let kept = 0;
    let i = 0;
    while (kept + this.overflow[i]!.length <= size) kept += this.overflow[i++]!.length;
    const head = this.overflow[i]!.subarray(0, size - kept);
    this.overflow.length = i;
    this.overflowBytes = kept;
    this.pos = this.start;
    this.raw(head, 0, head.length);
  }

  /** `+OK`. */
  ok(): void {
    if (this.pos + 5 > this.buf.length) this.spill(5);
    const { buf, pos } = this;
    buf[pos] = 43;
    buf[pos + 1] = 79;
    buf[pos + 2] = 75;
    buf[pos + 3] = 13;
    buf[pos + 4] = 10;
    this.pos = pos + 5;
  }

  /** A status reply. @param text ASCII without line breaks */
  status(text: string): void {
    this.line(43, text);
  }

  /** An error reply. @param error a text beginning with its code, or a ReplyError */
  error(error: string | ReplyError): void {
    const text = typeof error === 'string' ? error : error.text;
    this.errors++;
    this.onError(errorCode(text));
    this.line(45, LINE_BREAK.test(text) ? onOneLine(text) : text);
  }

  /** An error that was counted already: a script passes on what one of its commands has said. */
  repeatedError(text: string): void {
    this.errors++;
    this.line(45, LINE_BREAK.test(text) ? onOneLine(text) : text);
  }

  /** The error for a key of another type. */
  wrongType(): void {
    this.error(WRONG_TYPE);
  }

  /** An integer. @param n a safe integer */
  int(n: number): void {
    if (this.pos + 24 > this.buf.length) this.spill(24);
    const { buf } = this;
    let pos = this.pos;
    buf[pos++] = 58;
    if (n >= 0 && n <= 9) buf[pos++] = 48 + n;
    else pos = writeInteger(buf, pos, n);
    buf[pos] = 13;
    buf[pos + 1] = 10;
    this.pos = pos + 2;
  }

  /** A 64-bit integer. */
  int64(n: bigint): void {
    this.line(58, n.toString());
  }

  /** Null: `$-1` in RESP2, `_` in RESP3. */
  nil(): void {
    if (this.resp3) this.line(95, '');
    else this.line(36, '-1');
  }

  /** The null of commands that answer with an array: `*-1` in RESP2, `_` in RESP3. */
  nilArray(): void {
    if (this.resp3) this.line(95, '');
    else this.line(42, '-1');
  }

  /** A bulk string of bytes. */
  bulk(src: Uint8Array, off: number, len: number): void {
    if (len > OWN_CHUNK) {
      this.bulkLarge(src, off, len);
      return;
    }
    if (this.pos + len + 24 > this.buf.length) this.spill(len + 24);
    const { buf } = this;
    let pos = this.pos;
    buf[pos++] = 36;
    if (len < 10) buf[pos++] = 48 + len;
    else if (len < 100) {
      const tens = (len * 205) >>> 11;
      buf[pos] = 48 + tens;
      buf[pos + 1] = 48 + len - tens * 10;
      pos += 2;
    } else pos = writeInteger(buf, pos, len);
    buf[pos] = 13;
    buf[pos + 1] = 10;
    pos += 2;
    if (len < NATIVE_COPY) for (let i = 0; i < len; i++) buf[pos + i] = src[off + i]!;
    else buf.set(src.subarray(off, off + len), pos);
    pos += len;
    buf[pos] = 13;
    buf[pos + 1] = 10;
    this.pos = pos + 2;
  }

  /** A bulk string. @param text latin1: one byte per character */
  bulkText(text: string): void {
    const length = text.length;
    if (length > 1024) {
      const bytes = Buffer.from(text, 'latin1');
      this.bulk(bytes, 0, bytes.length);
      return;
    }
    this.header(36, length, length + 2);
    this.latin1(text);
    this.crlf();
  }

  /** A bulk string of a text that may hold any characters, as UTF-8. */
  bulkUtf8(text: string): void {
    const bytes = Buffer.from(text, 'utf8');
    this.bulk(bytes, 0, bytes.length);
  }

  /** An integer as a bulk string. @param n a safe integer */
  bulkInt(n: number): void {
    this.header(36, integerLength(n), 24);
    this.pos = writeInteger(this.buf, this.pos, n);
    this.crlf();
  }

  /** A double: `,3.5` in RESP3, a bulk string in RESP2. */
  double(n: number): void {
    if (this.resp3) this.line(44, formatDouble(n));
    else this.bulkText(formatDouble(n));
  }

  /** A truth value: `#t` in RESP3, an integer in RESP2. */
  bool(value: boolean): void {
    if (this.resp3) this.line(35, value ? 't' : 'f');
    else this.int(value ? 1 : 0);
  }

  /** A number of any length: `(` in RESP3, a bulk string in RESP2. */
  bigNumber(digits: string): void {
    if (this.resp3) this.line(40, digits);
    else this.bulkText(digits);
  }

  /** A text with its format (three letters, such as `txt`); a bulk string in RESP2. */
  verbatim(text: string, format = 'txt'): void {
    const bytes = Buffer.from(text, 'utf8');
    if (!this.resp3) {
      this.bulk(bytes, 0, bytes.length);
      return;
    }
    this.header(61, bytes.length + 4, 6);
    this.pos += this.buf.write(`${format}:`, this.pos, 'latin1');
    this.raw(bytes, 0, bytes.length);
    this.ensure(2);
    this.crlf();
  }

  /** Begins an array of `n` elements. */
  array(n: number): void {
    this.header(42, n, 0);
  }

  /** Begins a map of `n` pairs; an array of 2n in RESP2. */
  map(n: number): void {
    if (this.resp3) this.header(37, n, 0);
    else this.header(42, 2 * n, 0);
  }

  /** Begins a set of `n` members; an array in RESP2. */
  set(n: number): void {
    this.header(this.resp3 ? 126 : 42, n, 0);
  }

  /** Begins an out-of-band message of `n` elements; an array in RESP2. */
  push(n: number): void {
    this.header(this.resp3 ? 62 : 42, n, 0);
  }

  /** Begins attributes (`n` pairs) of the reply that follows. RESP3 only. */
  attribute(n: number): void {
    this.header(124, n, 0);
  }

  /** An array of statuses, as COMMAND INFO has them. */
  statuses(texts: readonly string[]): void {
    this.array(texts.length);
    for (const text of texts) this.status(text);
  }

  /** An array of bulk strings (latin1). */
  bulkTexts(texts: readonly string[]): void {
    this.array(texts.length);
    for (const text of texts) this.bulkText(text);
  }

  /**
   * Begins an aggregate whose length is not known yet. `endDeferred` puts the header before it.
   * @returns where it stands; to be given to `endDeferred`. May be nested.
   */
  beginDeferred(): number {
    this.deferred++;
    return this.pos - this.start;
  }

  /** @param kind of the aggregate @param n its elements (pairs for a map) */
  endDeferred(begun: number, kind: 'array' | 'map' | 'set', n: number): void {
    const [type, count] = aggregate(kind, n, this.resp3);
    const header = `${type}${count}\r\n`;
    this.ensure(header.length);
    this.deferred--;
    const at = this.start + begun;
    this.buf.copyWithin(at + header.length, at, this.pos);
    this.buf.write(header, at, 'latin1');
    this.pos += header.length;
  }

  /** Bytes that are a reply already. */
  raw(src: Uint8Array, off: number, len: number): void {
    if (len > OWN_CHUNK && this.deferred === 0) {
      this.moveOut();
      this.addChunk(Buffer.from(src.subarray(off, off + len)));
      return;
    }
    this.ensure(len);
    const { buf, pos } = this;
    if (len < NATIVE_COPY) for (let i = 0; i < len; i++) buf[pos + i] = src[off + i]!;
    else buf.set(src.subarray(off, off + len), pos);
    this.pos = pos + len;
  }

  private bulkLarge(src: Uint8Array, off: number, len: number): void {
    this.header(36, len, 0);
    this.raw(src, off, len);
    this.ensure(2);
    this.crlf();
  }

  private line(type: number, text: string): void {
    const length = text.length;
    this.ensure(length + 3);
    this.buf[this.pos++] = type;
    this.latin1(text);
    this.crlf();
  }

  /** `<type><n>\r\n`, with room for `more` bytes behind it. */
  private header(type: number, n: number, more: number): void {
    if (this.pos + more + 24 > this.buf.length) this.spill(more + 24);
    const { buf } = this;
    let pos = this.pos;
    buf[pos++] = type;
    if (n >= 0 && n <= 9) buf[pos++] = 48 + n;
    else pos = writeInteger(buf, pos, n);
    buf[pos] = 13;
    buf[pos + 1] = 10;
    this.pos = pos + 2;
  }

  private latin1(text: string): void {
    const { buf, pos } = this;
    const length = text.length;
    if (length < NATIVE_WRITE) for (let i = 0; i < length; i++) buf[pos + i] = text.charCodeAt(i);
    else buf.write(text, pos, length, 'latin1');
    this.pos = pos + length;
  }

  private crlf(): void {
    this.buf[this.pos] = 13;
    this.buf[this.pos + 1] = 10;
    this.pos += 2;
  }

  private ensure(n: number): void {
    if (this.pos + n > this.buf.length) this.spill(n);
  }

  /**
   * Makes room for `n` bytes: moves the stretch out into a chunk, or, while a length is outstanding
   * or the stretch began too late to have made a chunk worth its name, into a new buffer. Stretches
   * of other clients in this turn keep the old buffer through their own reference.
   */
  private spill(n: number): void {
    if (this.deferred === 0 && this.start <= SHARED_SIZE / 2) this.moveOut();
    if (this.pos + n <= this.buf.length) return;
    const used = this.pos - this.start;
    const next = Buffer.allocUnsafeSlow(
      used + n <= SHARED_SIZE ? SHARED_SIZE : Math.max(2 * used, used + n),
    );
    next.set(this.buf.subarray(this.start, this.pos), 0);
    this.buf = next;
    this.pos = used;
    this.start = 0;
  }

  private moveOut(): void {
    if (this.pos === this.start) return;
    this.addChunk(Buffer.from(this.buf.subarray(this.start, this.pos)));
    this.pos = this.start;
  }

  private addChunk(chunk: Buffer): void {
    if (this.isDropped) return;
    this.overflow.push(chunk);
    this.overflowBytes += chunk.length;
    if (!this.onGrown(this.overflowBytes)) this.drop();
  }

  /** Nobody will read the stretch. An empty chunk stands for it, so that `take` ends it. */
  private drop(): void {
    this.isDropped = true;
    this.overflow = [NO_BYTES];
    this.overflowBytes = 0;
  }
}

const NO_BYTES = Buffer.alloc(0);

/** As Redis makes an error text fit a line: breaks cut off its ends, blanks within. */
function onOneLine(text: string): string {
  return text.replace(/^[\r\n]+|[\r\n]+$/g, '').replace(/[\r\n]/g, ' ');
}

function aggregate(kind: 'array' | 'map' | 'set', n: number, resp3: boolean): [string, number] {
  if (kind === 'map') return resp3 ? ['%', n] : ['*', 2 * n];
  return [kind === 'set' && resp3 ? '~' : '*', n];
}
