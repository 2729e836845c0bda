/** Both ways of a connection's bytes: straight to the descriptor, and by the public events. */
import { connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { newReadBuffer, Transport } from '../../../src/server/transport.js';

const WAYS: [name: string, make: (socket: Socket) => Transport][] = [
  ['the descriptor', (socket) => Transport.accept(socket, newReadBuffer())],
  ['public events', (socket) => Transport.over(socket)],
];
const open: { destroy(): void }[] = [];
let server: Server | undefined;

afterEach(() => {
  for (const one of open.splice(0)) one.destroy();
  server?.close();
});

/** A connected pair: the transport, and the peer's socket. */
function pair(make: (socket: Socket) => Transport): Promise<[Transport, Socket]> {
  return new Promise((resolve) => {
    let peer: Socket;
    server = createServer({ pauseOnConnect: true, allowHalfOpen: true }, (socket) => {
      const transport = make(socket);
      open.push(transport);
      resolve([transport, peer]);
    });
    server.listen(0, '127.0.0.1', () => {
      peer = connect((server!.address() as { port: number }).port, '127.0.0.1');
      open.push(peer);
    });
  });
}

describe.each(WAYS)('by %s', (_name, make) => {
  test('bytes come in, and its end is told', async () => {
    const [transport, peer] = await pair(make);
    let text = '';
    const closed = new Promise<void>((resolve) => {
      transport.listen({
        onData: (buf, length) => {
          text += buf.toString('latin1', 0, length);
        },
        onEnd: () => transport.end(),
        onDrain() {},
        onClose: resolve,
      });
    });
    peer.end('hello');
    await closed;
    expect(text).toBe('hello');
  });

  test('it takes what there is room for, and tells when there is room for the rest', async () => {
    const [transport, peer] = await pair(make);
    const rounds = 400;
    const chunk = Buffer.alloc(64 * 1024);
    let at = 0;
    let refusals = 0;
    const offer = () => {
      while (at < rounds * chunk.length) {
        // The same buffer each time: what was taken must not change with it.
        chunk.fill(Math.floor(at / chunk.length) & 0xff);
        const start = at % chunk.length;
        const end = transport.write(chunk, start, chunk.length);
        at += end - start;
        if (end === chunk.length) continue;
        refusals++;
        expect(transport.buffered).toBeLessThanOrEqual(256 * 1024);
        return;
      }
    };
    transport.listen({ onData() {}, onEnd() {}, onDrain: offer, onClose() {} });
    offer();
    expect(transport.hasRoom).toBe(false);
    let got = 0;
    let wrong = 0;
    await new Promise<void>((resolve) => {
      peer.on('data', (bytes: Buffer) => {
        for (const byte of bytes) if (byte !== (Math.floor(got++ / chunk.length) & 0xff)) wrong++;
        if (got === rounds * chunk.length) resolve();
      });
    });
    expect(wrong).toBe(0);
    expect(refusals).toBeGreaterThan(0);
  });

  test('while it does not read, bytes wait in the kernel and nothing is lost', async () => {
    const [transport, peer] = await pair(make);
    let got = 0;
    const told = new Promise<void>((resolve) => {
      transport.listen({
        onData: (_buf, length) => {
          got += length;
          if (got === 5) resolve();
        },
        onEnd() {},
        onDrain() {},
        onClose() {},
      });
    });
    transport.pauseReading();
    expect(transport.isReading).toBe(false);
    peer.write('hello');
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(got).toBe(0);
    transport.resumeReading();
    expect(transport.isReading).toBe(true);
    await told;
  });

  test('nothing is written once it is destroyed', async () => {
    const [transport, peer] = await pair(make);
    transport.listen({ onData() {}, onEnd() {}, onDrain() {}, onClose() {} });
    transport.destroy();
    transport.write(Buffer.from('late'), 0, 4);
    transport.writeOwned(Buffer.from('late'));
    let got = '';
    peer.on('data', (bytes) => {
      got += bytes;
    });
    await new Promise((resolve) => peer.once('close', resolve));
    expect(got).toBe('');
  });
});
