/** What the program says of its ports and certificates as it starts (built by `npm test`). */
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Certificates, makeCertificates } from '../support/certificates.js';
import { freePort } from '../support/programs.js';

const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
const dir = mkdtempSync(join(tmpdir(), 'respd-net-'));
let files: Certificates;

beforeAll(async () => {
  files = await makeCertificates();
});
afterAll(() => {
  files.remove();
  rmSync(dir, { recursive: true, force: true });
});

/** A start that is to fail. */
function fails(...args: string[]): string {
  const { status, stdout } = spawnSync(process.execPath, [MAIN, '--save', '', ...args], {
    cwd: dir,
    timeout: 30_000,
  });
  expect(status).toBe(1);
  return String(stdout);
}

/** Starts it, waits until all is told, and ends it. */
async function starts(...args: string[]): Promise<string> {
  const child = spawn(process.execPath, [MAIN, '--save', '', ...args], { cwd: dir });
  let out = '';
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, 20_000);
    child.stdout.on('data', (chunk) => {
      out += chunk;
      if (!/Ready to accept connections \w+[\s\S]*Ready to accept connections tls/.test(out))
        return;
      clearTimeout(timer);
      resolve();
    });
    child.once('exit', () => resolve());
  });
  child.kill('SIGKILL');
  return out;
}

const certificates = () => [
  '--tls-cert-file',
  files.path('server.crt'),
  '--tls-key-file',
  files.path('server.key'),
  '--tls-ca-cert-file',
  files.path('ca.crt'),
];

test('each listener is told when it is ready, and nothing is said to have no effect', async () => {
  const ports = ['--port', String(await freePort()), '--tls-port', String(await freePort())];
  const out = await starts(...ports, ...certificates());
  expect(out).toContain('Ready to accept connections tcp');
  expect(out).toContain('Ready to accept connections tls');
  expect(out).not.toMatch(/protected-mode|'tls-port' is set/);
});

test('certificates that can not be used end the start', async () => {
  const port = String(await freePort());
  const out = fails('--port', '0', '--tls-port', port);
  expect(out).toContain('No tls-cert-file configured!');
  expect(out).toContain('Failed to configure TLS. Check logs for more info.');
  const mixed = fails(
    '--tls-port',
    port,
    ...certificates(),
    '--tls-key-file',
    files.path('ca.key'),
  );
  expect(mixed).toContain(`Failed to load private key: ${files.path('ca.key')}: error:05800074:`);
});

test('two listeners can not have one port, and a server needs one at least', async () => {
  const port = String(await freePort());
  const out = fails('--port', port, '--tls-port', port, ...certificates());
  expect(out).toContain(`Failed listening on port ${port} (tls), aborting.`);
  expect(fails('--port', '0')).toContain('Configured to not listen anywhere, exiting.');
  expect(fails('--port', '0', '--unixsocket', '/no/such/dir/s')).toMatch(
    /Failed opening Unix socket: bind: (Permission denied|No such file or directory)/,
  );
});
