/** The program as a user starts it: `node dist/main.js …` (built by `npm test` beforehand). */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, expect, test } from 'vitest';
import { freePort } from '../support/programs.js';

const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
const dir = mkdtempSync(join(tmpdir(), 'respd-cli-'));
const running: Running[] = [];

afterEach(async () => {
  for (const one of running.splice(0)) await one.kill();
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** A started server: its log so far, and its end. */
class Running {
  out = '';
  readonly ended: Promise<number | null>;

  constructor(readonly child: ChildProcess) {
    child.stdout!.on('data', (chunk) => {
      this.out += chunk;
      for (const listener of this.listeners.splice(0)) listener();
    });
    child.stderr!.on('data', (chunk) => {
      this.out += chunk;
    });
    this.ended = new Promise((resolve) => child.once('exit', (code) => resolve(code)));
    running.push(this);
  }

  private readonly listeners: (() => void)[] = [];

  async sees(text: string): Promise<void> {
    while (!this.out.includes(text)) {
      if (this.child.exitCode !== null) throw new Error(`it ended, saying: ${this.out}`);
      const more = new Promise<void>((resolve) => this.listeners.push(resolve));
      await Promise.race([more, this.ended]);
    }
  }

  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.ended;
  }
}

function start(args: string[], input?: string): Running {
  const child = spawn(process.execPath, [MAIN, ...args], { cwd: dir, stdio: 'pipe' });
  child.stdin.end(input);
  return new Running(child);
}

/** For a start that is to fail, or says something and ends. */
function run(...args: string[]): { status: number | null; out: string; err: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...args], { cwd: dir });
  return { status, out: String(stdout), err: String(stderr) };
}

/** Sends one inline command and returns the first line of the answer. */
function ask(target: number | string, command: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket =
      typeof target === 'number' ? createConnection(target, '127.0.0.1') : createConnection(target);
    socket.once('error', reject);
    socket.once('data', (chunk) => {
      resolve(String(chunk).split('\r\n')[0]!);
      socket.destroy();
    });
    socket.write(`${command}\r\n`);
  });
}

test('--version and --help say what they should and end well', () => {
  expect(run('--version')).toMatchObject({ status: 0, out: expect.stringMatching(/^respd v=\d/) });
  expect(run('--version').out).toContain('v=7.2.6');
  const help = run('--help');
  expect(help.status).toBe(0);
  expect(help.out).toContain('Usage: respd [FILE]');
});

test('a bad directive is told with its line, and nothing starts', () => {
  const file = join(dir, 'bad.conf');
  writeFileSync(file, 'port 7\n# a comment\nmaxclients many\n');
  const { status, err } = run(file);
  expect(status).toBe(1);
  expect(err).toContain('*** FATAL CONFIG FILE ERROR');
  expect(err).toContain('at line 3');
  expect(err).toContain(`>>> 'maxclients many'`);
  expect(err).toContain("argument couldn't be parsed into an integer");
});

test('a file that is not there is told', () => {
  const { status, err } = run('/no/such/redis.conf');
  expect(status).toBe(1);
  expect(err).toContain("can't open config file '/no/such/redis.conf'");
});

test('sentinel mode is refused clearly while there is none', () => {
  expect(run('--sentinel')).toMatchObject({
    status: 1,
    err: expect.stringMatching(/no sentinel mode/),
  });
});

test('a port that is in use is told, and the program ends with 1', async () => {
  const port = await freePort();
  const first = start(['--port', String(port), '--save', '']);
  await first.sees('Ready to accept connections tcp');
  const second = run('--port', String(port), '--save', '');
  expect(second.status).toBe(1);
  expect(second.out).toContain(`Failed listening on port ${port}`);
});

test('an address that this machine lacks is refused, unless it is optional', async () => {
  const port = await freePort();
  const refused = run('--port', String(port), '--bind', '127.0.0.1', '192.0.2.1');
  expect(refused.status).toBe(1);
  const server = start(['--port', String(port), '--bind', '127.0.0.1', '-192.0.2.1']);
  await server.sees('Ready to accept connections tcp');
  expect(await ask(port, 'PING')).toBe('+PONG');
});

test('SIGTERM ends it in order, with status 0', async () => {
  const server = start(['--port', String(await freePort()), '--save', '']);
  await server.sees('Ready to accept connections tcp');
  server.child.kill('SIGTERM');
  expect(await server.ended).toBe(0);
  expect(server.out).toContain('Received SIGTERM scheduling shutdown...');
  expect(server.out).toContain('ready to exit, bye bye');
});

test('SIGINT ends it; one that is refused leaves it, and a second ends it at once', async () => {
  const port = await freePort();
  const server = start(['--port', String(port), '--shutdown-on-sigint', 'save']);
  await server.sees('Ready to accept connections tcp');
  rmSync(join(dir, 'dump.rdb'), { force: true });
  mkdirSync(join(dir, 'dump.rdb'));
  server.child.kill('SIGINT');
  await server.sees("can't exit");
  expect(await ask(port, 'PING')).toBe('+PONG');
  expect(await ask(port, 'CONFIG SET shutdown-on-sigint nosave')).toBe('+OK');
  server.child.kill('SIGINT');
  expect(await server.ended).toBe(0);
  rmSync(join(dir, 'dump.rdb'), { recursive: true });
});

test('standard input holds more configuration with -', async () => {
  const port = await freePort();
  const server = start(['-'], `port ${port}\nmaxclients 33\n`);
  await server.sees('Ready to accept connections tcp');
  expect(await ask(port, 'CONFIG GET maxclients')).toBe('*2');
});

test('port 0 opens no TCP port; a Unix socket serves', async () => {
  const path = join(dir, 'respd.sock');
  const server = start(['--port', '0', '--unixsocket', path, '--unixsocketperm', '700']);
  await server.sees('Ready to accept connections unix');
  expect(server.out).not.toContain('connections tcp');
  expect(await ask(path, 'PING')).toBe('+PONG');
  server.child.kill('SIGTERM');
  await server.ended;
  expect(existsSync(path)).toBe(false);
});

test('include, logfile and JSON lines', async () => {
  const port = await freePort();
  const log = join(dir, 'respd.log');
  writeFileSync(join(dir, 'more.conf'), `logfile ${log}\nlog-format json\n`);
  writeFileSync(join(dir, 'main.conf'), `include more.conf\nport ${port}\n`);
  const server = start([join(dir, 'main.conf')]);
  while (!existsSync(log) || !readFileSync(log, 'utf8').includes('Ready to accept')) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  const lines = readFileSync(log, 'utf8').trim().split('\n');
  expect(JSON.parse(lines.at(-1)!)).toMatchObject({ pid: server.child.pid });
});

test('daemonize returns once the daemon serves; its pid file goes when it ends', async () => {
  const port = await freePort();
  const pidFile = join(dir, 'respd.pid');
  const daemon = ['--port', String(port), '--daemonize', 'yes', '--pidfile', pidFile, '--save', ''];
  expect(run(...daemon).status).toBe(0);
  expect(await ask(port, 'PING')).toBe('+PONG');
  const second = run('--port', String(port), '--daemonize', 'yes', '--pidfile', '');
  expect(second.status).toBe(1);
  expect(second.err).toContain('Failed listening on port');
  process.kill(Number(readFileSync(pidFile, 'utf8')), 'SIGTERM');
  while (existsSync(pidFile)) await new Promise((resolve) => setTimeout(resolve, 5));
});

test('CONFIG SET of bind and port listens anew', async () => {
  const port = await freePort();
  const other = await freePort();
  const server = start(['--port', String(port), '--bind', '127.0.0.1', '--save', '']);
  await server.sees('Ready to accept connections tcp');
  expect(await ask(port, 'CONFIG SET bind 127.0.0.1')).toBe('+OK');
  expect(await ask(port, `CONFIG SET port ${other}`)).toBe('+OK');
  expect(await ask(other, 'PING')).toBe('+PONG');
  await expect(ask(port, 'PING')).rejects.toThrow('ECONNREFUSED');
});

test('rename-command gives a command another name, or takes it away', async () => {
  const port = await freePort();
  const file = join(dir, 'rename.conf');
  writeFileSync(file, `port ${port}\nrename-command PING HALLO\nrename-command ECHO ""\n`);
  const server = start([file]);
  await server.sees('Ready to accept connections tcp');
  expect(await ask(port, 'HALLO')).toBe('+PONG');
  expect(await ask(port, 'PING')).toMatch(/^-ERR unknown command/);
  expect(await ask(port, 'ECHO a')).toMatch(/^-ERR unknown command/);
});
