/** Outgoing links, and what OpenSSL says. (Servers: test/library/tls.test.ts) */
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { connect, createServer } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Config } from '../../../../src/server/config/config.js';
import type { DirectiveOptions } from '../../../../src/server/config/directives.js';
import { nodeFiles } from '../../../../src/server/config/node-files.js';
import { openSslWords, TlsConfigError } from '../../../../src/server/tls/pem-files.js';
import { clientOptions } from '../../../../src/server/tls/settings.js';
import { type Certificates, makeCertificates } from '../../../support/certificates.js';

let files: Certificates;
beforeAll(async () => {
  files = await makeCertificates();
});
afterAll(() => files.remove());

function configured(options: DirectiveOptions) {
  const config = new Config({ workingDirectory: files.dir, directories: nodeFiles() });
  for (const [name, value] of Object.entries(options)) {
    config.initialize(name as keyof DirectiveOptions, value as never);
  }
  return config.values;
}

/** Connects to a server with this certificate. @returns the name it has seen, or the error */
async function link(server: string, options: DirectiveOptions): Promise<string> {
  const read = (name: string) => readFileSync(files.path(name));
  const listener = createServer({
    cert: read(`${server}.crt`),
    key: read(`${server}.key`),
    ca: read('ca.crt'),
    requestCert: true,
    rejectUnauthorized: true,
  });
  listener.on('secureConnection', (socket) => {
    socket.on('error', () => {});
    socket.end(String(socket.getPeerCertificate().subject.CN));
  });
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  const { port } = listener.address() as AddressInfo;
  const tls = clientOptions(configured(options), '127.0.0.1');
  try {
    return await new Promise((resolve) => {
      const socket = connect({ ...tls, host: '127.0.0.1', port });
      socket.once('data', (chunk) => resolve(String(chunk)));
      socket.once('error', (error) => resolve(error.message));
      socket.once('close', () => resolve('closed'));
    });
  } finally {
    listener.close();
  }
}

describe('options for outgoing links', () => {
  const own = { 'tls-cert-file': 'server.crt', 'tls-key-file': 'server.key' };

  test("show the server's certificate, or the one for clients", async () => {
    const base = { ...own, 'tls-ca-cert-file': 'ca.crt' };
    expect(await link('second', base)).toBe('server');
    const client = { 'tls-client-cert-file': 'client.crt', 'tls-client-key-file': 'client.key' };
    expect(await link('second', { ...base, ...client })).toBe('client');
  });

  test('trust the authorities that are configured and no others', async () => {
    expect(await link('stranger', { ...own, 'tls-ca-cert-file': 'ca.crt' })).toMatch(/verify/);
    expect(await link('second', own)).toMatch(/verify|self.signed/);
  });

  test('name a host, but no address, to the other side', () => {
    const values = configured({ ...own, 'tls-ca-cert-file': 'ca.crt' });
    expect(clientOptions(values, 'db.example').servername).toBe('db.example');
    expect(clientOptions(values, '::1').servername).toBeUndefined();
    expect(() => clientOptions(configured({}), 'x')).toThrow(TlsConfigError);
  });
});

test("OpenSSL's words are found in Node's", () => {
  expect(
    openSslWords(
      '80DB9A:error:0A00010B:SSL routines:ssl3_get_record:wrong version number:../x.c:354:\n',
    ),
  ).toBe('error:0A00010B:SSL routines::wrong version number');
  expect(openSslWords('error:05800074:x509 certificate routines::key values mismatch')).toBe(
    'error:05800074:x509 certificate routines::key values mismatch',
  );
  expect(openSslWords('socket hang up')).toBe('socket hang up');
});
