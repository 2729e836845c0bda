/**
 * Members with a score each, in no order: what ZUNION and its like gather before the sum of all
 * scores of a member is known. In the end the same dict becomes that of a sorted set.
 *
 *     dict entry  { …, meta } -> number of the score in `scores`
 */
import { Dict } from '../../datastructs/dict.js';
import { OWN_ARENA_MEMBERS } from '../collection.js';
import type { Database } from '../database.js';
import { ZsetSkiplist } from './zset-skiplist.js';

export class ScoreTable {
  /** Length of the longest member, in bytes. */
  longest = 0;

  private readonly dict: Dict;
  private readonly scores: number[] = [];
  private ownsArena = false;

  constructor(private readonly db: Database) {
    this.dict = new Dict(db.arena);
  }

  get size(): number {
    return this.dict.size;
  }

  /** The member's number, to be used for its score; -1 if it isn't there. */
  find(buf: Uint8Array, off: number, len: number): number {
    const e = this.dict.find(buf, off, len, this.db.hasher.hash(buf, off, len));
    return e === 0 ? -1 : this.dict.meta(e);
  }

  score(number: number): number {
    return this.scores[number]!;
  }

  setScore(number: number, score: number): void {
    this.scores[number] = score;
  }

  /** Adds a member that isn't there. */
  add(buf: Uint8Array, off: number, len: number, score: number): void {
    const { db, dict, scores } = this;
    dict.insert(buf, off, len, db.hasher.hash(buf, off, len), 0, scores.length);
    scores.push(score);
    if (len > this.longest) this.longest = len;
    if (dict.size > OWN_ARENA_MEMBERS && !this.ownsArena) {
      this.ownsArena = true;
      dict.rehome(dict.arena.sibling());
    }
  }

  /** The sorted set of these members; the table can't be used after that. */
  toZset(): ZsetSkiplist {
    return ZsetSkiplist.ofScores(this.dict, this.ownsArena, this.scores, this.db.hasher);
  }
}
