/** One conversation: sends chunks, then hangs up its side, and returns all that was answered. */
import { createConnection } from 'node:net';
import { Duplex } from 'node:stream';

/** Sends to a TCP port; the kernel decides which chunks arrive together. */
export function overTcp(port: number, chunks: readonly Buffer[]): Promise<Buffer> {
  const socket = createConnection({ port, host: '127.0.0.1', noDelay: true });
  return converse(socket, chunks);
}

/** Sends through memory: each chunk arrives as it is. */
export function overMemory(
  attach: (stream: Duplex) => void,
  chunks: readonly Buffer[],
): Promise<Buffer> {
  const [mine, its] = pair();
  attach(its);
  return converse(mine, chunks);
}

function converse(stream: Duplex, chunks: readonly Buffer[]): Promise<Buffer> {
  return new Promise((resolve) => {
    const received: Buffer[] = [];
    stream.on('data', (chunk: Buffer) => received.push(chunk));
    // A server that closes before it has read all resets the connection.
    stream.on('error', () => {});
    stream.on('close', () => resolve(Buffer.concat(received)));
    stream.on('end', () => stream.destroy());
    void (async () => {
      for (const chunk of chunks) {
        if (!stream.writable) return;
        stream.write(chunk);
        await new Promise((next) => setImmediate(next));
      }
      stream.end();
    })();
  });
}

/** Two streams, each reading what the other writes. */
export function pair(): [Duplex, Duplex] {
  const ends: Duplex[] = [];
  for (const other of [1, 0]) {
    ends.push(
      new Duplex({
        allowHalfOpen: true,
        read() {},
        write(chunk: Buffer, _encoding, done) {
          ends[other]!.push(Buffer.from(chunk));
          done();
        },
        final(done) {
          ends[other]!.push(null);
          done();
        },
        destroy(error, done) {
          const peer = ends[other];
          if (peer !== undefined && !peer.destroyed && !peer.readableEnded) {
            setImmediate(() => peer.push(null));
          }
          done(error);
        },
      }),
    );
  }
  return [ends[0]!, ends[1]!];
}
