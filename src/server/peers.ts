/** Who is at the other end of a connection that is none of a network. */
import type { Peer } from './clients.js';

/** What a stream shows for its addresses. */
export const INSIDE: Peer = {
  addr: 'stream:0',
  laddr: 'stream:0',
  isLocal: true,
  isUnixSocket: false,
};
