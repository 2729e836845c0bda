/** The error for a subcommand with arguments that its arity allows and its forms don't. */
import { ReplyError } from '../resp/reply-error.js';
import type { Call } from '../server/api/call.js';
import { untilNul } from '../text/c-string.js';

/** Longest part of the word that is quoted back. */
const QUOTED_MAX = 128;

export function badSubcommand({ args }: Call): ReplyError {
  const subcommand = untilNul(args.text(1)).slice(0, QUOTED_MAX);
  const container = untilNul(args.text(0)).toUpperCase();
  return new ReplyError(
    `ERR unknown subcommand or wrong number of arguments for '${subcommand}'. Try ${container} HELP.`,
  );
}
