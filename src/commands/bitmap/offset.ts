/**
 * Bit offsets: bit 0 is the highest bit of a string's first byte.
 *
 * An offset may address any byte that a string may have (`proto-max-bulk-len`, 512 MB by default).
 */
import { ReplyError } from '../../resp/reply-error.js';
import type { Call } from '../../server/api/call.js';
import { ClientFlag } from '../../server/api/client.js';

const INVALID_OFFSET = new ReplyError('ERR bit offset is not an integer or out of range');

/** Argument `i` as a bit offset. @throws ReplyError when it is none or beyond the limit */
export function bitOffset(call: Call, i: number): number {
  const offset = call.args.int(i, INVALID_OFFSET);
  if (offset < 0) throw INVALID_OFFSET;
  const limit = call.server.config.values['proto-max-bulk-len'];
  if (Math.floor(offset / 8) < limit) return offset;
  if ((call.client.flags & ClientFlag.Master) === 0) throw INVALID_OFFSET;
  return offset;
}
