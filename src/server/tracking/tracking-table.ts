/**
 * The tracking table: which clients may have a copy of which key.
 *
 *     rax:  key -> place        owners[place]:  17            one client, by its number
 *                                               Set(3, 9)     several
 *
 * Most keys are read by one client, so the common entry is a leaf of the radix tree and one number:
 * a million of them are no object for the garbage collector to visit.
 *
 * As in Redis, databases are not told apart, and a client that goes away is not looked for: its
 * number stays until the key changes, and then there is nobody to tell. What is removed to keep the
 * table within its limit goes in the order of the keys, round and round, so that every key has its
 * turn (Redis takes keys at random).
 */
import { Arena } from '../../datastructs/arena.js';
import type { MemoryMeter } from '../../datastructs/memory-meter.js';
import { NOT_FOUND, Rax } from '../../datastructs/rax.js';
import { RaxIterator } from '../../datastructs/rax-iterator.js';

/** The clients of a key: one number, or several. */
export type Owners = number | ReadonlySet<number>;

/** What a number and a member of a set take in V8, about. */
const PLACE_BYTES = 8;
const MEMBER_BYTES = 32;

export class TrackingTable {
  /** Clients of all keys, each counted for each of its keys. */
  items = 0;
  private arena = new Arena();
  private keys = new Rax(this.arena);
  private owners: (number | Set<number>)[] = [];
  private vacant: number[] = [];
  /** Members of all sets. */
  private members = 0;
  private readonly sweep = new RaxIterator();
  /** The last key that was given out by `next`. */
  private swept: Buffer = Buffer.alloc(0);

  /** @param meter counts `bytes` along with others' */
  constructor(private readonly meter: MemoryMeter) {
    this.arena.setMeter(meter);
  }

  /** Keys. */
  get size(): number {
    return this.keys.size;
  }

  get bytes(): number {
    return this.arena.usedBytes + this.owners.length * PLACE_BYTES + this.members * MEMBER_BYTES;
  }

  /** Remembers that this client has read the key. */
  add(key: Uint8Array, off: number, len: number, id: number): void {
    const place = this.keys.find(key, off, len);
    if (place === NOT_FOUND) {
      const free = this.vacant.pop() ?? this.owners.length;
      if (free === this.owners.length) this.meter.add(PLACE_BYTES);
      this.owners[free] = id;
      this.keys.set(key, off, len, free);
      this.items++;
      return;
    }
    const owners = this.owners[place]!;
    if (typeof owners === 'number') {
      if (owners === id) return;
      this.owners[place] = new Set([owners, id]);
      this.accountMembers(2);
    } else {
      if (owners.has(id)) return;
      owners.add(id);
      this.accountMembers(1);
    }
    this.items++;
  }

  /** Forgets the key. @returns its clients; undefined: it is not in the table */
  take(key: Uint8Array, off: number, len: number): Owners | undefined {
    const place = this.keys.remove(key, off, len);
    if (place === NOT_FOUND) return undefined;
    const owners = this.owners[place]!;
    this.owners[place] = 0;
    this.vacant.push(place);
    if (typeof owners === 'number') {
      this.items--;
    } else {
      this.items -= owners.size;
      this.accountMembers(-owners.size);
    }
    return owners;
  }

  /** The key whose turn it is to be removed; undefined: the table is empty. */
  next(): Buffer | undefined {
    const { sweep, swept } = this;
    sweep.attach(this.keys);
    if (!sweep.seekGt(swept, 0, swept.length) && !sweep.first()) return undefined;
    this.swept = Buffer.from(sweep.key.subarray(0, sweep.len));
    return this.swept;
  }

  clear(): void {
    if (this.keys.size === 0) return;
    this.meter.add(-this.bytes);
    this.arena = new Arena();
    this.arena.setMeter(this.meter);
    this.keys = new Rax(this.arena);
    this.owners = [];
    this.vacant = [];
    this.items = 0;
    this.members = 0;
  }

  private accountMembers(count: number): void {
    this.members += count;
    this.meter.add(count * MEMBER_BYTES);
  }
}
