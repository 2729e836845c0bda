/**
 * Sockets, as the server wants them: bytes in without a copy, bytes out with one system call.
 *
 * In: Node can read into one static buffer (`onread`) that all connections share, since each read is
 * worked off before the next. It offers that for sockets made with `new net.Socket`, not for those a
 * net.Server hands out, so an accepted connection's handle is moved to a socket made with it.
 *
 * Out: replies are written straight to the descriptor, which says at once how many bytes the kernel
 * took, and needs neither a request object nor a callback. When the kernel takes no more, one piece
 * goes through the stream, only to learn from it when there is room again; the rest stays with the
 * client (output-queue.ts), which so knows at any time how much it has waiting.
 *
 * Both save about half a microsecond per request each (`npm run bench -- --pipeline 1`). Where the
 * handle or its descriptor can't be had (Windows, TLS, a Duplex in a test) the public events and
 * `write` do the same work.
 */
import { writeSync } from 'node:fs';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';

/** Bytes that one read may bring (Node's own choice for sockets). */
const READ_SIZE = 64 * 1024;
/** Bytes that the stream is given at a time. */
const PIECE_BYTES = 128 * 1024;
/** A stream without a descriptor is given more while it holds less than this, in bytes. */
const STREAM_ROOM_BYTES = 64 * 1024;

export interface TransportEvents {
  /** Bytes have come: `buf[0..length)`, valid during the call. */
  onData(buf: Buffer, length: number): void;
  /** The peer has ended its side. */
  onEnd(): void;
  /** What `write` has not taken may be offered again. */
  onDrain(): void;
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
  /** While the stream holds more than this, `write` takes nothing: bytes must not overtake others. */
  private readonly streamRoom: number;
  private readonly onWritten = () => this.events?.onDrain();
  /** Whether the stream gathers what it is given until this turn's end. */
  private gathers = false;

  /**
   * @param fd to write to directly, -1: by the stream
   * @param descriptor its number, for reports
   */
  private constructor(
    stream: Duplex,
    fd: number,
    readonly descriptor: number,
  ) {
    this.stream = stream;
    this.fd = fd;
    this.streamRoom = fd < 0 ? STREAM_ROOM_BYTES : 0;
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
    transport = new Transport(own, fd, fd);
    return transport;
  }

  /** Any stream, by its public events. @param descriptor of the socket below it, -1: unknown */
  static over(stream: Duplex, descriptor = -1): Transport {
    return new Transport(stream, -1, descriptor);
  }

  /** From now on, `events` are told; bytes that came before wait in the socket. */
  listen(events: TransportEvents): void {
    this.events = events;
    if (this.fd >= 0) return;
    this.stream.on('data', (chunk: Buffer) => this.events?.onData(chunk, chunk.length));
    // A net.Server with pauseOnConnect hands out sockets that don't read of themselves.
    this.stream.resume();
  }

  /** Bytes that the stream holds and the kernel has not taken. */
  get buffered(): number {
    return this.stream.writableLength;
  }

  /** Whether the peer's bytes are read. */
  get isReading(): boolean {
    return !this.stream.isPaused();
  }

  /** Has the peer's bytes wait in the kernel, and then in the peer, until `resumeReading`. */
  pauseReading(): void {
    this.stream.pause();
  }

  resumeReading(): void {
    this.stream.resume();
  }

  /** Whether `write` may take anything. */
  get hasRoom(): boolean {
    return this.stream.writableLength <= this.streamRoom;
  }

  /**
   * Writes of `buf[start..end)` as much as there is room for; those bytes may be overwritten
   * afterwards. `onDrain` tells when to offer the rest.
   * Allocates nothing while the kernel takes all; guarded by `npm run bench`.
   * @returns where the bytes begin that it has not taken
   */
  write(buf: Buffer, start: number, end: number): number {
    // The descriptor of a socket that is gone may be another's by now.
    if (this.stream.destroyed) return end;
    if (this.stream.writableLength > this.streamRoom) return start;
    const from = this.fd < 0 ? start : this.writeNow(buf, start, end);
    if (from === end) return end;
    const to = Math.min(end, from + PIECE_BYTES);
    if (this.fd < 0) this.gather();
    this.stream.write(Buffer.from(buf.subarray(from, to)), this.onWritten);
    return to;
  }

  /** Writes a last word: all of it is kept until it can be sent. */
  writeOwned(chunk: Buffer): void {
    const from = this.write(chunk, 0, chunk.length);
    if (from < chunk.length) this.stream.write(chunk.subarray(from));
  }

  /** Has the stream send all that this turn brings at once: over TLS, in one record if it fits. */
  private gather(): void {
    if (this.gathers) return;
    this.gathers = true;
    this.stream.cork();
    process.nextTick(() => {
      this.gathers = false;
      this.stream.uncork();
    });
  }

  /** Offers bytes to the kernel. @returns where the bytes begin that it has not taken */
  private writeNow(buf: Buffer, start: number, end: number): number {
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
    // Over TLS, an end that isn't announced looks like an attack to the peer.
    if (this.stream instanceof TLSSocket && !this.stream.destroyed) this.stream.end();
    this.stream.destroy();
  }
}

/** The number of a socket's descriptor, -1 where there is none. */
export function descriptorOf(socket: Socket): number {
  return (socket as unknown as { _handle: Handle | null })._handle?.fd ?? -1;
}

export function newReadBuffer(): Buffer {
  return Buffer.allocUnsafeSlow(READ_SIZE);
}
