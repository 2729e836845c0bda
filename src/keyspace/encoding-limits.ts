/**
 * Up to which size collections keep their compact encodings: the configuration's `*-max-listpack-*`
 * and their like, as fields, because every write looks at them. CONFIG SET keeps them up to date
 * (server/follow-config.ts); a value already stored keeps its encoding until it is changed.
 */
import { PACKED_THRESHOLD } from '../datastructs/quicklist-limits.js';

export class EncodingLimits {
  /** Fields of a hash, and bytes of a field or value. */
  hashMaxListpackEntries = 512;
  hashMaxListpackValue = 64;
  /** Elements of a list's node; -1 to -5: 4, 8, 16, 32, 64 KiB. */
  listMaxListpackSize = -2;
  /** Nodes at either end of a list that are never compressed; 0: none is. */
  listCompressDepth = 0;
  /** Bytes from which on an element of a list has a node by itself (DEBUG QUICKLIST-PACKED-THRESHOLD). */
  listPackedThreshold = PACKED_THRESHOLD;
  setMaxIntsetEntries = 512;
  setMaxListpackEntries = 128;
  setMaxListpackValue = 64;
  zsetMaxListpackEntries = 128;
  zsetMaxListpackValue = 64;
  /** Bytes and entries of a stream's node; 0: no limit. */
  streamNodeMaxBytes = 4096;
  streamNodeMaxEntries = 100;
}
