/**
 * A small process that starts workers for a large server.
 *
 * To start a process, Node.js forks, and a fork copies the page tables: 45 µs per MiB of the server,
 * 30 ms at 600 MiB, in which nobody is served. So while the server is still small, it starts a shell,
 * which forks as often as it likes. The shell keeps one child ahead that waits for a line and then
 * becomes a worker, so that its number is known from the start:
 *
 *     server                      shell              child
 *       |<------ pid 4711 ----------|                  |  waits
 *       |------- go -----------------------------------|  becomes the worker
 *       |<------ ready --------------------------------|
 *       |======= frames ===============================|
 *       |<------ {"bytes":…} --------------------------|
 *       |<------ end 0 -------------|                  .
 *       |<------ pid 4712 ----------|                  |  the next one waits
 *
 * All workers read from one pipe. One that has not read to the end leaves something in it, and so the
 * shell is given up with it. All of them end when the pipes close: when the server is gone.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import type { Writable } from 'node:stream';
import { READY, type SaveAnswer } from './frames.js';
import {
  onLines,
  parseAnswer,
  type WorkerEvents,
  type WorkerProcess,
  workerCommand,
  workerEnvironment,
} from './worker-process.js';

/** With this the child says that the server is gone. */
const GONE = 77;
/** Of a process that was ended by a signal, a shell says this plus the signal's number. */
const SIGNALLED = 128;
/** Descriptor 3 brings the line, 4 is the workers' input. */
const SCRIPT = `
exec 4<&0
while :; do
  ( read -r go <&3 || exit ${GONE}; exec "$@" <&4 3<&- 4<&- ) &
  echo "pid $!"
  wait $!
  s=$?
  [ $s = ${GONE} ] && exit
  echo "end $s"
done
`;

export class LauncherShell {
  /** Whether it can be asked for a worker no more. */
  isOver = false;
  private readonly shell: ChildProcess;
  private readonly input: Writable;
  private readonly commands: Writable;
  /** The child that waits; 0: none does at the moment. */
  private waiting = 0;
  /** The worker that runs. */
  private running: WorkerEvents | undefined = undefined;
  private answer: SaveAnswer | undefined = undefined;

  /** @throws the system's error */
  constructor() {
    this.shell = spawn('/bin/sh', ['-c', SCRIPT, 'respd-launcher', ...workerCommand()], {
      stdio: ['pipe', 'pipe', 'ignore', 'pipe'],
      env: workerEnvironment(),
      detached: true,
    });
    const { stdin, stdio, stdout } = this.shell;
    this.input = stdin!;
    this.commands = stdio[3] as Writable;
    onLines(stdout!, (line) => this.heard(line));
    for (const part of [this.shell, stdin!, stdout!, this.commands]) part.on('error', () => {});
    this.shell.once('close', () => this.ended());
    // It is no reason for the server's process to go on.
    this.shell.unref();
    for (const pipe of [stdin, stdout, this.commands]) (pipe as { unref?(): void }).unref?.();
  }

  get isReady(): boolean {
    return this.waiting !== 0 && !this.isOver;
  }

  /** Starts a worker; `isReady` must say so. */
  launch(events: WorkerEvents): WorkerProcess {
    const pid = this.waiting;
    this.waiting = 0;
    this.running = events;
    this.answer = undefined;
    this.commands.write('go\n');
    return { pid, input: this.input, kill: () => this.kill(pid) };
  }

  close(): void {
    this.isOver = true;
    this.input.destroy();
    this.commands.destroy();
  }

  private kill(pid: number): void {
    if (this.running === undefined) return;
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It has ended by itself.
    }
  }

  private heard(line: string): void {
    const [word, number] = line.split(' ');
    if (word === 'pid') this.waiting = Number(number);
    else if (word === 'end') this.workerEnded(Number(number));
    else if (word === READY) this.running?.onReady();
    else this.answer = parseAnswer(line);
  }

  private workerEnded(status: number): void {
    const { answer, running } = this;
    this.running = undefined;
    if (answer === undefined || !('bytes' in answer)) this.close();
    running?.onEnd({ answer, signal: status > SIGNALLED ? status - SIGNALLED : 0 });
  }

  /** The shell itself is gone, and whatever it had started will find its input closed. */
  private ended(): void {
    this.close();
    const { running } = this;
    this.running = undefined;
    running?.onEnd({ answer: undefined, signal: this.shell.signalCode === null ? 0 : 9 });
  }
}
