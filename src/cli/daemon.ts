/**
 * `daemonize yes`: a process of its own, without a terminal.
 *
 * Node cannot fork itself, so the program is started a second time, detached; the first waits until
 * the second serves or has failed, and ends with its result. So a daemon that cannot start says why
 * where a person sees it, and once the command returns the server is there.
 */
import { spawn } from 'node:child_process';

/** Set for the second process. */
const CHILD_MARK = 'RESPD_DAEMON_CHILD';

export function isDaemonChild(): boolean {
  return process.env[CHILD_MARK] !== undefined;
}

/** Starts this program again, detached, and ends this process when that one serves or failed. */
export function daemonize(): Promise<void> {
  const child = spawn(process.execPath, [...process.execArgv, ...process.argv.slice(1)], {
    detached: true,
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    env: { ...process.env, [CHILD_MARK]: '1' },
  });
  return new Promise((resolve) => {
    child.once('message', (message) => {
      if (message !== 'ready') {
        process.stderr.write(String(message));
        process.exitCode = 1;
      }
      child.disconnect();
      child.unref();
      resolve();
    });
    child.once('exit', (code) => {
      process.exitCode = code ?? 1;
      resolve();
    });
  });
}

/** In the second process: tells the first that it serves (`ready`), or why it can't. */
export function tellParent(message: string): void {
  if (process.send === undefined || !isDaemonChild()) return;
  process.send(message, () => {
    if (process.connected) process.disconnect();
  });
}
