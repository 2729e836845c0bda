/**
 * Error texts that more than one command answers with, to the byte as Redis says them.
 *
 * A text that only one command uses stands in that command's module. Texts carry their code and no
 * leading `-`.
 */
import { ReplyError } from './reply-error.js';

export const SYNTAX_ERROR = new ReplyError('ERR syntax error');
export const WRONG_TYPE = new ReplyError(
  'WRONGTYPE Operation against a key holding the wrong kind of value',
);
export const NO_SUCH_KEY = new ReplyError('ERR no such key');
export const NOT_AN_INTEGER = new ReplyError('ERR value is not an integer or out of range');
export const NOT_AN_INT32 = new ReplyError(
  'ERR value is out of range, value must between -2147483648 and 2147483647',
);
export const NOT_A_FLOAT = new ReplyError('ERR value is not a valid float');
export const MUST_BE_POSITIVE = new ReplyError('ERR value is out of range, must be positive');
export const SAME_OBJECT = new ReplyError('ERR source and destination objects are the same');
export const DB_INDEX_OUT_OF_RANGE = new ReplyError('ERR DB index is out of range');
export const STRING_TOO_LONG = new ReplyError(
  'ERR string exceeds maximum allowed size (proto-max-bulk-len)',
);

export const LOADING = 'LOADING Redis is loading the dataset in memory';
export const NO_CONFIG_FILE = new ReplyError('ERR The server is running without a config file');

/** `invalid expire time in 'set' command`: a time to live that is zero, negative or overflows. */
export function invalidExpire(command: string): ReplyError {
  return new ReplyError(`ERR invalid expire time in '${command}' command`);
}

export function wrongArity(command: string): ReplyError {
  return new ReplyError(`ERR wrong number of arguments for '${command}' command`);
}
