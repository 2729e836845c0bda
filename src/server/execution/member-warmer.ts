/**
 * Has a batch's loads of big collections overlap, as Batch.warm does for keys.
 *
 * A member of a set, hash or sorted set that is a hash table is three cache misses away: bucket,
 * entry, block. Pipelined requests on one such collection name many members, whose misses do not
 * depend on each other; they are hashed and touched together before the first request runs. The
 * hashes stay with the arguments, so that the handlers need not work them out again. A sorted set then
 * does the same for the places in its order that the requests will look for.
 *
 * To be called when the keys are warm; allocates nothing, guarded by `npm run bench -- sets`.
 */
import { type Dict, WARM_MAX } from '../../datastructs/dict.js';
import type { Database } from '../../keyspace/database.js';
import { isHashed } from '../../keyspace/kinds.js';
import type { RequestReader } from '../../resp/request-reader.js';
import { parseDouble } from '../../text/double.js';
import type { Command } from '../api/command-table.js';

/** Where members stand that have nothing before them but the key. */
const FIRST_BEHIND_KEY = 2;

/** A collection that is a hash table. */
interface HashedCollection {
  readonly dict: Dict;
  /** Touches the places of these members in its order; a score that is not known is NaN. */
  warm?(entries: Int32Array, scores: Float64Array, count: number): void;
}

export class MemberWarmer {
  private readonly memberHashes = new Int32Array(WARM_MAX);
  /** Numbers of the members' arguments in the reader's tables. */
  private readonly memberArgs = new Int32Array(WARM_MAX);
  private readonly entries = new Int32Array(WARM_MAX);
  /** What stands before a member that is not the first argument behind the key: its new score. */
  private readonly scores = new Float64Array(WARM_MAX);
  private count = 0;

  /** @param batch the commands of the reader's requests */
  warm(reader: RequestReader, batch: readonly (Command | undefined)[], db: Database): void {
    const { argc, first, hashes, offs, lens, buf } = reader;
    let found: HashedCollection | undefined;
    let keyHash = 0;
    for (let i = 0; i < reader.count; i++) {
      const command = batch[i];
      if (command === undefined || command.memberFirst === 0) continue;
      const base = first[i]!;
      const n = argc[i]!;
      if (n <= command.memberFirst) continue;
      const hash = hashes[base + 1]!;
      if (hash !== keyHash) {
        if (found !== undefined) this.flush(found, reader);
        keyHash = hash;
        found = collectionAt(db, buf, offs[base + 1]!, lens[base + 1]!, hash);
      }
      if (found === undefined) continue;
      const hasScores = command.memberFirst > FIRST_BEHIND_KEY && found.warm !== undefined;
      for (let k = base + command.memberFirst; k < base + n; k += command.memberStep) {
        if (this.count === WARM_MAX) this.flush(found, reader);
        const memberHash = db.hasher.hash(buf, offs[k]!, lens[k]!);
        hashes[k] = memberHash;
        this.memberArgs[this.count] = k;
        this.scores[this.count] = hasScores
          ? parseDouble(buf, offs[k - 1]!, lens[k - 1]!)
          : Number.NaN;
        this.memberHashes[this.count++] = memberHash;
      }
    }
    if (found !== undefined) this.flush(found, reader);
  }

  private flush(found: HashedCollection, { buf, offs, lens }: RequestReader): void {
    const { count, entries, memberArgs, memberHashes } = this;
    this.count = 0;
    if (count < 2) return;
    const { dict } = found;
    dict.warm(memberHashes, count);
    if (found.warm === undefined) return;
    for (let i = 0; i < count; i++) {
      const k = memberArgs[i]!;
      entries[i] = dict.find(buf, offs[k]!, lens[k]!, memberHashes[i]!);
    }
    found.warm(entries, this.scores, count);
  }
}

/** The collection at a key, if it is a hash table. */
function collectionAt(
  db: Database,
  key: Uint8Array,
  off: number,
  len: number,
  hash: number,
): HashedCollection | undefined {
  const e = db.find(key, off, len, hash);
  if (e === 0 || !isHashed(db.kind(e))) return undefined;
  return db.objectOf(e) as HashedCollection;
}
