/** Up to which size collections keep their compact encodings, and how the tables behave. */
import { INT_MAX, INT_MIN, LONG_MAX } from './c-numbers.js';
import { integer, memory, yesNo } from './kinds-scalar.js';

const ELEMENTS = { min: 0, max: LONG_MAX, isUnsigned: true };
const BYTES = { min: 0, max: LONG_MAX, isUnsigned: true };

export const encodingDirectives = {
  'hash-max-listpack-entries': integer(ELEMENTS, 512, {
    alias: 'hash-max-ziplist-entries',
    about: 'A hash with more fields than this becomes a table.',
  }),
  'hash-max-listpack-value': memory(BYTES, 64, {
    alias: 'hash-max-ziplist-value',
    about: 'A hash with a longer field or value than this becomes a table.',
  }),
  'list-max-listpack-size': integer({ min: INT_MIN, max: INT_MAX }, -2, {
    alias: 'list-max-ziplist-size',
    about:
      'Size of a node of a list: a number of elements, or -1 to -5 for 4, 8, 16, 32 or 64 KiB.',
  }),
  'list-compress-depth': integer({ min: 0, max: INT_MAX }, 0, {
    about: 'How many nodes at either end of a list stay uncompressed. 0 compresses none.',
  }),
  'set-max-intset-entries': integer(ELEMENTS, 512, {
    about: 'A set of integers with more elements than this becomes a table.',
  }),
  'set-max-listpack-entries': integer(ELEMENTS, 128, {
    about: 'Any other set with more elements than this becomes a table.',
  }),
  'set-max-listpack-value': integer(ELEMENTS, 64, {
    about: 'A set with a longer element than this becomes a table.',
  }),
  'zset-max-listpack-entries': integer(ELEMENTS, 128, {
    alias: 'zset-max-ziplist-entries',
    about: 'A sorted set with more elements than this becomes a skip list.',
  }),
  'zset-max-listpack-value': memory(BYTES, 64, {
    alias: 'zset-max-ziplist-value',
    about: 'A sorted set with a longer element than this becomes a skip list.',
  }),
  'hll-sparse-max-bytes': memory(BYTES, 3000, {
    about: 'A HyperLogLog longer than this becomes dense.',
  }),
  'stream-node-max-bytes': memory(BYTES, 4096, {
    about: 'The most bytes in one node of a stream. 0 is no limit.',
  }),
  'stream-node-max-entries': integer({ min: 0, max: LONG_MAX }, 100, {
    about: 'The most entries in one node of a stream. 0 is no limit.',
  }),
  activerehashing: yesNo('yes', {
    about: 'Spend a little time on growing tables even while no command comes.',
  }),
};
