/**
 * Where a stream's blocks are, and how much there is of them: shared by the stream and its groups.
 *
 * As other collections (see collection.ts), a stream begins in its database's arena and moves to
 * one of its own when freeing its blocks one by one would take too long. Its blocks are macro nodes
 * of some kilobytes, pending entries of 24 bytes, and nodes of radix trees; the first count by their
 * bytes, so that the move itself stays short, the others by their number.
 */
import type { Arena } from '../../datastructs/arena.js';
import { DOUBLE_FIELD } from '../../datastructs/double-field.js';
import { OWN_ARENA_MEMBERS } from '../collection.js';

/** Bytes of macro nodes from which on a stream has its own arena. */
export const OWN_ARENA_BYTES = 1024 * 1024;

export class StreamHome {
  /** Whether the arena is this stream's alone. */
  owned = false;
  /** Bytes of the macro nodes, each rounded to its class. */
  nodeBytes = DOUBLE_FIELD;
  /** Pending entries of all groups. */
  pending = 0;
  /** Consumers of all groups. */
  consumers = 0;

  constructor(public arena: Arena) {
    this.nodeBytes = 0;
  }

  /** Whether the stream has become too big to share an arena. */
  get isCramped(): boolean {
    if (this.owned) return false;
    return this.nodeBytes > OWN_ARENA_BYTES || this.pending > OWN_ARENA_MEMBERS;
  }
}
