/**
 * Has a batch's loads of big collections overlap, as the executor's warm-up does for keys.
 *
 * A member of a set, hash or sorted set that is a hash table is three cache misses away: bucket,
 * entry, block. Pipelined requests on one such collection name many members, whose misses do not
 * depend on each other; they are hashed and touched together before the first request runs. The
 * hashes stay with the arguments, so that the handlers need not work them out again.
 *
 * To be called when the keys are warm; allocates nothing, guarded by `npm run bench -- sets`.
 */
import { type Dict, WARM_MAX } from '../datastructs/dict.js';
import type { Database } from '../keyspace/database.js';
import { isHashed } from '../keyspace/kinds.js';
import type { RequestReader } from '../resp/request-reader.js';
import type { Command } from './api/command-table.js';

export class MemberWarmer {
  private readonly memberHashes = new Int32Array(WARM_MAX);
  private count = 0;

  /** @param batch the commands of the reader's requests */
  warm(reader: RequestReader, batch: readonly (Command | undefined)[], db: Database): void {
    const { argc, first, hashes, offs, lens, buf } = reader;
    let dict: Dict | undefined;
    let keyHash = 0;
    for (let i = 0; i < reader.count; i++) {
      const command = batch[i];
      if (command === undefined || command.memberFirst === 0) continue;
      const base = first[i]!;
      const n = argc[i]!;
      if (n <= command.memberFirst) continue;
      const hash = hashes[base + 1]!;
      if (hash !== keyHash) {
        if (dict !== undefined) this.flush(dict);
        keyHash = hash;
        dict = collectionAt(db, buf, offs[base + 1]!, lens[base + 1]!, hash);
      }
      if (dict === undefined) continue;
      for (let k = base + command.memberFirst; k < base + n; k += command.memberStep) {
        if (this.count === WARM_MAX) this.flush(dict);
        const memberHash = db.hasher.hash(buf, offs[k]!, lens[k]!);
        hashes[k] = memberHash;
        this.memberHashes[this.count++] = memberHash;
      }
    }
    if (dict !== undefined) this.flush(dict);
  }

  private flush(dict: Dict): void {
    if (this.count > 1) dict.warm(this.memberHashes, this.count);
    this.count = 0;
  }
}

/** The hash table at a key, if it holds one. */
function collectionAt(
  db: Database,
  key: Uint8Array,
  off: number,
  len: number,
  hash: number,
): Dict | undefined {
  const e = db.find(key, off, len, hash);
  if (e === 0 || !isHashed(db.kind(e))) return undefined;
  return (db.objectOf(e) as { readonly dict: Dict }).dict;
}
