/**
 * How much work it would be to free a value piece by piece, in allocations: what Redis goes by when it
 * decides whether a value is freed by another thread. Here no value is freed at once that is big; the
 * number only says which are counted as freed lazily (INFO's lazyfreed_objects).
 */
import type { Quicklist } from '../datastructs/quicklist.js';
import type { Database } from './database.js';
import type { HashTable } from './hash/hash-table.js';
import { Kind } from './kinds.js';
import type { DictSet } from './set/dict-set.js';
import type { Stream } from './stream/stream.js';
import type { ZsetSkiplist } from './zset/zset-skiplist.js';

/** From more than this on a value is freed lazily, when it may be (Redis: LAZYFREE_THRESHOLD). */
export const LAZY_FREE_FROM = 64;

export function freeEffort(db: Database, e: number): number {
  switch (db.kind(e)) {
    case Kind.ListQuicklist:
      return (db.objectOf(e) as Quicklist).nodes.length;
    case Kind.SetDict:
      return (db.objectOf(e) as DictSet).size;
    case Kind.ZsetSkiplist:
      return (db.objectOf(e) as ZsetSkiplist).size;
    case Kind.HashDict:
    case Kind.HashDictEx:
      return (db.objectOf(e) as HashTable).size;
    case Kind.Stream:
      return streamEffort(db.objectOf(e) as Stream);
    default:
      return 1;
  }
}

/** The first group stands for all. */
function streamEffort({ nodes, groups }: Stream): number {
  let effort = nodes.nodes;
  if (groups !== undefined) {
    for (const group of groups) {
      effort += groups.size * (1 + group.pel.size);
      break;
    }
  }
  return effort;
}
