/** TLS as clients see it: node:tls, ioredis, redis-cli. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { connect as connectTcp, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from 'node:tls';
import { promisify } from 'node:util';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type CreateServerOptions, type RespdServer, TlsConfigError } from '../../src/index.js';
import { type Certificates, KEY_PASSWORD, makeCertificates } from '../support/certificates.js';
import { Opened } from '../support/opened.js';
import { freePort } from '../support/programs.js';
import { RespClient, showReply } from '../support/resp-client.js';

const MIB = 1024 * 1024;
const RELOAD_FAILED = 'Unable to update TLS configuration. Check server logs.';
let files: Certificates;
let log: string[] = [];
const opened = new Opened();

beforeAll(async () => {
  files = await makeCertificates();
});
afterAll(() => files.remove());
afterEach(() => {
  log = [];
});

async function start(options: CreateServerOptions = {}): Promise<RespdServer> {
  const note = (line: string) => void log.push(line);
  return opened.server({
    port: 0,
    'tls-port': await freePort(),
    'tls-cert-file': files.path('server.crt'),
    'tls-key-file': files.path('server.key'),
    'tls-ca-cert-file': files.path('ca.crt'),
    log: { debug() {}, verbose() {}, notice() {}, warning: note },
    ...options,
  });
}

/** What a client with a certificate (or `null`: none) connects with. */
function clientFiles(name: string | null = 'client'): ConnectionOptions {
  const read = (file: string) => readFileSync(files.path(file));
  const own = name === null ? {} : { cert: read(`${name}.crt`), key: read(`${name}.key`) };
  return { ca: read('ca.crt'), host: '127.0.0.1', ...own };
}

/** Connects and waits for the handshake. */
async function secure(server: RespdServer, options: ConnectionOptions = clientFiles()) {
  const socket = connectTls({ port: server.tlsPort, ...options });
  opened.keep({ close: () => socket.destroy() });
  await new Promise<void>((resolve, reject) => {
    socket.once('secureConnect', resolve);
    socket.once('error', reject);
  });
  return socket;
}

async function client(server: RespdServer, options?: ConnectionOptions): Promise<RespClient> {
  return opened.keep(new RespClient(await secure(server, options)));
}

async function ask(one: RespClient, ...words: string[]): Promise<string> {
  return showReply(await one.send(...words));
}

/** Whether a PING comes through; the error if not. (In TLS 1.3 a client learns of it late.) */
async function ping(server: RespdServer, options: ConnectionOptions): Promise<string> {
  return new Promise((resolve) => {
    const socket = connectTls({ port: server.tlsPort, ...options }, () => socket.write('PING\r\n'));
    opened.keep({ close: () => socket.destroy() });
    socket.once('data', (chunk) => resolve(String(chunk).trim()));
    socket.once('error', (error) => resolve(error.message));
    socket.once('close', () => resolve('closed'));
  });
}

async function logged(words: string): Promise<void> {
  await expect.poll(() => log.join('\n')).toContain(words);
}

function ended(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    socket.resume();
    socket.once('error', () => {});
    socket.once('close', () => resolve());
  });
}

describe('a TLS port', () => {
  test('serves beside the port for clear text, from the same data', async () => {
    const server = await start();
    const one = await client(server);
    expect(await ask(one, 'SET', 'a', 'over TLS')).toBe(await ask(one, 'SET', 'a', 'over TLS'));
    expect(await ask(await opened.client(server), 'GET', 'a')).toContain('over TLS');
    const info = await ask(one, 'INFO', 'server');
    expect(info).toContain(`listener0:name=tcp,bind=127.0.0.1,port=${server.port}`);
    expect(info).toContain(`listener2:name=tls,bind=127.0.0.1,port=${server.tlsPort}`);
    const list = await ask(one, 'CLIENT', 'LIST');
    expect(list).toMatch(/addr=127\.0\.0\.1:\d+ laddr=127\.0\.0\.1:\d+ fd=\d+/);
    expect(list).toContain(`laddr=127.0.0.1:${server.tlsPort}`);
  });

  test('may be the only one', async () => {
    const tlsPort = await freePort();
    const server = await start({ port: undefined, 'tls-port': tlsPort });
    expect([server.port, server.tlsPort]).toEqual([0, tlsPort]);
    expect(await ask(await client(server), 'INFO', 'server')).toContain(`tcp_port:${tlsPort}`);
  });

  test('works with ioredis', async () => {
    const server = await start();
    const redis = new Redis(server.tlsPort, '127.0.0.1', {
      tls: clientFiles() as object,
      retryStrategy: null,
    });
    opened.keep({ close: () => redis.disconnect() });
    expect(await redis.set('a', '1')).toBe('OK');
    const pipeline = redis.pipeline();
    for (let i = 0; i < 500; i++) pipeline.incr('a');
    const replies = await pipeline.exec();
    expect(replies!.at(-1)).toEqual([null, 501]);
  });

  test('works with redis-cli --tls', async () => {
    const server = await start();
    const run = promisify(execFile);
    const args = ['-p', String(server.tlsPort), '--tls', '--cacert', files.path('ca.crt')];
    const own = ['--cert', files.path('client.crt'), '--key', files.path('client.key')];
    try {
      const { stdout } = await run('redis-cli', [...args, ...own, 'ECHO', 'hello']);
      expect(stdout.trim()).toBe('hello');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error; // not installed
    }
  });

  test('carries big requests and replies, and pieces of any size', async () => {
    const server = await start();
    const one = await client(server);
    const big = Buffer.alloc(8 * MIB, 'x');
    await one.send('SET', 'big', big);
    const { reply } = await one.exchange(['GET', 'big']);
    expect(reply.kind === 'bulk' && reply.bytes.equals(big)).toBe(true);
    const socket = await secure(server);
    for (const byte of '*2\r\n$4\r\nECHO\r\n$5\r\nhello\r\n') {
      socket.write(byte);
      await new Promise((resolve) => setImmediate(resolve));
    }
    const chunk = await new Promise((resolve) => socket.once('data', resolve));
    expect(String(chunk)).toBe('$5\r\nhello\r\n');
  });

  test('lets a slow reader be slow, and serves others meanwhile', async () => {
    const server = await start();
    const one = await client(server);
    await one.send('SET', 'big', Buffer.alloc(4 * MIB, 'x'));
    const slow = await secure(server);
    slow.pause();
    for (let i = 0; i < 10; i++) slow.write('GET big\r\n');
    await expect.poll(() => ask(one, 'CLIENT', 'LIST')).toMatch(/omem=\d{7,}/);
    expect(await ask(one, 'PING')).toContain('PONG');
    const expected = 10 * (`$${4 * MIB}\r\n`.length + 4 * MIB + 2);
    let got = 0;
    await new Promise<void>((resolve) => {
      slow.on('data', (chunk) => {
        got += chunk.length;
        if (got === expected) resolve();
      });
      slow.resume();
    });
    expect(got).toBe(expected);
  });

  test('answers a pipeline in one record', async () => {
    const server = await start();
    const socket = await secure(server);
    const chunks: Buffer[] = [];
    socket.on('data', (chunk) => chunks.push(chunk));
    socket.write('ECHO a\r\n'.repeat(100));
    await expect.poll(() => Buffer.concat(chunks).length).toBe(700);
    expect(chunks.length).toBe(1);
  });

  test('answers a client that has ended its side, and announces its own end', async () => {
    const server = await start();
    const socket = await secure(server, { ...clientFiles(), allowHalfOpen: true } as object);
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk;
    });
    const end = new Promise<void>((resolve) => socket.once('end', () => resolve()));
    socket.end('PING\r\n');
    await end;
    expect(text).toBe('+PONG\r\n');
    const killer = await client(server);
    const victim = await secure(server);
    // In TLS 1.3 the server learns last that the handshake is done.
    await ask(new RespClient(victim), 'PING');
    const announced = new Promise<void>((resolve) => victim.once('end', () => resolve()));
    victim.resume();
    await ask(killer, 'CLIENT', 'KILL', 'SKIPME', 'yes', 'TYPE', 'normal');
    await announced;
  });

  test('lets clients resume sessions, of both versions, unless it is told not to', async () => {
    const server = await start();
    const admin = await opened.client(server);
    for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
      expect(await resumes(server, maxVersion)).toBe(true);
    }
    await ask(admin, 'CONFIG', 'SET', 'tls-session-caching', 'no');
    for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
      expect(await resumes(server, maxVersion)).toBe(false);
    }
  });

  test('does not resume a session that was made under other rules', async () => {
    const server = await start({ 'tls-auth-clients': 'no' });
    const session = await sessionOf(server, 'TLSv1.3', null);
    await ask(await opened.client(server), 'CONFIG', 'SET', 'tls-auth-clients', 'yes');
    expect(await ping(server, { ...clientFiles(null), session })).not.toContain('PONG');
  });
});

/** A session that the server gave. */
async function sessionOf(
  server: RespdServer,
  maxVersion: 'TLSv1.2' | 'TLSv1.3',
  name: string | null = 'client',
): Promise<Buffer> {
  const socket = connectTls({ port: server.tlsPort, ...clientFiles(name), maxVersion });
  opened.keep({ close: () => socket.destroy() });
  let session: Buffer | undefined;
  socket.on('session', (bytes) => {
    session = bytes;
  });
  const answered = new Promise((resolve) => socket.once('data', resolve));
  socket.write('PING\r\n');
  await answered;
  session ??= socket.getSession();
  socket.end();
  return session!;
}

async function resumes(server: RespdServer, maxVersion: 'TLSv1.2' | 'TLSv1.3'): Promise<boolean> {
  const session = await sessionOf(server, maxVersion);
  const socket = await secure(server, { ...clientFiles(), maxVersion, session });
  return socket.isSessionReused();
}

describe('clients’ certificates', () => {
  test('are required by default, and must be of a known authority', async () => {
    const server = await start();
    expect(await ping(server, clientFiles('client'))).toBe('+PONG');
    expect(await ping(server, clientFiles(null))).not.toBe('+PONG');
    await logged('peer did not return a certificate (addr=127.0.0.1:');
    expect(await ping(server, clientFiles('stranger'))).not.toBe('+PONG');
    await logged('certificate verify failed (addr=127.0.0.1:');
  });

  test('may be left away with optional, but a bad one is refused', async () => {
    const server = await start({ 'tls-auth-clients': 'optional' });
    expect(await ping(server, clientFiles(null))).toBe('+PONG');
    expect(await ping(server, clientFiles('client'))).toBe('+PONG');
    expect(await ping(server, clientFiles('stranger'))).not.toBe('+PONG');
  });

  test('are not asked for with no, which needs no authority', async () => {
    const server = await start({ 'tls-auth-clients': 'no', 'tls-ca-cert-file': '' });
    expect(await ping(server, clientFiles(null))).toBe('+PONG');
    expect(await ping(server, clientFiles('stranger'))).toBe('+PONG');
    // Without an authority nobody is trusted, least of all everybody that the system trusts.
    const admin = await opened.client(server);
    expect(await ask(admin, 'CONFIG', 'SET', 'tls-auth-clients', 'yes')).toContain('OK');
    expect(await ping(server, clientFiles('client'))).not.toBe('+PONG');
  });
});

describe('a handshake that fails', () => {
  test('is logged, counted, and disturbs nobody', async () => {
    const server = await start();
    const one = await client(server);
    const raw = connectTcp(server.tlsPort, '127.0.0.1');
    raw.write('PING\r\n');
    await ended(raw);
    await logged(
      'Error accepting a client connection: error:0A00010B:SSL routines::wrong version number ' +
        `(addr=127.0.0.1:`,
    );
    expect(log.join()).toContain(`laddr=127.0.0.1:${server.tlsPort})`);
    const silent = connectTcp(server.tlsPort, '127.0.0.1');
    await new Promise((resolve) => silent.once('connect', resolve));
    silent.destroy();
    await logged('unexpected eof while reading');
    expect(await ask(one, 'PING')).toContain('PONG');
    expect(await ask(one, 'INFO', 'stats')).toMatch(/total_connections_received:1\D/);
  });

  test('has a time limit', async () => {
    const server = await start({ clock: 'manual' });
    const silent = connectTcp(server.tlsPort, '127.0.0.1');
    await new Promise((resolve) => silent.once('connect', resolve));
    await new Promise((resolve) => setTimeout(resolve, 50));
    server.advance(31_000);
    await ended(silent);
    await logged('Error accepting a client connection: Connection timed out (addr=');
  });

  test('takes a place while it lasts; one too many is closed before it begins', async () => {
    const server = await start({ maxclients: 2 });
    const one = await client(server);
    const silent = connectTcp(server.tlsPort, '127.0.0.1');
    await new Promise((resolve) => silent.once('connect', resolve));
    await expect.poll(() => ping(server, clientFiles())).not.toBe('+PONG');
    const refused = await opened.client(server);
    expect((await refused.nextOutOfBand()).raw.toString()).toBe(
      '-ERR max number of clients reached\r\n',
    );
    expect(await ask(one, 'INFO', 'stats')).toMatch(/rejected_connections:[2-9]/);
    silent.destroy();
    await expect.poll(() => ping(server, clientFiles())).toBe('+PONG');
  });

  test('does not keep the server from ending', async () => {
    const server = await start();
    const silent = connectTcp(server.tlsPort, '127.0.0.1');
    await new Promise((resolve) => silent.once('connect', resolve));
    await new Promise((resolve) => setTimeout(resolve, 50));
    await Promise.all([server.close(), ended(silent)]);
  });
});

describe('CONFIG SET', () => {
  async function peerName(socket: TLSSocket): Promise<string> {
    return String(socket.getPeerCertificate().subject.CN);
  }

  test('reloads certificates for new connections and drops none', async () => {
    const server = await start();
    const before = await secure(server);
    const one = new RespClient(before);
    const reply = await ask(
      one,
      'CONFIG',
      'SET',
      'tls-cert-file',
      files.path('second.crt'),
      'tls-key-file',
      files.path('second.key'),
    );
    expect(reply).toContain('OK');
    expect(await peerName(before)).toBe('server');
    expect(await peerName(await secure(server))).toBe('second');
    expect(await ask(one, 'PING')).toContain('PONG');
  });

  test.each([
    ['tls-cert-file', '/no/such.crt', 'Failed to load certificate: /no/such.crt: error:80000002:'],
    ['tls-cert-file', 'second.crt', 'key values mismatch'],
    ['tls-cert-file', '', 'No tls-cert-file configured!'],
    ['tls-key-file', 'client.key', 'Failed to load private key: '],
    ['tls-key-file', 'encrypted.key', 'Failed to load private key: '],
    ['tls-ca-cert-file', 'client.key', 'no certificate or crl found'],
    ['tls-ca-cert-file', '', 'Either tls-ca-cert-file or tls-ca-cert-dir must be specified'],
    ['tls-ca-cert-dir', '/no/such', 'Failed to configure CA certificate(s) file/directory: '],
    ['tls-ciphers', 'NONSENSE', 'Failed to configure ciphers: NONSENSE'],
    ['tls-ciphersuites', 'AES128-SHA256', 'Failed to configure ciphersuites: AES128-SHA256'],
    ['tls-protocols', 'TLSv4', 'Invalid tls-protocols specified.'],
    ['tls-dh-params-file', 'client.key', 'failed to read DH params.'],
  ])('refuses %s %s, says why in the log, and goes on', async (name, value, words) => {
    const server = await start();
    const one = await client(server);
    const text = value.endsWith('.crt') || value.endsWith('.key') ? files.path(value) : value;
    const path = value.startsWith('/') ? value : text;
    const reply = await ask(one, 'CONFIG', 'SET', name, path);
    expect(reply).toContain(
      `ERR CONFIG SET failed (possibly related to argument '${name}') - ${RELOAD_FAILED}`,
    );
    expect(log.join('\n')).toContain(words);
    expect(await ask(one, 'CONFIG', 'GET', name)).not.toContain(path || 'nothing');
    expect(await ping(server, clientFiles())).toBe('+PONG');
  });

  test('applies password and encrypted key together', async () => {
    const server = await start();
    const one = await opened.client(server);
    const words = ['tls-key-file-pass', KEY_PASSWORD, 'tls-key-file', files.path('encrypted.key')];
    words.push('tls-cert-file', files.path('encrypted.crt'));
    expect(await ask(one, 'CONFIG', 'SET', ...words)).toContain('OK');
    expect(await peerName(await secure(server))).toBe('encrypted');
  });

  test('restricts protocols and ciphers', async () => {
    const server = await start();
    const one = await opened.client(server);
    await ask(one, 'CONFIG', 'SET', 'tls-protocols', 'TLSv1.2');
    expect((await secure(server)).getProtocol()).toBe('TLSv1.2');
    expect(await ping(server, { ...clientFiles(), minVersion: 'TLSv1.3' })).not.toBe('+PONG');
    const both = 'ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384';
    await ask(one, 'CONFIG', 'SET', 'tls-ciphers', both);
    const ciphers = 'ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-AES128-GCM-SHA256';
    const chosen = async () =>
      (await secure(server, { ...clientFiles(), ciphers })).getCipher().name;
    expect(await chosen()).toBe('ECDHE-ECDSA-AES256-GCM-SHA384');
    await ask(one, 'CONFIG', 'SET', 'tls-prefer-server-ciphers', 'yes');
    expect(await chosen()).toBe('ECDHE-ECDSA-AES128-GCM-SHA256');
    await ask(one, 'CONFIG', 'SET', 'tls-protocols', 'TLSv1.3');
    await ask(one, 'CONFIG', 'SET', 'tls-ciphersuites', 'TLS_CHACHA20_POLY1305_SHA256');
    expect((await secure(server)).getCipher().name).toBe('TLS_CHACHA20_POLY1305_SHA256');
  });

  test('switches a port between clear text and TLS while clients stay', async () => {
    const port = await freePort();
    const server = await start({ port: await freePort(), 'tls-port': port });
    const one = await client(server);
    expect(await ask(one, 'CONFIG', 'SET', 'tls-port', '0')).toContain('OK');
    expect(await ask(one, 'CONFIG', 'SET', 'port', String(port))).toContain('OK');
    expect([server.port, server.tlsPort]).toEqual([port, 0]);
    expect(await ask(await opened.client(server), 'PING')).toContain('PONG');
    expect(await ask(one, 'CONFIG', 'SET', 'tls-port', String(port))).toContain(
      'Unable to listen on this port. Check server logs.',
    );
    expect(await ask(one, 'CONFIG', 'GET', 'tls-port')).toContain('0');
    const other = await freePort();
    expect(await ask(one, 'CONFIG', 'SET', 'tls-port', String(other))).toContain('OK');
    expect(await ping(server, clientFiles())).toBe('+PONG');
  });

  test('opens the first TLS port of a server, if it has certificates', async () => {
    const server = await start({ 'tls-port': 0, 'tls-cert-file': '' });
    const one = await opened.client(server);
    const port = String(await freePort());
    expect(await ask(one, 'CONFIG', 'SET', 'tls-port', port)).toContain(RELOAD_FAILED);
    const cert = files.path('server.crt');
    expect(await ask(one, 'CONFIG', 'SET', 'tls-cert-file', cert)).toContain('OK');
    expect(await ask(one, 'CONFIG', 'SET', 'tls-port', port)).toContain('OK');
    expect(await ping(server, clientFiles())).toBe('+PONG');
  });
});

test('a server whose certificates can not be used does not start', async () => {
  const starting = start({ 'tls-key-file': files.path('client.key') });
  await expect(starting).rejects.toThrow(TlsConfigError);
  await expect(start({ 'tls-key-file': '' })).rejects.toThrow('No tls-key-file configured!');
});
