/** What the tools have of Node: output as bytes, written at once so that nothing is lost at the end. */
import { randomBytes } from 'node:crypto';
import { readFileSync, writeSync } from 'node:fs';
import { ProgressBar } from '../text/progress-bar.js';

export const STDOUT = 1;
export const STDERR = 2;

/** @param text latin1: a character per byte */
export function printTo(fd: number, text: string): void {
  const bytes = Buffer.from(text, 'latin1');
  for (let at = 0; at < bytes.length; ) {
    try {
      at += writeSync(fd, bytes, at);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      // A reader that is slow is waited for; one that has gone needs nothing more.
      if (code !== 'EAGAIN') return;
    }
  }
}

/** Where a tool prints: a progress bar on the same terminal makes room for each line. */
export class ToolOutput {
  private readonly bar: ProgressBar;

  /** @param label of the bar, which is on standard error */
  constructor(label: string) {
    const { columns, isTTY } = process.stderr;
    const write = (text: string): void => printTo(STDERR, text);
    this.bar = new ProgressBar(label, { columns, isTTY, write }, () => performance.now());
  }

  /** @param text latin1 */
  readonly print = (text: string): void => {
    this.bar.clear();
    printTo(STDOUT, text);
  };

  /** @param text latin1 */
  readonly printError = (text: string): void => {
    this.bar.clear();
    printTo(STDERR, text);
  };

  /** @param fraction how far the work has come, 0 to 1 */
  readonly progress = (fraction: number): void => this.bar.show(fraction);

  /** Takes the bar off. */
  end(): void {
    this.bar.clear();
  }
}

/** A number in [0, 1) that nobody can foresee. */
export function randomUnit(): number {
  return randomBytes(6).readUIntBE(0, 6) / 2 ** 48;
}

/** The version that a package names. @param file its package.json */
export function versionIn(file: URL): string {
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}
