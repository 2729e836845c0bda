/** Pub/Sub to the byte: what a client that listens is sent, in RESP2 and RESP3. */
import { connect, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createServer, type RespdServer } from '../../src/index.js';

const SILENCE_MS = 40;

let server: RespdServer;
let wires: Wire[];

/** A socket, and what has come over it. */
class Wire {
  private received = '';
  private constructor(readonly socket: Socket) {
    socket.on('data', (chunk) => {
      this.received += chunk.toString('latin1');
    });
  }

  static async open(port: number): Promise<Wire> {
    const socket = connect(port, '127.0.0.1');
    await new Promise<void>((resolve) => socket.once('connect', resolve));
    const wire = new Wire(socket);
    wires.push(wire);
    return wire;
  }

  /** Sends inline requests in one write. @returns what comes until `end` has come */
  async send(requests: readonly string[], end: string): Promise<string> {
    this.socket.write(requests.map((request) => `${request}\r\n`).join(''));
    return this.until(end);
  }

  async until(end: string): Promise<string> {
    while (!this.received.endsWith(end)) {
      await new Promise<void>((resolve) => this.socket.once('data', () => resolve()));
    }
    const { received } = this;
    this.received = '';
    return received;
  }

  async silence(): Promise<string> {
    await new Promise((resolve) => setTimeout(resolve, SILENCE_MS));
    return this.received;
  }
}

beforeEach(async () => {
  wires = [];
  server = await createServer({ port: 0 });
});

afterEach(async () => {
  for (const { socket } of wires) socket.destroy();
  await server.close();
});

const bulk = (text: string) => `$${text.length}\r\n${text}\r\n`;
const told = (type: string, word: string, name: string | null, count: number, null_ = '$-1') =>
  `${type}3\r\n${bulk(word)}${name === null ? `${null_}\r\n` : bulk(name)}:${count}\r\n`;

describe('in RESP2, a client that listens', () => {
  it('is told of each name, with how many it listens to', async () => {
    const one = await Wire.open(server.port);
    expect(await one.send(['SUBSCRIBE a b a', 'PSUBSCRIBE p*', 'SSUBSCRIBE s'], ':1\r\n')).toBe(
      told('*', 'subscribe', 'a', 1) +
        told('*', 'subscribe', 'b', 2) +
        told('*', 'subscribe', 'a', 2) +
        told('*', 'psubscribe', 'p*', 3) +
        told('*', 'ssubscribe', 's', 1),
    );
    const requests = ['UNSUBSCRIBE', 'UNSUBSCRIBE', 'PUNSUBSCRIBE x p*', 'SUNSUBSCRIBE', 'PING'];
    expect(await one.send(requests, '+PONG\r\n')).toBe(
      told('*', 'unsubscribe', 'a', 2) +
        told('*', 'unsubscribe', 'b', 1) +
        told('*', 'unsubscribe', null, 1) +
        told('*', 'punsubscribe', 'x', 1) +
        told('*', 'punsubscribe', 'p*', 0) +
        told('*', 'sunsubscribe', 's', 0) +
        '+PONG\r\n',
    );
  });

  it('may do little else', async () => {
    const one = await Wire.open(server.port);
    await one.send(['SUBSCRIBE a'], ':1\r\n');
    const why =
      'only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context';
    expect(await one.send(['GET k', 'CLIENT LIST', 'EXEC', 'PING', 'PING hi'], 'hi\r\n')).toBe(
      `-ERR Can't execute 'get': ${why}\r\n` +
        `-ERR Can't execute 'client|list': ${why}\r\n` +
        `-EXECABORT Transaction discarded because of: Can't execute 'exec': ${why}\r\n` +
        `*2\r\n${bulk('pong')}${bulk('')}*2\r\n${bulk('pong')}${bulk('hi')}`,
    );
    expect(await one.send(['RESET', 'GET k'], '$-1\r\n')).toBe('+RESET\r\n$-1\r\n');
    expect(await one.send(['PUBLISH a m'], '\r\n')).toBe(':0\r\n');
  });

  it('leaves the mode with its last subscription', async () => {
    const one = await Wire.open(server.port);
    await one.send(['SUBSCRIBE a'], ':1\r\n');
    expect(await one.send(['UNSUBSCRIBE a', 'GET k'], '$-1\r\n')).toBe(
      `${told('*', 'unsubscribe', 'a', 0)}$-1\r\n`,
    );
  });
});

describe('in RESP3, a client that listens', () => {
  it('gets pushes, between the replies to its other commands', async () => {
    const [one, other] = [await Wire.open(server.port), await Wire.open(server.port)];
    await one.send(['HELLO 3'], '*0\r\n');
    expect(await one.send(['SUBSCRIBE a', 'UNSUBSCRIBE x', 'GET k'], '_\r\n')).toBe(
      `${told('>', 'subscribe', 'a', 1)}${told('>', 'unsubscribe', 'x', 1)}_\r\n`,
    );
    await other.send(['PUBLISH a hello'], ':1\r\n');
    expect(await one.until('hello\r\n')).toBe(
      `>3\r\n${bulk('message')}${bulk('a')}${bulk('hello')}`,
    );
    expect(await one.send(['PUNSUBSCRIBE'], ':1\r\n')).toBe(
      told('>', 'punsubscribe', null, 1, '_'),
    );
  });

  it('gets what it publishes itself behind the reply', async () => {
    const one = await Wire.open(server.port);
    await one.send(['HELLO 3', 'SUBSCRIBE a', 'PSUBSCRIBE *'], ':2\r\n');
    const message = `>3\r\n${bulk('message')}${bulk('a')}${bulk('me')}`;
    const byPattern = `>4\r\n${bulk('pmessage')}${bulk('*')}${bulk('a')}${bulk('me')}`;
    expect(await one.send(['PUBLISH a me', 'PING'], '+PONG\r\n')).toBe(
      `:2\r\n${message}${byPattern}+PONG\r\n`,
    );
    expect(await one.send(['MULTI', 'PUBLISH a me', 'PING', 'EXEC', 'ECHO x'], 'x\r\n')).toBe(
      `+OK\r\n+QUEUED\r\n+QUEUED\r\n*2\r\n:2\r\n+PONG\r\n${message}${byPattern}${bulk('x')}`,
    );
  });

  it('is restricted once it goes back to RESP2', async () => {
    const one = await Wire.open(server.port);
    await one.send(['HELLO 3', 'SUBSCRIBE a'], ':1\r\n');
    await one.send(['HELLO 2'], '*0\r\n');
    expect(await one.send(['GET k'], 'context\r\n')).toContain("-ERR Can't execute 'get'");
  });
});

describe('subscribing', () => {
  it('inside of a transaction answers in its place; to shard channels it is refused', async () => {
    const one = await Wire.open(server.port);
    const requests = ['MULTI', 'SUBSCRIBE a', 'SSUBSCRIBE s', 'EXEC', 'PING'];
    expect(await one.send(requests, `${bulk('pong')}${bulk('')}`)).toBe(
      `+OK\r\n+QUEUED\r\n+QUEUED\r\n*2\r\n${told('*', 'subscribe', 'a', 1)}` +
        "-ERR SSUBSCRIBE isn't allowed for a DENY BLOCKING client\r\n" +
        `*2\r\n${bulk('pong')}${bulk('')}`,
    );
  });

  it('is told of, and messages come, while replies are off', async () => {
    const [one, other] = [await Wire.open(server.port), await Wire.open(server.port)];
    expect(await one.send(['CLIENT REPLY OFF', 'SUBSCRIBE a', 'PING'], ':1\r\n')).toBe(
      told('*', 'subscribe', 'a', 1),
    );
    await other.send(['PUBLISH a m'], ':1\r\n');
    expect(await one.until('m\r\n')).toBe(`*3\r\n${bulk('message')}${bulk('a')}${bulk('m')}`);
    expect(await one.send(['PING', 'UNSUBSCRIBE'], ':0\r\n')).toBe(
      told('*', 'unsubscribe', 'a', 0),
    );
    expect(await one.silence()).toBe('');
  });

  it('ends with the connection', async () => {
    const [one, other] = [await Wire.open(server.port), await Wire.open(server.port)];
    await one.send(['SUBSCRIBE a', 'PSUBSCRIBE a*'], ':2\r\n');
    expect(await other.send(['CLIENT KILL TYPE pubsub'], '\r\n')).toBe(':1\r\n');
    expect(await other.send(['PUBLISH a m', 'PUBSUB CHANNELS', 'PUBSUB NUMPAT'], ':0\r\n')).toBe(
      ':0\r\n*0\r\n:0\r\n',
    );
  });
});
