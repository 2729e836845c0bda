/**
 * The server's log, by pino: in Redis's form on a terminal and in files (tools look for its
 * wording), or as JSON lines.
 *
 *     4711:M 21 Nov 2026 10:15:00.123 * Ready to accept connections tcp
 *
 * pid, role (M master, S replica, C child, X sentinel), time, level (. debug, - verbose, * notice,
 * # warning), message. Lines are written before the call returns, so that none is lost in a crash,
 * and a log file is opened anew for each, so that it can be rotated.
 */
import { appendFileSync, writeSync } from 'node:fs';
import { pino } from 'pino';
import type { Log } from './api/log.js';

export type LogLevel = 'debug' | 'verbose' | 'notice' | 'warning' | 'nothing';

const PINO_LEVELS = { debug: 20, verbose: 25, notice: 30, warning: 40 };
const MARKS: Record<number, string> = { 20: '.', 25: '-', 30: '*', 40: '#' };
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
  const stream = {
    write(line: string) {
      write(format === 'json' ? line : redisLine(line, role()));
    },
  };
  const logger = pino(
    {
      base: { pid: process.pid },
      level: pinoLevel(options.level),
      customLevels: PINO_LEVELS,
      useOnlyCustomLevels: true,
    },
    stream,
  );
  const log: ServerLog = {
    debug: (message) => logger.debug(message),
    verbose: (message) => logger.verbose(message),
    notice: (message) => logger.notice(message),
    warning: (message) => logger.warning(message),
    setLevel(level) {
      logger.level = pinoLevel(level);
    },
    setFormat(wanted) {
      format = wanted;
    },
  };
  return log;
}

function pinoLevel(level: LogLevel): string {
  return level === 'nothing' ? 'silent' : level;
}

function redisLine(json: string, role: string): string {
  const { level, time, pid, msg } = JSON.parse(json);
  return `${pid}:${role} ${redisTime(new Date(time))} ${MARKS[level]} ${msg}\n`;
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
