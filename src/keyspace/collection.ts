/**
 * Where big collections keep their blocks.
 *
 * Up to OWN_ARENA_MEMBERS members a collection shares its database's arena: it costs no segments of
 * its own, and freeing so many blocks one by one takes well under a millisecond. Beyond, it moves to
 * an arena of its own: deleting it then means to throw that arena away, whatever its size.
 */
import type { Dict } from '../datastructs/dict.js';

export const OWN_ARENA_MEMBERS = 4096;

/** Moves the blocks of a dict's entries: OwnedObject.evacuate for collections that are one. */
export function* evacuateDict(dict: Dict, count: number): Generator<void> {
  for (let e = 1; e < dict.entryTop; e++) {
    if (dict.isUsed(e)) dict.moveBlock(e);
    if (e % count === 0) yield;
  }
}
