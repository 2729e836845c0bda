/**
 * A progress bar on the last line of a terminal, where a person waits:
 *
 *     Loading  [############----------------]  43 %, 12 s left
 *
 * It is drawn anew at most ten times a second, not at all in the first half second, and leaves an empty
 * line behind. Other output to the terminal is to be preceded by `clear`; the next `show` draws it again.
 */

/** Where the bar is drawn: process.stderr, say. */
export interface TerminalStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

/** Nothing is drawn before so long, and then not more often than that. */
const PATIENCE_MS = 500;
const PERIOD_MS = 100;
const WIDTH_MAX = 50;
/** Columns for all but the label and the bar. */
const REST_COLUMNS = 32;
const COLUMNS = 80;
/** To the line's beginning, and all behind it away. */
const CLEAR = '\r\x1b[K';

export class ProgressBar {
  private readonly began: number;
  private drawn: number;
  private isShown = false;

  /** @param now milliseconds of a clock that never goes back */
  constructor(
    private readonly label: string,
    private readonly terminal: TerminalStream,
    private readonly now: () => number,
  ) {
    this.began = now();
    this.drawn = this.began + PATIENCE_MS - PERIOD_MS;
  }

  /** Shows how far it has come. @param fraction 0 to 1 */
  show(fraction: number): void {
    if (this.terminal.isTTY !== true) return;
    const now = this.now();
    if (now - this.drawn < PERIOD_MS) return;
    this.drawn = now;
    this.isShown = true;
    this.terminal.write(CLEAR + this.line(Math.min(Math.max(fraction, 0), 1), now - this.began));
  }

  /** Takes the bar off, for now or for good. */
  clear(): void {
    if (!this.isShown) return;
    this.isShown = false;
    this.drawn = Number.NEGATIVE_INFINITY;
    this.terminal.write(CLEAR);
  }

  private line(fraction: number, passedMs: number): string {
    const { label, terminal } = this;
    const room = (terminal.columns || COLUMNS) - label.length - REST_COLUMNS;
    const width = Math.min(Math.max(room, 0), WIDTH_MAX);
    const full = Math.floor(fraction * width);
    const bar = width === 0 ? '' : `[${'#'.repeat(full)}${'-'.repeat(width - full)}]  `;
    const percent = String(Math.floor(fraction * 100)).padStart(3);
    const left = fraction === 0 ? '' : `, ${duration((passedMs * (1 - fraction)) / fraction)} left`;
    return `${label}  ${bar}${percent} %${left}`;
  }
}

function duration(ms: number): string {
  const seconds = Math.ceil(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
