/**
 * Sockets, as the server wants them: bytes in without a copy, bytes out with one system call.
 *
 * In: Node can read into one static buffer (`onread`) that all connections share, since each read is
 * worked off before the next. It offers that for sockets made with `new net.Socket`, not for those a
 * net.Server hands out, so an accepted connection's handle is moved to a socket made with it.
 *
 * Out: replies are written straight to the descriptor, which says at once how many bytes the kernel
 * took, and needs neither a request object nor a callback. Only what the kernel doesn't take goes
 * through the stream, and while the stream holds bytes all following go there too.
 *
 * Both save about half a microsecond per request each (`npm run bench -- --pipeline 1`). Where the
 * handle or its descriptor can't be had (Windows, TLS, a Duplex in a test) the public events and
 * `write` do the same work.
 */
import { writeSync } from 'node:fs';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

/** Bytes that one read may bring (Node's own choice for sockets). */
const READ_SIZE = 64 * 1024;

export interface TransportEvents {
  /** Bytes have come: `buf[0..length)`, valid during the call. */
  onData(buf: Buffer, length: number): void;
  /** The peer has ended its side. */
  onEnd(): void;
  /** The connection is gone, whoever ended it. */
  onClose(): void;
}

interface Handle {
  fd?: number;
}

export class Transport {
  private readonly stream: Duplex;
  private readonly fd: number;
  private events: TransportEvents | undefined;

  private constructor(stream: Duplex, fd: number) {
    this.stream = stream;
    this.fd = fd;
    stream.on('end', () => this.events?.onEnd());
    stream.on('error', () => stream.destroy());
    stream.on('close', () => {
      const { events } = this;
      this.events = undefined;
      events?.onClose();
    });
  }

  /**
   * Takes over an accepted connection.
   * @param socket from a net.Server with pauseOnConnect and allowHalfOpen
   * @param readBuffer shared by all transports of a server, from `newReadBuffer`
   */
  static accept(socket: Socket, readBuffer: Buffer): Transport {
    const holder = socket as unknown as { _handle: Handle | null };
    const handle = holder._handle;
    const fd = handle?.fd;
    if (handle === null || typeof fd !== 'number' || fd < 0) return Transport.over(socket);
    holder._handle = null;
    let transport: Transport | undefined;
    const options = {
      handle,
      allowHalfOpen: true,
      onread: {
        buffer: readBuffer,
        callback(length: number, buf: Buffer) {
          transport?.events?.onData(buf, length);
          return true;
        },
      },
    };
    const own = new Socket(options as unknown as ConstructorParameters<typeof Socket>[0]);
    transport = new Transport(own, fd);
    return transport;
  }

  /** Any stream, by its public events. */
  static over(stream: Duplex): Transport {
    return new Transport(stream, -1);
  }

  /** From now on, `events` are told; bytes that came before wait in the socket. */
  listen(events: TransportEvents): void {
    this.events = events;
    if (this.fd >= 0) return;
    this.stream.on('data', (chunk: Buffer) => this.events?.onData(chunk, chunk.length));
    // A net.Server with pauseOnConnect hands out sockets that don't read of themselves.
    this.stream.resume();
  }

  /** The descriptor's number, or -1. */
  get descriptor(): number {
    return this.fd;
  }

  /** Bytes that the stream holds and the kernel has not taken. */
  get buffered(): number {
    return this.stream.writableLength;
  }

  /**
   * Writes `buf[start..end)`; the bytes may be overwritten afterwards.
   * Allocates nothing while the kernel takes all; guarded by `npm run bench`.
   */
  write(buf: Buffer, start: number, end: number): void {
    const from = this.writeNow(buf, start, end);
    if (from < end) this.stream.write(Buffer.from(buf.subarray(from, end)));
  }

  /** Writes bytes that nobody will change. */
  writeOwned(chunk: Buffer): void {
    const from = this.writeNow(chunk, 0, chunk.length);
    if (from < chunk.length) this.stream.write(chunk.subarray(from));
  }

  /** Offers bytes to the kernel. @returns where the bytes begin that the stream has to take */
  private writeNow(buf: Buffer, start: number, end: number): number {
    // The descriptor of a socket that is gone may be another's by now.
    if (this.stream.destroyed) return end;
    if (this.fd < 0 || this.stream.writableLength > 0) return start;
    try {
      return start + writeSync(this.fd, buf, start, end - start);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return start;
      this.destroy();
      return end;
    }
  }

  /** Ends the connection once all is written. */
  end(): void {
    this.stream.end(() => this.stream.destroy());
  }

  destroy(): void {
    this.stream.destroy();
  }
}

export function newReadBuffer(): Buffer {
  return Buffer.allocUnsafeSlow(READ_SIZE);
}
