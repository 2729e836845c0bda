/**
 * Servers as processes of their own, respd's or Redis's, on a folder that outlives them: for tests that
 * kill them and look at what they leave.
 *
 * They listen on a Unix socket in their folder, so that no two tests are in each other's way.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import { distFile } from './dist.js';
import { findRedisServer } from './real-redis.js';
import { RespClient } from './resp-client.js';

/** What both servers log once they serve. */
const READY = /ready to accept connections/i;
const KEPT_OUTPUT_CHARS = 256 * 1024;
const PATIENCE_MS = 30_000;

/** Connects to a server's Unix socket. */
export function connectTo(path: string): Promise<RespClient> {
  return new Promise((resolve, reject) => {
    const socket = createConnection(path);
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.off('error', reject);
      resolve(new RespClient(socket));
    });
  });
}

/** How a process has ended. */
export interface ProcessEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export class ServerProcess {
  /** What it has logged so far. */
  output = '';
  readonly ended: Promise<ProcessEnd>;
  private end: ProcessEnd | undefined = undefined;
  private readonly child: ChildProcess;
  private readonly waiting = new Set<() => void>();

  private constructor(
    command: readonly string[],
    readonly dir: string,
    args: readonly string[],
  ) {
    const [program, ...before] = command;
    const own = ['--port', '0', '--unixsocket', this.socket, '--dir', dir];
    this.child = spawn(program!, [...before, ...own, ...args], {
      cwd: dir,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const keep = (chunk: Buffer) => {
      this.output = (this.output + chunk).slice(-KEPT_OUTPUT_CHARS);
      this.wake();
    };
    this.child.stdout!.on('data', keep);
    this.child.stderr!.on('data', keep);
    const killOnExit = () => this.child.kill('SIGKILL');
    process.once('exit', killOnExit);
    this.ended = new Promise((resolve) => {
      this.child.once('close', (code, signal) => {
        process.off('exit', killOnExit);
        this.end = { code, signal };
        this.wake();
        resolve(this.end);
      });
      this.child.once('error', (error) => {
        this.output += String(error);
      });
    });
  }

  /** Starts respd. `ready` tells whether it serves. */
  static respd(dir: string, ...args: string[]): ServerProcess {
    return new ServerProcess([process.execPath, distFile('main.js')], dir, args);
  }

  /** Starts respd under a limit of the shell's. @param limit as for ulimit, such as `-f 100` */
  static limited(limit: string, dir: string, ...args: string[]): ServerProcess {
    const shell = ['/bin/sh', '-c', `ulimit ${limit}; exec "$0" "$@"`];
    return new ServerProcess([...shell, process.execPath, distFile('main.js')], dir, args);
  }

  /** Starts the real redis-server. */
  static redis(dir: string, ...args: string[]): ServerProcess {
    return new ServerProcess([findRedisServer()!], dir, args);
  }

  get pid(): number {
    return this.child.pid ?? -1;
  }

  private get socket(): string {
    return join(this.dir, 's');
  }

  /** Resolves once it serves. @returns itself @throws it has ended instead */
  async ready(): Promise<this> {
    await this.logs(READY);
    return this;
  }

  /** Resolves once it has logged this. @throws it has ended without, or takes too long */
  async logs(text: RegExp): Promise<void> {
    let isLate = false;
    const alarm = setTimeout(() => {
      isLate = true;
      this.wake();
    }, PATIENCE_MS);
    while (!text.test(this.output)) {
      if (this.end !== undefined || isLate) {
        const what = isLate ? 'does not say' : 'has ended without';
        clearTimeout(alarm);
        throw new Error(`The server ${what} ${text}. It has said:\n${this.output}`);
      }
      await new Promise<void>((resolve) => this.waiting.add(resolve));
    }
    clearTimeout(alarm);
  }

  connect(): Promise<RespClient> {
    return connectTo(this.socket);
  }

  /** Kills it, at once unless told otherwise. */
  kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<ProcessEnd> {
    this.child.kill(signal);
    return this.ended;
  }

  private wake(): void {
    for (const resolve of this.waiting) resolve();
    this.waiting.clear();
  }
}
