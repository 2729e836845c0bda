/**
 * Big collections on their way into an RDB file, as generators: each yields when so many bytes have
 * been written that its step is over, and may rely on the collection being unchanged when it goes on.
 * Only what names a place by number is kept across a yield, for blocks may move with their arena.
 */
import type { Dict } from '../../datastructs/dict.js';
import type { Quicklist } from '../../datastructs/quicklist.js';
import { NodeView } from '../../datastructs/quicklist-nodes.js';
import type { HashTable } from '../../keyspace/hash/hash-table.js';
import type { LargeString } from '../../keyspace/object-table.js';
import type { ZsetSkiplist } from '../../keyspace/zset/zset-skiplist.js';
import type { ChunkWriter } from './chunk-writer.js';
import { NodeContainer, RdbType } from './format.js';

const PIECE_BYTES = 64 * 1024;

export type Steps = Generator<void, void, void>;

/** Length of the writer's chunk at which a step is over. */
export interface StepLimit {
  readonly at: number;
}

/** A string that is long, piece by piece; not to be compressed at once. */
export function* writeLargeString(
  out: ChunkWriter,
  limit: StepLimit,
  { buf, length }: LargeString,
): Steps {
  out.beginString(length);
  for (let at = 0; at < length; at += PIECE_BYTES) {
    out.bytes(buf, at, Math.min(PIECE_BYTES, length - at));
    if (out.length >= limit.at) yield;
  }
}

export function* writeSet(out: ChunkWriter, limit: StepLimit, dict: Dict): Steps {
  out.count(dict.size);
  const top = dict.entryTop;
  for (let e = 1; e < top; e++) {
    if (!dict.isUsed(e)) continue;
    dict.locate(e);
    out.string(dict.buf, dict.keyOff, dict.keyLen);
    if (out.length >= limit.at) yield;
  }
}

/** From the greatest to the least, so that a reader has to look at the list's begin only. */
export function* writeZset(out: ChunkWriter, limit: StepLimit, zset: ZsetSkiplist): Steps {
  out.count(zset.size);
  for (let p = zset.last(); p !== 0; p = zset.prev(p)) {
    zset.read(p);
    out.string(zset.buf, zset.off, zset.len);
    out.double(zset.score(p));
    if (out.length >= limit.at) yield;
  }
}

/** @param type RdbType.Hash, or HashMetadata with the fields' deadlines */
export function* writeHash(
  out: ChunkWriter,
  limit: StepLimit,
  table: HashTable,
  type: number,
): Steps {
  const { dict } = table;
  const isTimed = type === RdbType.HashMetadata;
  // Deadlines are kept as differences to any time before them, plus 1.
  const earliest = isTimed ? table.earliestDeadline() : 0;
  if (isTimed) out.int64(earliest);
  out.count(dict.size);
  const top = dict.entryTop;
  for (let e = 1; e < top; e++) {
    if (!dict.isUsed(e)) continue;
    if (isTimed) {
      const deadline = table.deadline(e);
      out.count(deadline === 0 ? 0 : deadline - earliest + 1);
    }
    dict.locate(e);
    out.string(dict.buf, dict.keyOff, dict.keyLen);
    out.string(dict.buf, dict.valOff, dict.valLen);
    if (out.length >= limit.at) yield;
  }
}

export function* writeQuicklist(out: ChunkWriter, limit: StepLimit, list: Quicklist): Steps {
  const { nodes } = list;
  const view = new NodeView();
  out.count(nodes.length);
  for (let n = nodes.head; n !== 0; n = nodes.next(n)) {
    out.count(nodes.isPlain(n) ? NodeContainer.Plain : NodeContainer.Packed);
    const { range } = view.attach(nodes, n);
    out.string(range.buf, range.off, range.len);
    if (out.length >= limit.at) yield;
  }
}
