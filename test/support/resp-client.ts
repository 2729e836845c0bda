/**
 * A raw RESP client for tests: what was said on the wire, and nothing more.
 *
 * Ordinary clients turn replies into JavaScript values and so hide what a compatible server must
 * get right: `$-1`, `*-1` and `_` all become null, `+OK` and `$2 OK` the same string, a set an
 * array. Here every reply keeps its kind, a double keeps its text, and each reply can be had with
 * the very bytes it came in, so that two servers can be compared to the byte.
 *
 *     socket chunks -> ReplyDecoder (kept bytes, a stack of open aggregates) -> Received
 *                                                             |-> the oldest waiting request
 *                                                             `-> outOfBand (pushes, unasked replies)
 *
 * Invariant: replies answer requests strictly in order; a RESP3 push never answers a request.
 * Beware: under RESP3 the answer to SUBSCRIBE is itself a push, so send it with `write` and await
 * `nextOutOfBand()`.
 */
import { createConnection } from 'node:net';
import type { Duplex } from 'node:stream';

/** A reply by its kind on the wire. Texts of a line are latin1, so no byte is lost. */
export type Reply =
  | { kind: 'status'; text: string }
  | { kind: 'error'; text: string }
  | { kind: 'integer'; value: bigint }
  | { kind: 'bulk'; bytes: Buffer }
  | { kind: 'null-bulk' }
  | { kind: 'null-array' }
  | { kind: 'array'; items: Reply[] }
  | { kind: 'null' }
  | { kind: 'boolean'; value: boolean }
  | { kind: 'double'; text: string }
  | { kind: 'bignumber'; text: string }
  | { kind: 'bulk-error'; bytes: Buffer }
  | { kind: 'verbatim'; format: string; bytes: Buffer }
  | { kind: 'map'; entries: [Reply, Reply][] }
  | { kind: 'set'; items: Reply[] }
  | { kind: 'push'; items: Reply[] }
  | { kind: 'attribute'; entries: [Reply, Reply][]; of: Reply };

/** A reply and the exact bytes it was decoded from. */
export interface Received {
  reply: Reply;
  raw: Buffer;
}

export type Arg = string | Buffer | number | bigint;

/** An aggregate whose items are still arriving. */
interface Frame {
  type: 'array' | 'set' | 'push' | 'map' | 'attribute';
  missing: number;
  items: Reply[];
}

const CR = 13;
const LF = 10;
const MIN_CAPACITY_BYTES = 4096;
/** Bytes a length or number line may have; anything longer is a broken server. */
const MAX_LINE_BYTES = 1024 * 1024;
const MAX_DEPTH = 1024;

const FRAME_TYPES: Record<string, Frame['type']> = {
  '*': 'array',
  '~': 'set',
  '>': 'push',
  '%': 'map',
  '|': 'attribute',
};

/**
 * An incremental decoder. Feed it chunks cut anywhere; it hands out each top-level reply once.
 * It remembers where it stopped, so a reply of n bytes costs O(n) however it is cut.
 */
export class ReplyDecoder {
  private kept = Buffer.alloc(MIN_CAPACITY_BYTES);
  private end = 0;
  private replyStart = 0;
  private at = 0;
  private lineSearchedTo = 0;
  private stack: Frame[] = [];

  /** Bytes received that belong to no finished reply yet. */
  get pendingBytes(): number {
    return this.end - this.replyStart;
  }

  /** Adds bytes and returns the replies they complete. Throws on bytes that are not RESP. */
  push(chunk: Uint8Array): Received[] {
    this.keep(chunk);
    const complete: Received[] = [];
    for (;;) {
      const reply = this.step();
      if (reply === undefined) return complete;
      if (reply === null) continue;
      const raw = Buffer.from(this.kept.subarray(this.replyStart, this.at));
      this.replyStart = this.at;
      complete.push({ reply, raw });
    }
  }

  private keep(chunk: Uint8Array): void {
    const live = this.end - this.replyStart;
    if (this.end + chunk.length > this.kept.length) {
      const room = Math.max(MIN_CAPACITY_BYTES, 2 * (live + chunk.length));
      const next = Buffer.allocUnsafe(room);
      this.kept.copy(next, 0, this.replyStart, this.end);
      this.at -= this.replyStart;
      this.lineSearchedTo = Math.max(0, this.lineSearchedTo - this.replyStart);
      this.replyStart = 0;
      this.end = live;
      this.kept = next;
    }
    this.kept.set(chunk, this.end);
    this.end += chunk.length;
  }

  /** Reads one element. undefined: needs more bytes; null: an inner element; else a whole reply. */
  private step(): Reply | null | undefined {
    const line = this.peekLine();
    if (line === undefined) return undefined;
    const type = line.text[0];
    const rest = line.text.slice(1);
    const frameType = FRAME_TYPES[type];
    if (frameType !== undefined) {
      const count = parseLength(rest, line.text);
      this.at = line.next;
      if (count < 0) return this.complete({ kind: 'null-array' });
      return this.open(frameType, count);
    }
    if (type === '$' || type === '!' || type === '=') {
      const length = parseLength(rest, line.text);
      if (length < 0) {
        this.at = line.next;
        return this.complete({ kind: 'null-bulk' });
      }
      const bytes = this.peekBody(line.next, length);
      if (bytes === undefined) return undefined;
      this.at = line.next + length + 2;
      return this.complete(bodyReply(type, bytes));
    }
    this.at = line.next;
    return this.complete(lineReply(type, rest, line.text));
  }

  private peekLine(): { text: string; next: number } | undefined {
    const from = Math.max(this.at, this.lineSearchedTo);
    const lf = this.kept.subarray(0, this.end).indexOf(LF, from);
    if (lf < 0) {
      if (this.end - this.at > MAX_LINE_BYTES) throw this.broken('a line without an end');
      this.lineSearchedTo = this.end;
      return undefined;
    }
    if (lf === this.at || this.kept[lf - 1] !== CR)
      throw this.broken('a line that ends without CR');
    return { text: this.kept.toString('latin1', this.at, lf - 1), next: lf + 1 };
  }

  private peekBody(start: number, length: number): Buffer | undefined {
    const bodyEnd = start + length;
    if (this.end < bodyEnd + 2) return undefined;
    if (this.kept[bodyEnd] !== CR || this.kept[bodyEnd + 1] !== LF) {
      throw this.broken(`a bulk of ${length} bytes that does not end with CR LF`);
    }
    return Buffer.from(this.kept.subarray(start, bodyEnd));
  }

  private open(type: Frame['type'], count: number): Reply | null {
    if (this.stack.length >= MAX_DEPTH) throw this.broken(`more than ${MAX_DEPTH} nested replies`);
    let missing = count;
    if (type === 'map') missing = 2 * count;
    // An attribute is followed by the reply that it describes.
    if (type === 'attribute') missing = 2 * count + 1;
    const frame: Frame = { type, missing, items: [] };
    if (missing === 0) return this.complete(close(frame));
    this.stack.push(frame);
    return null;
  }

  /** Hands a finished element to the aggregate it belongs to, closing those that are now full. */
  private complete(element: Reply): Reply | null {
    let done = element;
    for (;;) {
      const parent = this.stack[this.stack.length - 1];
      if (parent === undefined) return done;
      parent.items.push(done);
      parent.missing -= 1;
      if (parent.missing > 0) return null;
      this.stack.pop();
      done = close(parent);
    }
  }

  private broken(what: string): Error {
    const sample = this.kept.subarray(this.at, Math.min(this.end, this.at + 64)).toString('latin1');
    return new Error(`The server sent ${what}; the bytes there are ${JSON.stringify(sample)}.`);
  }
}

function close(frame: Frame): Reply {
  if (frame.type === 'map') return { kind: 'map', entries: pairs(frame.items) };
  if (frame.type === 'attribute') {
    const of = frame.items.pop()!;
    return { kind: 'attribute', entries: pairs(frame.items), of };
  }
  return { kind: frame.type, items: frame.items };
}

function pairs(items: Reply[]): [Reply, Reply][] {
  const entries: [Reply, Reply][] = [];
  for (let i = 0; i < items.length; i += 2) entries.push([items[i], items[i + 1]]);
  return entries;
}

function parseLength(digits: string, line: string): number {
  if (!/^(-1|\d{1,15})$/.test(digits)) {
    throw new Error(`The server sent ${JSON.stringify(line)}, whose length is not a number.`);
  }
  return Number(digits);
}

function bodyReply(type: '$' | '!' | '=', bytes: Buffer): Reply {
  if (type === '$') return { kind: 'bulk', bytes };
  if (type === '!') return { kind: 'bulk-error', bytes };
  if (bytes.length < 4 || bytes[3] !== 58) {
    throw new Error(`The server sent a verbatim string without a format: ${bytes}`);
  }
  return { kind: 'verbatim', format: bytes.toString('latin1', 0, 3), bytes: bytes.subarray(4) };
}

function lineReply(type: string, rest: string, line: string): Reply {
  if (type === '+') return { kind: 'status', text: rest };
  if (type === '-') return { kind: 'error', text: rest };
  if (type === ':' && /^[+-]?\d+$/.test(rest)) return { kind: 'integer', value: BigInt(rest) };
  if (type === '_' && rest === '') return { kind: 'null' };
  if (type === '#' && (rest === 't' || rest === 'f')) {
    return { kind: 'boolean', value: rest === 't' };
  }
  if (type === ',' && rest !== '') return { kind: 'double', text: rest };
  if (type === '(' && /^[+-]?\d+$/.test(rest)) return { kind: 'bignumber', text: rest };
  throw new Error(`The server sent ${JSON.stringify(line)}, which is no RESP reply.`);
}

/** A command as its bytes: an array of bulk strings. */
export function encodeCommand(args: readonly Arg[]): Buffer {
  const parts: Buffer[] = [Buffer.from(`*${args.length}\r\n`)];
  for (const arg of args) {
    const bytes = Buffer.isBuffer(arg) ? arg : Buffer.from(String(arg));
    parts.push(Buffer.from(`$${bytes.length}\r\n`), bytes, Buffer.from('\r\n'));
  }
  return Buffer.concat(parts);
}

/** A reply as one line of text for a failure message; kinds stay distinguishable. */
export function showReply(reply: Reply): string {
  switch (reply.kind) {
    case 'status':
      return `+${reply.text}`;
    case 'error':
      return `-${reply.text}`;
    case 'integer':
      return `:${reply.value}`;
    case 'bulk':
      return quote(reply.bytes);
    case 'bulk-error':
      return `!${quote(reply.bytes)}`;
    case 'verbatim':
      return `=${reply.format}:${quote(reply.bytes)}`;
    case 'boolean':
      return `#${reply.value ? 't' : 'f'}`;
    case 'double':
      return `,${reply.text}`;
    case 'bignumber':
      return `(${reply.text}`;
    case 'array':
      return `[${reply.items.map(showReply).join(' ')}]`;
    case 'set':
      return `~[${reply.items.map(showReply).join(' ')}]`;
    case 'push':
      return `>[${reply.items.map(showReply).join(' ')}]`;
    case 'map':
      return `{${showEntries(reply.entries)}}`;
    case 'attribute':
      return `|{${showEntries(reply.entries)}} ${showReply(reply.of)}`;
    default:
      return reply.kind;
  }
}

function showEntries(entries: [Reply, Reply][]): string {
  return entries.map(([key, value]) => `${showReply(key)}: ${showReply(value)}`).join(', ');
}

function quote(bytes: Buffer): string {
  return JSON.stringify(bytes.toString('latin1'));
}

interface Waiting {
  resolve: (received: Received) => void;
  reject: (error: Error) => void;
}

/** One connection, over TCP or any Duplex. */
export class RespClient {
  /** Pushes, and replies that no request waited for (RESP2 messages, MONITOR), oldest first. */
  readonly outOfBand: Received[] = [];
  private readonly decoder = new ReplyDecoder();
  private readonly waiting: Waiting[] = [];
  private readonly outOfBandWaiting: Waiting[] = [];
  private ended: Error | undefined;
  private readonly whenEnded: Promise<void>;

  constructor(readonly stream: Duplex) {
    this.whenEnded = new Promise((resolve) => {
      const end = (error: Error) => {
        this.fail(error);
        resolve();
      };
      stream.on('data', (chunk: Buffer) => this.receive(chunk));
      stream.on('error', end);
      stream.on('end', () => end(new Error('The server closed the connection.')));
      stream.on('close', () => end(new Error('The connection was closed.')));
    });
  }

  /** Connects over TCP. Rejects with the socket's error when nobody listens there. */
  static connect(port: number, host = '127.0.0.1'): Promise<RespClient> {
    return new Promise((resolve, reject) => {
      const socket = createConnection({ port, host, noDelay: true });
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.off('error', reject);
        resolve(new RespClient(socket));
      });
    });
  }

  /** Sends one command; an error reply is a reply, not a rejection. */
  async send(...args: Arg[]): Promise<Reply> {
    return (await this.exchange(args)).reply;
  }

  /** Sends one command and returns its reply with its bytes. */
  exchange(args: readonly Arg[]): Promise<Received> {
    return this.request(encodeCommand(args), 1).then((all) => all[0]);
  }

  /** Sends many commands in one write; the replies come in their order. */
  pipeline(commands: readonly (readonly Arg[])[]): Promise<Received[]> {
    return this.request(Buffer.concat(commands.map(encodeCommand)), commands.length);
  }

  /** Sends any bytes, well-formed or not, and awaits so many replies. */
  request(bytes: Buffer | string, replies: number): Promise<Received[]> {
    if (this.ended !== undefined) return Promise.reject(this.ended);
    const promises: Promise<Received>[] = [];
    for (let i = 0; i < replies; i++) {
      promises.push(new Promise((resolve, reject) => this.waiting.push({ resolve, reject })));
    }
    this.stream.write(bytes);
    return Promise.all(promises);
  }

  /** Sends a command whose answer, if any, will be taken with `nextOutOfBand`. */
  write(...args: Arg[]): void {
    this.stream.write(encodeCommand(args));
  }

  /** The next push or unasked reply: one that has come already, or else the next to come. */
  nextOutOfBand(): Promise<Received> {
    const first = this.outOfBand.shift();
    if (first !== undefined) return Promise.resolve(first);
    if (this.ended !== undefined) return Promise.reject(this.ended);
    return new Promise((resolve, reject) => this.outOfBandWaiting.push({ resolve, reject }));
  }

  /** Resolves when the other side has closed the connection, or it broke. */
  closed(): Promise<void> {
    return this.whenEnded;
  }

  /** Drops the connection; requests still waiting are rejected. */
  close(): void {
    this.stream.destroy();
  }

  private receive(chunk: Buffer): void {
    try {
      for (const received of this.decoder.push(chunk)) this.deliver(received);
    } catch (error) {
      this.fail(error as Error);
      this.stream.destroy();
    }
  }

  private deliver(received: Received): void {
    const requester = received.reply.kind === 'push' ? undefined : this.waiting.shift();
    const taker = requester ?? this.outOfBandWaiting.shift();
    if (taker === undefined) this.outOfBand.push(received);
    else taker.resolve(received);
  }

  private fail(error: Error): void {
    this.ended ??= error;
    for (const one of this.waiting.splice(0)) one.reject(this.ended);
    for (const one of this.outOfBandWaiting.splice(0)) one.reject(this.ended);
  }
}

/** Sends a request of words without blanks in them. @returns the answer as `showReply` has it */
export async function ask(client: RespClient, request: string): Promise<string> {
  return showReply(await client.send(...request.split(' ')));
}

/** Sends such requests one after the other. @returns the answer to the last */
export async function run(client: RespClient, ...requests: string[]): Promise<string> {
  let answer = '';
  for (const request of requests) answer = await ask(client, request);
  return answer;
}
