/**
 * Certificates for tests, made on the spot: an authority, a server and a client of its, and the same
 * of another authority that nobody here trusts.
 */
import { createPrivateKey } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generate } from 'selfsigned';

export interface Certificates {
  /** Where the files are: ca.crt, server.crt, server.key, client.crt, …, stranger.crt, stranger.key. */
  readonly dir: string;
  path(name: string): string;
  remove(): void;
}

/** The password of `encrypted.key`, which is the server's key. */
export const KEY_PASSWORD = 'open sesame';

const OPTIONS = { keyType: 'ec', curve: 'P-256', algorithm: 'sha256' } as const;

export async function makeCertificates(): Promise<Certificates> {
  const dir = mkdtempSync(join(tmpdir(), 'respd-tls-'));
  const path = (name: string) => join(dir, name);
  const keep = (name: string, cert: string, key: string) => {
    writeFileSync(path(`${name}.crt`), cert);
    writeFileSync(path(`${name}.key`), key);
  };
  const ca = await authority('An authority');
  keep('ca', ca.cert, ca.key);
  for (const name of ['server', 'second', 'client']) {
    const made = await issue(name, ca);
    keep(name, made.cert, made.key);
  }
  const other = await authority('Another authority');
  keep('other-ca', other.cert, other.key);
  const stranger = await issue('stranger', other);
  keep('stranger', stranger.cert, stranger.key);
  const server = await issue('encrypted', ca);
  const encrypted = createPrivateKey(server.key).export({
    type: 'pkcs8',
    format: 'pem',
    cipher: 'aes-256-cbc',
    passphrase: KEY_PASSWORD,
  });
  keep('encrypted', server.cert, String(encrypted));
  return { dir, path, remove: () => rmSync(dir, { recursive: true, force: true }) };
}

interface Pair {
  readonly cert: string;
  readonly key: string;
}

async function authority(name: string): Promise<Pair> {
  const made = await generate([{ name: 'commonName', value: name }], {
    ...OPTIONS,
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, digitalSignature: true, critical: true },
    ],
  });
  return { cert: made.cert, key: made.private };
}

async function issue(name: string, ca: Pair): Promise<Pair> {
  const made = await generate([{ name: 'commonName', value: name }], {
    ...OPTIONS,
    ca,
    extensions: [
      { name: 'basicConstraints', cA: false },
      { name: 'keyUsage', digitalSignature: true, keyEncipherment: true },
      {
        name: 'subjectAltName',
        altNames: [
          { type: 2, value: 'localhost' },
          { type: 7, ip: '127.0.0.1' },
        ],
      },
    ],
  });
  return { cert: made.cert, key: made.private };
}
