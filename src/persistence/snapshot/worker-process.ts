/**
 * Worker processes, as the server has them: started, fed, and ended. See worker-main.ts for the other
 * side.
 *
 * A process has nothing of the server's environment, and a session of its own, so that Ctrl-C is the
 * server's alone to hear.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { constants } from 'node:os';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { systemErrorText } from '../../text/system-error.js';
import { READY, type SaveAnswer } from './frames.js';

/** How a worker has ended. */
export interface WorkerEnd {
  /** What it said last; undefined: nothing, so it has not done its work. */
  readonly answer: SaveAnswer | undefined;
  /** The signal that has ended it; 0: none. */
  readonly signal: number;
}

export interface WorkerProcess {
  readonly pid: number;
  /** Its standard input, for frames. */
  readonly input: Writable;
  /** Ends it at once. */
  kill(): void;
}

export interface WorkerEvents {
  /** It could not be started. @param why in the system's words */
  onFailed(why: string): void;
  /** It has opened its file, and waits for what is to be in it. */
  onReady(): void;
  onEnd(end: WorkerEnd): void;
}

export interface WorkerLauncher {
  /** @returns undefined when it can't be started; `onFailed` is told why, soon */
  launch(events: WorkerEvents): WorkerProcess | undefined;
  /** Has the next launch be quick, though the server may be large by then. */
  prepare(): void;
  /** Gives up what `prepare` has made. */
  stop(): void;
}

/** Its heap is next to nothing: a small one does. */
const NODE_OPTIONS = ['--max-semi-space-size=1', '--max-old-space-size=64', '--v8-pool-size=0'];
/** Few threads, and what Windows can't do without. */
const ENVIRONMENT = { UV_THREADPOOL_SIZE: '1', MALLOC_ARENA_MAX: '1' };
const KEPT_VARIABLES = ['SystemRoot', 'TZ'];

/** What is run: Node.js, its options, and the program. */
export function workerCommand(): readonly [string, ...string[]] {
  // Beside the bundle; where the sources run as they are (tests), in dist.
  const isSource = import.meta.url.endsWith('.ts');
  const program = isSource ? '../../../dist/snapshot-worker.js' : './snapshot-worker.js';
  const path = fileURLToPath(new URL(program, import.meta.url));
  return [process.execPath, ...NODE_OPTIONS, path];
}

export function workerEnvironment(): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = { ...ENVIRONMENT };
  for (const name of KEPT_VARIABLES) {
    const value = process.env[name];
    if (value !== undefined) env[name] = value;
  }
  return env;
}

/** Starts a worker as a child of the server. */
export function spawnWorker(events: WorkerEvents): WorkerProcess | undefined {
  const [node, ...args] = workerCommand();
  let child: ChildProcess;
  try {
    child = spawn(node, args, {
      stdio: ['pipe', 'pipe', 'ignore'],
      env: workerEnvironment(),
      detached: process.platform !== 'win32',
      windowsHide: true,
    });
  } catch (error) {
    setImmediate(() => events.onFailed(systemErrorText(error)));
    return undefined;
  }
  const { pid, stdin: input } = child;
  if (pid === undefined || input === null) {
    child.once('error', (error) => events.onFailed(systemErrorText(error)));
    return undefined;
  }
  follow(child, events);
  return { pid, input, kill: () => void child.kill('SIGKILL') };
}

function follow(child: ChildProcess, events: WorkerEvents): void {
  let answer: SaveAnswer | undefined;
  onLines(child.stdout!, (line) => {
    if (line === READY) events.onReady();
    else answer = parseAnswer(line);
  });
  // That it is gone is told by its end.
  for (const part of [child, child.stdin!, child.stdout!]) part.on('error', () => {});
  child.once('close', (_code, signal) => {
    events.onEnd({ answer, signal: signal === null ? 0 : constants.signals[signal] });
  });
}

/** Has `told` called for each whole line. */
export function onLines(stream: Readable, told: (line: string) => void): void {
  let rest = '';
  stream.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop()!;
    for (const line of lines) told(line);
  });
}

/** @returns undefined for what is no answer */
export function parseAnswer(line: string): SaveAnswer | undefined {
  try {
    return JSON.parse(line) as SaveAnswer;
  } catch {
    return undefined;
  }
}
