/**
 * Real redis-servers for tests: found, started on a free port in a temporary folder, stopped.
 *
 * A test that compares respd with Redis needs the real program. On a user's machine it may be
 * missing: then such tests are reported as skipped, by name, so that nobody takes them for passed.
 * In CI a missing program is a failure, because there a skipped comparison proves nothing.
 *
 * REDIS_SERVER names the program; otherwise `redis-server` is looked up in PATH.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, it } from 'vitest';
import { findProgram, freePort } from './programs.js';
import { RespClient } from './resp-client.js';

const START_TIMEOUT_MS = 10_000;
const STOP_TIMEOUT_MS = 10_000;
const POLL_MS = 10;
/** Another process may take the free port before redis-server does; then another one is tried. */
const MAX_START_ATTEMPTS = 5;
const MAX_KEPT_OUTPUT_CHARS = 64 * 1024;

/** A running redis-server. */
export interface RealRedis {
  readonly port: number;
  readonly pid: number;
  /** Its working folder, where it writes dump.rdb and the like; removed by `stop`. */
  readonly dir: string;
  readonly process: ChildProcess;
  /** What it has logged so far. */
  output(): string;
  connect(): Promise<RespClient>;
  /** Ends it with SIGTERM, or SIGKILL when it hangs or `signal` says so, and removes its folder. */
  stop(signal?: NodeJS.Signals): Promise<void>;
}

/** The path of redis-server, or undefined when there is none. */
export function findRedisServer(env: NodeJS.ProcessEnv = process.env): string | undefined {
  if (env.REDIS_SERVER) {
    if (existsSync(env.REDIS_SERVER)) return env.REDIS_SERVER;
    throw new Error(`REDIS_SERVER names ${env.REDIS_SERVER}, and there is no such file.`);
  }
  return findProgram('redis-server', env);
}

/** The version of the redis-server found, such as '7.2.6', or undefined when there is none. */
export function redisVersion(): string | undefined {
  const program = findRedisServer();
  if (program === undefined) return undefined;
  return /v=(\S+)/.exec(execFileSync(program, ['--version'], { encoding: 'utf8' }))?.[1];
}

/**
 * Starts redis-server and waits until it answers PING (a -NOAUTH or -LOADING answer counts: it is
 * up). Snapshots are off; later `args` win over the defaults.
 */
export async function startRealRedis(args: readonly string[] = []): Promise<RealRedis> {
  const program = findRedisServer();
  if (program === undefined) {
    throw new Error('No redis-server found: install it, or name it in REDIS_SERVER.');
  }
  for (let attempt = 1; ; attempt++) {
    const redis = await launch(program, await freePort(), args);
    const failure = await whyNotUp(redis);
    if (failure === undefined) return redis;
    const output = redis.output();
    await redis.stop('SIGKILL');
    const portTaken = output.includes('Address already in use');
    if (!portTaken || attempt === MAX_START_ATTEMPTS) {
      throw new Error(`redis-server ${args.join(' ')} ${failure}. It said:\n${output}`);
    }
  }
}

async function launch(program: string, port: number, args: readonly string[]): Promise<RealRedis> {
  const dir = await mkdtemp(join(tmpdir(), 'respd-test-redis-'));
  const own = ['--port', String(port), '--bind', '127.0.0.1', '--dir', dir, '--save', ''];
  const child = spawn(program, [...own, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  const keep = (chunk: Buffer) => {
    output = (output + chunk).slice(-MAX_KEPT_OUTPUT_CHARS);
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  const exited = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', (error) => {
      output += String(error);
      resolve();
    });
  });
  const killOnExit = () => child.kill('SIGKILL');
  process.once('exit', killOnExit);
  return {
    port,
    pid: child.pid ?? -1,
    dir,
    process: child,
    output: () => output,
    connect: () => RespClient.connect(port),
    async stop(signal = 'SIGTERM') {
      child.kill(signal);
      const hung = sleep(STOP_TIMEOUT_MS, 'hung', { ref: false });
      if ((await Promise.race([exited, hung])) === 'hung') child.kill('SIGKILL');
      await exited;
      process.off('exit', killOnExit);
      await rm(dir, { recursive: true, force: true });
    },
  };
}

/** undefined once the server answers; otherwise what went wrong. */
async function whyNotUp(redis: RealRedis): Promise<string | undefined> {
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (Date.now() < deadline) {
    if (redis.pid === -1) return 'could not be run';
    if (redis.process.exitCode !== null) return `ended with code ${redis.process.exitCode}`;
    if (redis.process.signalCode !== null) return `was ended by ${redis.process.signalCode}`;
    if (await answersPing(redis.port)) return undefined;
    await sleep(POLL_MS);
  }
  return `did not answer PING within ${START_TIMEOUT_MS} ms`;
}

async function answersPing(port: number): Promise<boolean> {
  let client: RespClient;
  try {
    client = await RespClient.connect(port);
  } catch {
    return false;
  }
  try {
    await client.send('PING');
    return true;
  } catch {
    return false;
  } finally {
    client.close();
  }
}

/**
 * A `describe` whose tests need a real redis-server: skipped by name where there is none, failing
 * where there is none in CI. The body runs when tests are collected, so start servers in hooks.
 */
export function describeWithRedis(name: string, body: () => void): void {
  if (findRedisServer() !== undefined) {
    describe(name, body);
  } else if (process.env.CI) {
    describe(name, () => {
      it('finds a redis-server, which CI must have', () => {
        throw new Error('No redis-server found: install it in CI, or name it in REDIS_SERVER.');
      });
    });
  } else {
    describe.skip(`${name} (skipped: no redis-server in PATH or REDIS_SERVER)`, body);
  }
}
