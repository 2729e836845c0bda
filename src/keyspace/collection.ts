/**
 * Where big collections keep their blocks.
 *
 * Up to OWN_ARENA_MEMBERS members a collection shares its database's arena: it costs no segments of
 * its own, and freeing so many blocks one by one takes well under a millisecond. Beyond, it moves to
 * an arena of its own: deleting it then means to throw that arena away, whatever its size.
 */
export const OWN_ARENA_MEMBERS = 4096;
