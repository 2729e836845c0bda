/**
 * Collections as the commands that make them anew: members in pieces of PIECE_ITEMS, so that no
 * command is so long that whoever loads it has to stop for it.
 *
 * All are generators, to be driven in steps as those of rdb/walk-collections.ts: each yields when so
 * many bytes have been written that its step is over, and may rely on the collection being unchanged
 * when it goes on.
 */
import { Listpack } from '../../datastructs/listpack.js';
import type { Quicklist } from '../../datastructs/quicklist.js';
import { NodeView } from '../../datastructs/quicklist-nodes.js';
import type { HashFields } from '../../keyspace/hash/hash-fields.js';
import type { HashTable } from '../../keyspace/hash/hash-table.js';
import type { DictSet } from '../../keyspace/set/dict-set.js';
import type { Zset } from '../../keyspace/zset/zset.js';
import { formatDouble } from '../../text/double.js';
import type { Steps } from '../rdb/walk-collections.js';
import { type CommandWriter, commandHead, wordsOf } from './command-writer.js';

/** Members in one command at most. */
const PIECE_ITEMS = 64;
const KEY_ROOM_BYTES = 256;

const RPUSH = wordsOf('RPUSH');
const SADD = wordsOf('SADD');
const ZADD = wordsOf('ZADD');
const HMSET = wordsOf('HMSET');
const HPEXPIREAT = commandHead(6, 'HPEXPIREAT');
const ONE_FIELD = wordsOf('FIELDS', '1');

/** Where commands for one key go, and how far the one that has begun is. */
export class CommandTarget {
  /** Length of the writer's chunk at which a step is to end. */
  readonly limit = { at: Number.POSITIVE_INFINITY };
  keyBytes = new Uint8Array(KEY_ROOM_BYTES);
  keyLen = 0;

  private name: Uint8Array = EMPTY;
  /** Members for which no command has begun yet, and those that the last one lacks. */
  private left = 0;
  private open = 0;
  private argsPerItem = 1;

  constructor(readonly writer: CommandWriter) {}

  writeKey(): void {
    this.writer.bulk(this.keyBytes, 0, this.keyLen);
  }

  /**
   * A collection begins.
   * @param name of the command @param items members in all @param argsPerItem that each takes
   */
  begin(name: Uint8Array, items: number, argsPerItem: number): void {
    this.name = name;
    this.left = items;
    this.open = 0;
    this.argsPerItem = argsPerItem;
  }

  /** To be called before each member: begins a command where one is due. */
  item(): void {
    if (this.open === 0) {
      const { left, writer } = this;
      this.open = Math.min(left, PIECE_ITEMS);
      this.left = left - this.open;
      writer.count(2 + this.open * this.argsPerItem);
      writer.raw(this.name);
      this.writeKey();
    }
    this.open--;
  }
}

export function listpackPushes(target: CommandTarget, list: Listpack): void {
  const { writer } = target;
  target.begin(RPUSH, list.count, 1);
  for (let p = list.first(); p !== 0; p = list.next(p)) {
    list.read(p);
    target.item();
    writer.bulk(list.buf, list.off, list.len);
  }
}

export function* quicklistPushes(target: CommandTarget, list: Quicklist): Steps {
  const { limit, writer } = target;
  const { nodes } = list;
  const view = new NodeView();
  const listpack = new Listpack(view);
  target.begin(RPUSH, list.count, 1);
  for (let n = nodes.head; n !== 0; n = nodes.next(n)) {
    view.attach(nodes, n);
    if (nodes.isPlain(n)) {
      target.item();
      writer.bulk(view.range.buf, view.range.off, view.range.len);
    } else {
      for (let p = listpack.first(); p !== 0; p = listpack.next(p)) {
        listpack.read(p);
        target.item();
        writer.bulk(listpack.buf, listpack.off, listpack.len);
      }
    }
    if (writer.out.length >= limit.at) yield;
  }
}

/** Members of a set that is walked at one go. */
export interface MemberWalk {
  readonly size: number;
  readonly buf: Uint8Array;
  readonly off: number;
  readonly len: number;
  rewind(): void;
  next(): boolean;
}

export function setAdds(target: CommandTarget, set: MemberWalk): void {
  const { writer } = target;
  target.begin(SADD, set.size, 1);
  for (set.rewind(); set.next(); ) {
    target.item();
    writer.bulk(set.buf, set.off, set.len);
  }
}

export function* dictSetAdds(target: CommandTarget, { dict }: DictSet): Steps {
  const { limit, writer } = target;
  target.begin(SADD, dict.size, 1);
  const top = dict.entryTop;
  for (let e = 1; e < top; e++) {
    if (!dict.isUsed(e)) continue;
    dict.locate(e);
    target.item();
    writer.bulk(dict.buf, dict.keyOff, dict.keyLen);
    if (writer.out.length >= limit.at) yield;
  }
}

/** From the greatest to the least, so that a reader has to look at the list's begin only. */
export function* zsetAdds(target: CommandTarget, zset: Zset): Steps {
  const { limit, writer } = target;
  target.begin(ZADD, zset.size, 2);
  for (let p = zset.last(); p !== 0; p = zset.prev(p)) {
    const score = zset.score(p);
    target.item();
    if (Number.isSafeInteger(score) && score !== 0) writer.integer(score);
    else writer.ascii(formatDouble(score));
    zset.read(p);
    writer.bulk(zset.buf, zset.off, zset.len);
    if (writer.out.length >= limit.at) yield;
  }
}

/** A hash that is small. */
export function hashSets(target: CommandTarget, hash: HashFields): void {
  const { writer } = target;
  target.begin(HMSET, hash.count, 2);
  for (hash.rewind(); hash.next(); ) {
    target.item();
    writer.bulk(hash.field, hash.fieldOff, hash.fieldLen);
    writer.bulk(hash.value, hash.valueOff, hash.valueLen);
  }
  if (!hash.hasDeadlines) return;
  for (hash.rewind(); hash.next(); ) {
    if (hash.deadline === 0) continue;
    fieldDeadline(target, hash.deadline, hash.field, hash.fieldOff, hash.fieldLen);
  }
}

export function* hashTableSets(target: CommandTarget, table: HashTable): Steps {
  const { limit, writer } = target;
  const { dict } = table;
  target.begin(HMSET, dict.size, 2);
  const top = dict.entryTop;
  for (let e = 1; e < top; e++) {
    if (!dict.isUsed(e)) continue;
    dict.locate(e);
    target.item();
    writer.bulk(dict.buf, dict.keyOff, dict.keyLen);
    writer.bulk(dict.buf, dict.valOff, dict.valLen);
    if (writer.out.length >= limit.at) yield;
  }
  if (!table.hasDeadlines) return;
  for (let e = 1; e < top; e++) {
    if (!dict.isUsed(e)) continue;
    const deadline = table.deadline(e);
    if (deadline === 0) continue;
    dict.locate(e);
    fieldDeadline(target, deadline, dict.buf, dict.keyOff, dict.keyLen);
    if (writer.out.length >= limit.at) yield;
  }
}

function fieldDeadline(
  target: CommandTarget,
  atMs: number,
  field: Uint8Array,
  off: number,
  len: number,
): void {
  const { writer } = target;
  writer.raw(HPEXPIREAT);
  target.writeKey();
  writer.integer(atMs);
  writer.raw(ONE_FIELD);
  writer.bulk(field, off, len);
}

const EMPTY = new Uint8Array(0);
