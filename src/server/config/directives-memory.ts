/** The memory limit, what is evicted at it, expiry, lazy freeing, defragmentation, tracking. */
import { INT_MAX, LONG_MAX } from './c-numbers.js';
import { ANY_SIZE, integer, memory, memoryOrPercent, oneOf, yesNo } from './kinds-scalar.js';

const COUNT = { min: 0, max: INT_MAX };
const MIB = 1024 ** 2;

export const memoryDirectives = {
  maxmemory: memory(ANY_SIZE, 0, {
    about: 'The most memory that data may take. 0 is no limit.',
  }),
  'maxmemory-policy': oneOf(
    [
      'volatile-lru',
      'volatile-lfu',
      'volatile-random',
      'volatile-ttl',
      'allkeys-lru',
      'allkeys-lfu',
      'allkeys-random',
      'noeviction',
    ],
    'noeviction',
    {
      about:
        'What goes when memory is full: the key used longest ago (lru), used least (lfu), a ' +
        'random one, the one that expires next (ttl), of all keys or of those that expire ' +
        '(volatile); or nothing, and writes fail.',
    },
  ),
  'maxmemory-samples': integer({ min: 1, max: INT_MAX }, 5, {
    about: 'How many keys are compared to find one to evict: more is more exact and slower.',
  }),
  'maxmemory-eviction-tenacity': integer({ min: 0, max: 100 }, 10, {
    about: 'How long eviction may hold up clients, from 0 (little) to 100 (until it is done).',
  }),
  'replica-ignore-maxmemory': yesNo('yes', {
    alias: 'slave-ignore-maxmemory',
    about: 'Leave eviction to the master.',
  }),
  'maxmemory-clients': memoryOrPercent({ maxPercent: 100, max: LONG_MAX }, 0, {
    about:
      'The most memory that all clients together may take, or a percentage of maxmemory; the ' +
      'biggest are closed above it. 0 is no limit.',
  }),
  'active-expire-effort': integer({ min: 1, max: 10 }, 1, {
    about: 'How hard to look for expired keys, from 1 to 10.',
  }),
  'lfu-log-factor': integer(COUNT, 10, {
    about: 'How slowly the use counter of a key grows under an lfu policy.',
  }),
  'lfu-decay-time': integer(COUNT, 1, {
    about: 'Minutes after which the use counter of a key is lowered by one. 0 never does.',
  }),
  'tracking-table-max-keys': integer({ min: 0, max: LONG_MAX, isUnsigned: true }, 1000000, {
    about: 'How many keys are remembered for client-side caching. 0 is no limit.',
  }),
};

export const lazyFreeDirectives = {
  'lazyfree-lazy-eviction': yesNo('no', {
    about: 'Free evicted values later.',
  }),
  'lazyfree-lazy-expire': yesNo('no', {
    about: 'Free expired values later.',
  }),
  'lazyfree-lazy-server-del': yesNo('no', {
    about: 'Free values later that a command replaces, such as RENAME.',
    note:
      'respd never frees big values at once; this decides only whether such a deletion is propagated ' +
      'as UNLINK or as DEL.',
  }),
  'replica-lazy-flush': yesNo('no', {
    alias: 'slave-lazy-flush',
    about: 'Free the old data later when a replica gets a new snapshot.',
  }),
  'lazyfree-lazy-user-del': yesNo('no', {
    about: 'Let DEL do what UNLINK does.',
  }),
  'lazyfree-lazy-user-flush': yesNo('no', {
    about: 'Let FLUSHDB and FLUSHALL be ASYNC when they do not say.',
  }),
};

export const defragDirectives = {
  activedefrag: yesNo('no', {
    about: 'Move values together while the server runs, so that memory can be given back.',
    alsoRead: ['active-defrag-enabled'],
  }),
  'active-defrag-ignore-bytes': memory({ min: 1, max: LONG_MAX, isUnsigned: true }, 100 * MIB, {
    about: 'Start only when at least this much memory is wasted.',
  }),
  'active-defrag-threshold-lower': integer({ min: 0, max: 1000 }, 10, {
    about: 'Start only when at least this percentage of memory is wasted.',
  }),
  'active-defrag-threshold-upper': integer({ min: 0, max: 1000 }, 100, {
    about: 'The percentage of waste at which it works as hard as it may.',
  }),
  'active-defrag-cycle-min': integer({ min: 1, max: 99 }, 1, {
    about: 'Percentage of CPU time it takes at the lower threshold.',
  }),
  'active-defrag-cycle-max': integer({ min: 1, max: 99 }, 25, {
    about: 'Percentage of CPU time it takes at the upper threshold.',
  }),
  'active-defrag-max-scan-fields': integer({ min: 1, max: LONG_MAX }, 1000, {
    about: 'Collections with more elements than this are worked on in steps of their own.',
  }),
  'jemalloc-bg-thread': yesNo('yes', {
    about: 'Let the allocator give memory back to the system in a thread of its own.',
    note: 'respd does not use jemalloc: kept and shown, without effect.',
  }),
};
