/**
 * How long a string may grow: `proto-max-bulk-len`, the same limit as for a string that a client
 * sends. It keeps a typing error in an offset from taking all memory.
 */
import { constants } from 'node:buffer';
import { STRING_TOO_LONG } from '../../resp/errors.js';
import type { Call } from '../../server/api/call.js';
import { ClientFlag } from '../../server/api/client.js';

/** Longest string that fits one buffer with room to grow: what no configuration can lift. */
const MAX_STRING_BYTES = constants.MAX_LENGTH - 16 * 1024 * 1024;

/**
 * A master's writes pass: they were checked there.
 * @param bytes length that the string would get
 * @throws ReplyError when it would be too long
 */
export function checkStringLength(call: Call, bytes: number): void {
  checkStringFits(bytes);
  if (bytes <= call.server.config.values['proto-max-bulk-len']) return;
  if ((call.client.flags & ClientFlag.Master) === 0) throw STRING_TOO_LONG;
}

/** As `checkStringLength`, but only against what no configuration can lift. */
export function checkStringFits(bytes: number): void {
  if (bytes > MAX_STRING_BYTES) throw STRING_TOO_LONG;
}
