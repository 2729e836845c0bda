/**
 * How much a command answers that draws members again and again (SRANDMEMBER, HRANDFIELD and
 * ZRANDMEMBER with a negative count). Redis has no limit: a count of -2^62 fills the memory, and the
 * server is killed.
 */
import { ReplyError } from '../resp/reply-error.js';
import type { ReplyWriter } from '../resp/reply-writer.js';

const MAX_DRAWN_BYTES = 512 * 1024 * 1024;
const DRAWN_TOO_MUCH = new ReplyError('ERR value is out of range, the reply would be over 512 MB');

/**
 * To be called before each draw.
 * @throws ReplyError when the reply is too long already, or nobody will get it
 */
export function checkDrawn(reply: ReplyWriter): void {
  if (reply.size > MAX_DRAWN_BYTES || reply.isAbandoned) throw DRAWN_TOO_MUCH;
}
