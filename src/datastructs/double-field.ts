/**
 * What a counter's field begins with, before its constructor sets it to 0, when it may grow beyond
 * 2^31 or get a fraction.
 *
 * V8 keeps a field that has only held small integers as such; the first other number in it makes a
 * new hidden class, and all compiled code that knew the old one is thrown away: some tens of
 * milliseconds of slow turns, in the middle of a busy hour. A field that has held a fraction is a
 * double from the start.
 */
export const DOUBLE_FIELD = 0.5;
