/**
 * The one error that a bad configuration ends in, wherever it was read: a file, the command line,
 * standard input, or the options of createServer.
 */

export type ConfigErrorCode =
  /** No directive has this name, or not with so many arguments. */
  | 'UNKNOWN_DIRECTIVE'
  /** The directive does not take this value. */
  | 'BAD_VALUE'
  /** The line cannot be split into words. */
  | 'BAD_LINE'
  /** A config file, or the log file, cannot be opened. */
  | 'UNREADABLE_FILE'
  /** Includes are nested too deep, most likely in a circle. */
  | 'TOO_MANY_INCLUDES'
  /** Two directives contradict each other. */
  | 'CONFLICT';

export interface ConfigErrorPlace {
  /** The config file; '-' is standard input; undefined the command line or the options. */
  readonly file?: string;
  /** Counted from 1, as Redis counts: command line options follow the file's last line. */
  readonly line?: number;
  /** The line itself. */
  readonly text?: string;
  readonly directive?: string;
}

export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly code: ConfigErrorCode;
  /** What is wrong, in Redis's words where Redis has any. */
  readonly reason: string;
  readonly file?: string;
  readonly line?: number;
  readonly text?: string;
  readonly directive?: string;

  constructor(code: ConfigErrorCode, reason: string, place: ConfigErrorPlace = {}) {
    super(oneLine(reason, place));
    this.code = code;
    this.reason = reason;
    this.file = place.file;
    this.line = place.line;
    this.text = place.text;
    this.directive = place.directive;
  }
}

function oneLine(reason: string, { file, line, text, directive }: ConfigErrorPlace): string {
  const place = [file, line].filter((part) => part !== undefined).join(':');
  const subject = text ?? directive;
  return [place, subject, reason].filter((part) => part !== undefined && part !== '').join(': ');
}

/**
 * The error as a server that is being started prints it, in the lines that tools look for in
 * Redis's; the name of the file is ours and comes last.
 */
export function fatalConfigText(error: ConfigError, redisVersion: string): string {
  if (error.code === 'UNREADABLE_FILE' && error.line === undefined) return `${error.reason}\n`;
  const lines = ['', `*** FATAL CONFIG FILE ERROR (Redis ${redisVersion}) ***`];
  if (error.line !== undefined) {
    lines.push(`Reading the configuration file, at line ${error.line}`, `>>> '${error.text}'`);
  }
  lines.push(error.reason);
  if (error.file !== undefined) lines.push(`(${fileText(error.file)})`);
  return `${lines.join('\n')}\n`;
}

function fileText(file: string): string {
  return file === '-' ? 'standard input' : file;
}
