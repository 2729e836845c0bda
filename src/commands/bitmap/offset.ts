/**
 * Bit offsets: bit 0 is the highest bit of a string's first byte.
 *
 * An offset may address any byte that a string may have (`proto-max-bulk-len`, 512 MB by default).
 */
import { ReplyError } from '../../resp/reply-error.js';
import type { Call } from '../../server/api/call.js';
import { ClientFlag } from '../../server/api/client.js';
import { parseInt64 } from '../../text/int64.js';

const INVALID_OFFSET = new ReplyError('ERR bit offset is not an integer or out of range');
const HASH = 35;

/** Argument `i` as a bit offset. @throws ReplyError when it is none or beyond the limit */
export function bitOffset(call: Call, i: number): number {
  return checked(call, call.args.int(i, INVALID_OFFSET));
}

/** As `bitOffset`; `#n` is the n-th field of `width` bits. */
export function fieldOffset(call: Call, i: number, width: number): number {
  const { args } = call;
  const off = args.off(i);
  const len = args.len(i);
  if (len === 0 || args.buf[off] !== HASH) return bitOffset(call, i);
  const index = parseInt64(args.buf, off + 1, len - 1);
  if (index === undefined) throw INVALID_OFFSET;
  // Redis multiplies in 64 bits, and takes what comes out of an overflow.
  return checked(call, Number(BigInt.asIntN(64, index * BigInt(width))));
}

function checked(call: Call, offset: number): number {
  if (offset < 0) throw INVALID_OFFSET;
  const limit = call.server.config.values['proto-max-bulk-len'];
  if (Math.floor(offset / 8) < limit) return offset;
  if ((call.client.flags & ClientFlag.Master) === 0) throw INVALID_OFFSET;
  return offset;
}
