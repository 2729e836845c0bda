/**
 * The server's log: in Redis's form on a terminal and in files (tools look for its wording), or as
 * pino's JSON lines. Pino is loaded for these only: that takes a quarter of the time of a start.
 *
 *     4711:M 21 Nov 2026 10:15:00.123 * Ready to accept connections tcp
 *
 * pid, role (M master, S replica, C child, X sentinel), time, level (. debug, - verbose, * notice,
 * # warning), message. Lines are written before the call returns, so that none is lost in a crash,
 * and a log file is opened anew for each, so that it can be rotated.
 */
import { appendFileSync, writeSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { pino as Pino } from 'pino';
import type { Log } from './api/log.js';

export type LogLevel = 'debug' | 'verbose' | 'notice' | 'warning' | 'nothing';

const LEVELS = { debug: 20, verbose: 25, notice: 30, warning: 40 };
const MARKS = { debug: '.', verbose: '-', notice: '*', warning: '#' };
type LineLevel = keyof typeof LEVELS;
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

export type LogFormat = 'redis' | 'json';

export interface LogOptions {
  level: LogLevel;
  /** A file's path; '' is standard output. */
  file: string;
  format: LogFormat;
  /** The role's letter. */
  role?: () => string;
}

export interface ServerLog extends Log {
  /** Called before each line: what else is on the terminal may have to go. */
  beforeLine?: () => void;
  setLevel(level: LogLevel): void;
  setFormat(format: LogFormat): void;
}

/** Opens the log. @throws Error when the file can't be written */
export function openLog(options: LogOptions): ServerLog {
  const { file, role = () => 'M' } = options;
  let { format } = options;
  const write = (text: string) => {
    log.beforeLine?.();
    if (file === '') writeAll(text);
    else appendFileSync(file, text);
  };
  if (file !== '') appendFileSync(file, '');
  let threshold = thresholdOf(options.level);
  let json: ReturnType<typeof jsonLogger> | undefined;
  const line = (level: LineLevel, message: string) => {
    if (LEVELS[level] < threshold) return;
    if (format === 'json') {
      json ??= jsonLogger(write);
      json[level](message);
    } else write(`${process.pid}:${role()} ${redisTime(new Date())} ${MARKS[level]} ${message}\n`);
  };
  const log: ServerLog = {
    debug: (message) => line('debug', message),
    verbose: (message) => line('verbose', message),
    notice: (message) => line('notice', message),
    warning: (message) => line('warning', message),
    setLevel(level) {
      threshold = thresholdOf(level);
    },
    setFormat(wanted) {
      format = wanted;
    },
  };
  return log;
}

function thresholdOf(level: LogLevel): number {
  return level === 'nothing' ? Number.POSITIVE_INFINITY : LEVELS[level];
}

/** What is below the level never comes to it. */
function jsonLogger(write: (text: string) => void) {
  const { pino } = createRequire(import.meta.url)('pino') as { pino: typeof Pino };
  const options = {
    base: { pid: process.pid },
    level: 'debug',
    customLevels: LEVELS,
    useOnlyCustomLevels: true,
  } as const;
  return pino(options, { write });
}

/** `21 Nov 2026 10:15:00.123`, local time. */
export function redisTime(date: Date): string {
  const two = (n: number) => String(n).padStart(2, '0');
  const day = `${two(date.getDate())} ${MONTHS[date.getMonth()]} ${date.getFullYear()}`;
  const time = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
  return `${day} ${time}.${String(date.getMilliseconds()).padStart(3, '0')}`;
}

/** Writes to standard output, also when it is a pipe that is full for a moment. */
function writeAll(text: string): void {
  let bytes = Buffer.from(text);
  for (let tries = 0; bytes.length > 0 && tries < 1000; tries++) {
    try {
      bytes = bytes.subarray(writeSync(1, bytes));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') return;
    }
  }
}
