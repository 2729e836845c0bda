/**
 * An error reply, thrown by a handler to end its command.
 *
 * It is an answer to a client and no fault of the server, so it carries no stack trace: making one
 * costs microseconds, and a client can send bad arguments as fast as good ones. `text` begins with
 * the error code (`ERR`, `WRONGTYPE`, …), without the leading `-`.
 */
export class ReplyError {
  constructor(readonly text: string) {}

  /** The first word: what INFO errorstats counts by. */
  get code(): string {
    return errorCode(this.text);
  }
}

/** An error that a command is refused with before it does anything: it doesn't count as a call. */
export class Refusal extends ReplyError {}

/** Longest code that Redis takes for one. */
const CODE_MAX = 30;

/** The code of an error text: its first word; ERR where that is none (Redis: afterErrorReply). */
export function errorCode(text: string): string {
  const blank = text.indexOf(' ');
  return blank < 0 || blank > CODE_MAX ? 'ERR' : text.slice(0, blank);
}
