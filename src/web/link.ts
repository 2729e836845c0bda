/**
 * A connection to the server from inside of its own process, speaking RESP2 like any other client's.
 *
 * What the web face shows it asks for by such connections, each authenticated as the person who
 * looks. So users' rights, the slow log, MONITOR and CLIENT LIST hold for it without a line of code.
 */
import type { Duplex } from 'node:stream';
import Parser from 'redis-parser';
import { encodeRequest } from '../resp/encode-request.js';
import { streamPair } from '../server/stream-pair.js';

/** A reply as RESP2 has it. */
export type Reply = Buffer | number | null | Error | Reply[];

/** An error reply, such as `NOPERM …`. */
export class CommandError extends Error {
  /** Its first word. */
  readonly code: string;

  constructor(message: string) {
    super(message);
    this.name = 'CommandError';
    this.code = message.split(' ', 1)[0]!;
  }
}

interface Waiting {
  resolve(reply: Reply): void;
  reject(error: Error): void;
}

export type Argument = string | number | Buffer;

export class Link {
  private readonly stream: Duplex;
  private readonly waiting: Waiting[] = [];
  private ended = false;

  /** @param attach gives the server its end of the connection */
  constructor(attach: (stream: Duplex) => void) {
    const [mine, theirs] = streamPair();
    this.stream = mine;
    const parser = new Parser({
      returnBuffers: true,
      returnReply: (reply) => this.waiting.shift()?.resolve(reply as Reply),
      returnError: (error) => this.waiting.shift()?.reject(new CommandError(error.message)),
    });
    mine.on('data', (bytes: Buffer) => parser.execute(bytes));
    mine.on('close', () => this.end());
    mine.on('end', () => this.end());
    mine.on('error', () => this.end());
    attach(theirs);
  }

  get isOpen(): boolean {
    return !this.ended;
  }

  /** Sends a command. @throws CommandError when that is the reply, or the connection has ended */
  command(...args: Argument[]): Promise<Reply> {
    if (this.ended) return Promise.reject(new CommandError('CLOSED the connection has ended'));
    return new Promise((resolve, reject) => {
      this.waiting.push({ resolve, reject });
      this.stream.write(encodeRequest(...args.map(toBytes)));
    });
  }

  /** As `command`, for a text. */
  async text(...args: Argument[]): Promise<string> {
    return String(await this.command(...args));
  }

  close(): void {
    this.stream.destroy();
    this.end();
  }

  private end(): void {
    this.ended = true;
    for (const { reject } of this.waiting.splice(0)) {
      reject(new CommandError('CLOSED the connection has ended'));
    }
  }
}

function toBytes(arg: Argument): Buffer {
  return Buffer.isBuffer(arg) ? arg : Buffer.from(String(arg));
}
