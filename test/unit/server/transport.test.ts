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
        onClose: resolve,
      });
    });
    peer.end('hello');
    await closed;
    expect(text).toBe('hello');
  });

  test('more bytes than the kernel takes arrive in order, though the buffer is used again', async () => {
    const [transport, peer] = await pair(make);
    transport.listen({ onData() {}, onEnd() {}, onClose() {} });
    const chunk = Buffer.alloc(64 * 1024);
    const rounds = 400;
    for (let i = 0; i < rounds; i++) {
      chunk.fill(i & 0xff);
      transport.write(chunk, 0, chunk.length);
    }
    expect(transport.buffered).toBeGreaterThan(0);
    let at = 0;
    let wrong = 0;
    const all = new Promise<void>((resolve) => {
      peer.on('data', (bytes: Buffer) => {
        for (const byte of bytes) if (byte !== (Math.floor(at++ / chunk.length) & 0xff)) wrong++;
        if (at === rounds * chunk.length) resolve();
      });
    });
    await all;
    expect(wrong).toBe(0);
  });

  test('nothing is written once it is destroyed', async () => {
    const [transport, peer] = await pair(make);
    transport.listen({ onData() {}, onEnd() {}, onClose() {} });
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
