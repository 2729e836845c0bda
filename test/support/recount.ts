/**
 * Counts anew how much memory a keyspace takes: by a walk over every table and every block that
 * something refers to, and not from any of the counters that are kept while it changes.
 *
 *     keyspace -> databases -> dict, tables of deadlines -> typed arrays, by their length
 *                          `-> keys -> blocks, by the lengths that stand in them
 *                                  `-> objects -> their tables, and their blocks
 *
 * Every block that is found is noted by its arena. In the end an arena must hold just these blocks:
 * one that it counts and nobody refers to is lost, one that two refer to is in use twice.
 */
import {
  type Arena,
  blockBytes,
  SEGMENT_MASK,
  SEGMENT_SHIFT,
} from '../../src/datastructs/arena.js';
import { blockSize } from '../../src/datastructs/block-lengths.js';
import type { Dict } from '../../src/datastructs/dict.js';
import { Quicklist } from '../../src/datastructs/quicklist.js';
import type { Rax } from '../../src/datastructs/rax.js';
import { KEY, NodeView, nodeBytes, slotCount } from '../../src/datastructs/rax-node.js';
import { readWord } from '../../src/datastructs/words.js';
import type { Database } from '../../src/keyspace/database.js';
import type { ExpiryTable } from '../../src/keyspace/expiry-table.js';
import { HashTable } from '../../src/keyspace/hash/hash-table.js';
import type { Keyspace } from '../../src/keyspace/keyspace.js';
import { isObject } from '../../src/keyspace/kinds.js';
import { LargeString, type OwnedObject } from '../../src/keyspace/object-table.js';
import { DictSet } from '../../src/keyspace/set/dict-set.js';
import { CONSUMER_BYTES, GROUP_BYTES } from '../../src/keyspace/stream/consumer-group.js';
import { PENDING_BYTES } from '../../src/keyspace/stream/pending.js';
import { Stream } from '../../src/keyspace/stream/stream.js';
import { ZsetSkiplist } from '../../src/keyspace/zset/zset-skiplist.js';

const PAGE_BYTES = 64 * 1024;
const PAGE_SHIFT = 13;
const UNIT_BYTES = 8;
/** The class of pages that belong to a block longer than one. */
const LARGE_PAGE = 255;
const LONGEST_SMALL_BLOCK = 32768;
/** What objects without tables are said to take on the JavaScript heap. */
const STREAM_BYTES = 820;
const LIST_BYTES = 320;
/** A list's node: eight words. */
const NODE_WORDS = 8;
const NODE_BLOCK = 2;
const NODE_ROOM = 7;
const NODE_NEXT = 1;

/** Sizes of an arena's classes, by their numbers. */
const CLASS_SIZES: readonly number[] = (() => {
  const sizes = new Set([0]);
  for (let size = 1; size <= LONGEST_SMALL_BLOCK; size += UNIT_BYTES) sizes.add(blockBytes(size));
  return [...sizes];
})();

/** What the walk reads though it is nobody's business. */
interface DictInside {
  entries: Int32Array[];
  table: Int32Array;
  table1: Int32Array;
  spare: { table: Int32Array };
}

export interface Recounted {
  /** Bytes of all data and tables. */
  readonly bytes: number;
  /** What is not as it should be, in words. */
  readonly faults: readonly string[];
}

/** Counts a whole keyspace. */
export function recount(keyspace: Keyspace): Recounted {
  const walk = new Recount();
  let bytes = 0;
  for (const db of keyspace.databases) bytes += walk.database(db);
  walk.expectEqual('the keyspace', keyspace.usedBytes, bytes);
  return { bytes, faults: walk.faults };
}

export class Recount {
  readonly faults: string[] = [];
  /** Bytes by address, by arena. */
  private readonly blocks = new Map<Arena, Map<number, number>>();
  private where = '';

  /** @returns all bytes that a database takes */
  database(db: Database): number {
    const name = `db${db.index}`;
    this.where = name;
    let tables = this.tablesOf(db.dict) + deadlines(db.expires) + deadlines(db.fieldExpires);
    this.expectEqual('tables', db.dict.tableBytes, this.tablesOf(db.dict));
    let objects = 0;
    const seen = new Set<unknown>();
    this.blocksOf(db.dict);
    let keys = 0;
    for (let e = 1; e < db.dict.entryTop; e++) {
      if (!db.dict.isUsed(e)) continue;
      keys++;
      if (!isObject(db.kind(e))) continue;
      this.where = `${name}, key ${db.keyName(e).toString('latin1').slice(0, 80)}`;
      const object = db.objectOf(e) as OwnedObject;
      if (seen.has(object)) this.fault('an object has two keys');
      seen.add(object);
      const own = this.object(object, db.arena);
      this.expectEqual('the object', object.memoryBytes, own);
      this.expectEqual('what the database has counted of it', object.accountedBytes, own);
      objects += own;
    }
    this.where = name;
    this.expectEqual('keys', db.size, keys);
    this.expectEqual('objects', db.objects.size, seen.size);
    this.expectEqual("all objects' bytes", db.objectBytes, objects);
    this.expectEqual('deadlines', db.expires.bytes, deadlines(db.expires));
    this.expectEqual("fields' deadlines", db.fieldExpires.bytes, deadlines(db.fieldExpires));
    tables += objects + this.arena(db.arena);
    this.expectEqual('all of it', db.usedBytes, tables);
    return tables;
  }

  /** Notes a fault unless both numbers are the same. */
  expectEqual(what: string, kept: number, found: number): void {
    if (kept !== found) this.fault(`${what}: ${kept} is kept, ${found} found`);
  }

  /** @returns bytes of an arena's blocks, all of which have been found */
  arena(arena: Arena): number {
    const found = this.blocks.get(arena) ?? new Map<number, number>();
    let bytes = 0;
    for (const size of found.values()) bytes += size;
    this.expectEqual("the arena's bytes", arena.usedBytes, bytes);
    this.expectEqual("the arena's blocks", arena.blocks, found.size);
    const lost = arena.leaks().filter(({ address }) => !found.has(address));
    if (lost.length > 0)
      this.fault(`${lost.length} blocks are lost, the first at ${lost[0]!.address}`);
    return bytes;
  }

  /** Notes the nodes of a tree. @param visit is given each value */
  tree(rax: Rax, visit: (value: number) => void): void {
    const view = new NodeView();
    const pending: number[] = [];
    const follow = (slot: number) => {
      if (slot > 0) pending.push(slot);
      else if (slot < 0) visit(~slot);
    };
    let bytes = 0;
    let keys = 0;
    follow(rax.root);
    for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
      const { words, slots, header } = view.open(rax.arena, node);
      const size = nodeBytes(header);
      bytes += blockBytes(size);
      this.block(rax.arena, node, size);
      if ((header & KEY) !== 0) {
        keys++;
        visit(words[slots - 1]!);
      }
      const end = slots + slotCount(header);
      for (let at = slots; at < end; at++) {
        if (words[at]! < 0) keys++;
        follow(words[at]!);
      }
    }
    if (rax.root < 0) keys++;
    this.expectEqual("a tree's bytes", rax.bytes, bytes);
    this.expectEqual("a tree's keys", rax.size, keys);
  }

  /** @returns what of an object is not in the database's arena */
  private object(object: OwnedObject, shared: Arena): number {
    const before = this.sumOf(shared);
    const own = this.ownOf(object, shared);
    this.expectEqual('its shared blocks', object.sharedBytes, this.sumOf(shared) - before);
    return own;
  }

  private ownOf(object: OwnedObject, shared: Arena): number {
    if (object instanceof LargeString) return object.buf.byteLength;
    if (object instanceof DictSet) return this.hashed(object.dict, shared);
    if (object instanceof HashTable) {
      const { deadlines: table } = object as unknown as { deadlines: ExpiryTable | undefined };
      return this.hashed(object.dict, shared) + (table === undefined ? 0 : deadlines(table));
    }
    if (object instanceof ZsetSkiplist) {
      const { scores } = object.list as unknown as { scores: Float64Array[] };
      return this.hashed(object.dict, shared) + sum(scores);
    }
    if (object instanceof Quicklist) return this.list(object, shared);
    if (object instanceof Stream) return this.stream(object, shared);
    this.fault(`an object that nobody knows: ${object.constructor.name}`);
    return 0;
  }

  /** A dict of members or fields, in the database's arena or one of its own. */
  private hashed(dict: Dict, shared: Arena): number {
    this.blocksOf(dict);
    const own = dict.arena === shared ? 0 : this.arena(dict.arena);
    this.expectEqual("the dict's tables", dict.tableBytes, this.tablesOf(dict));
    return this.tablesOf(dict) + own;
  }

  private list({ nodes }: Quicklist, shared: Arena): number {
    const { arena, table } = nodes as unknown as { arena: Arena; table: Int32Array };
    let length = 0;
    for (let n = nodes.head; n !== 0; n = table[n * NODE_WORDS + NODE_NEXT]!) {
      this.block(arena, table[n * NODE_WORDS + NODE_BLOCK]!, table[n * NODE_WORDS + NODE_ROOM]!);
      length++;
    }
    this.expectEqual("the list's nodes", nodes.length, length);
    return LIST_BYTES + table.byteLength + (arena === shared ? 0 : this.arena(arena));
  }

  private stream(stream: Stream, shared: Arena): number {
    const { groups, home, nodes, tail, tailCapacity } = stream;
    const { arena } = home;
    let nodesBytes = 0;
    this.tree(nodes, (address) => {
      const length = readWord(arena.bytes[address >>> SEGMENT_SHIFT]!, offset(address));
      const size = address === tail ? tailCapacity : length;
      nodesBytes += blockBytes(size);
      this.block(arena, address, size);
    });
    this.expectEqual("the nodes' bytes", home.nodeBytes, nodesBytes);
    let bytes = STREAM_BYTES;
    let pending = 0;
    if (groups !== undefined) {
      this.tree(groups.rax, () => {});
      for (const group of groups) {
        bytes += GROUP_BYTES;
        const owned = new Set<number>();
        this.tree(group.consumers.rax, () => {});
        for (const consumer of group.consumers) {
          bytes += CONSUMER_BYTES;
          this.tree(consumer.pel, (address) => owned.add(address));
        }
        this.tree(group.pel, (address) => {
          pending++;
          this.block(arena, address, PENDING_BYTES);
          if (!owned.delete(address)) this.fault('an entry is pending for no consumer');
        });
        if (owned.size > 0) this.fault('an entry is pending for a consumer, and not in its group');
      }
    }
    this.expectEqual('pending entries', home.pending, pending);
    if (home.owned !== (arena !== shared)) this.fault('it does not know whose its arena is');
    return bytes + (arena === shared ? 0 : this.arena(arena));
  }

  /** Notes the blocks of a dict's entries. */
  private blocksOf(dict: Dict): void {
    let size = 0;
    for (let e = 1; e < dict.entryTop; e++) {
      if (!dict.isUsed(e)) continue;
      size++;
      dict.locate(e);
      this.block(dict.arena, dict.blockOf(e), blockSize(dict.keyLen, dict.valLen));
    }
    this.expectEqual("a dict's entries", dict.size, size);
  }

  private tablesOf(dict: Dict): number {
    const { entries, table, table1, spare } = dict as unknown as DictInside;
    return sum([...entries, table, table1, spare.table]);
  }

  /** Notes a block. @param size that its owner thinks it was asked for with */
  private block(arena: Arena, address: number, size: number): void {
    let blocks = this.blocks.get(arena);
    if (blocks === undefined) this.blocks.set(arena, (blocks = new Map()));
    if (blocks.has(address)) this.fault(`block ${address} belongs to two`);
    const bytes = blockBytes(size);
    blocks.set(address, bytes);
    const { pageClass } = arena as unknown as { pageClass: Uint8Array };
    const cls = pageClass[address >>> PAGE_SHIFT]!;
    const isRight =
      cls === LARGE_PAGE ? bytes % PAGE_BYTES === 0 : cls !== 0 && CLASS_SIZES[cls] === bytes;
    if (!isRight) this.fault(`block ${address} is not of ${bytes} bytes`);
  }

  private sumOf(arena: Arena): number {
    let bytes = 0;
    for (const size of this.blocks.get(arena)?.values() ?? []) bytes += size;
    return bytes;
  }

  private fault(what: string): void {
    this.faults.push(`${this.where}: ${what}`);
  }
}

function deadlines(table: ExpiryTable): number {
  const { segments, bounds } = table as unknown as {
    segments: Int32Array[];
    bounds: Float64Array;
  };
  return sum(segments) + bounds.byteLength;
}

function sum(arrays: readonly { readonly byteLength: number }[]): number {
  return arrays.reduce((bytes, { byteLength }) => bytes + byteLength, 0);
}

/** Where a block begins in its segment, in bytes. */
function offset(address: number): number {
  return (address & SEGMENT_MASK) * UNIT_BYTES;
}
