/**
 * Prefixes of keys whose changes are broadcast: who listens, and what has changed in this turn of
 * the event loop.
 *
 *     rax:  "user:" -> place       prefixes[place]:  clients { A, B }
 *           ""      -> place                         changed { user:7 by A, user:9 by nobody }
 *
 * A changed key is looked for once for each length that a prefix has, not once for each prefix: with
 * the prefixes `user:` and `item:` there is one lookup, of the key's first five bytes.
 *
 * At the turn's end each prefix that has changes gives one message with all its keys, in the order
 * of their bytes; the prefixes too have their turn in that order, as in Redis.
 */
import { Arena } from '../../datastructs/arena.js';
import { NOT_FOUND, Rax } from '../../datastructs/rax.js';

/** @typeParam C what stands for a client that listens, @typeParam M for one that changes keys */
export class Prefix<C, M> {
  readonly clients = new Set<C>();
  /** By key (latin1): who has changed it last; undefined: nobody, it has expired. */
  readonly changed = new Map<string, M | undefined>();

  constructor(
    readonly bytes: Buffer,
    readonly place: number,
  ) {}

  /** The changed keys, in the order of their bytes. @param except leaves out what it has changed */
  keys(except?: M): string[] {
    const keys: string[] = [];
    for (const [key, by] of this.changed) {
      if (except === undefined || by !== except) keys.push(key);
    }
    return keys.sort(byCode);
  }
}

export class PrefixTable<C, M> {
  private readonly rax = new Rax(new Arena());
  private readonly prefixes: (Prefix<C, M> | undefined)[] = [];
  private readonly vacant: number[] = [];
  /** The lengths that prefixes have, and how many have each. */
  private readonly lengths: number[] = [];
  private readonly counts: number[] = [];
  private dirty: Prefix<C, M>[] = [];

  /** Prefixes. */
  get size(): number {
    return this.rax.size;
  }

  /** Whether there is anything to broadcast. */
  get isDirty(): boolean {
    return this.dirty.length > 0;
  }

  /** Has a client listen. */
  join(bytes: Uint8Array, client: C): Prefix<C, M> {
    const found = this.rax.find(bytes, 0, bytes.length);
    const prefix = found === NOT_FOUND ? this.add(Buffer.from(bytes)) : this.prefixes[found]!;
    prefix.clients.add(client);
    return prefix;
  }

  /** Has it listen no more. A prefix that nobody listens to is forgotten, with its changes. */
  leave(prefix: Prefix<C, M>, client: C): void {
    prefix.clients.delete(client);
    if (prefix.clients.size > 0) return;
    const { bytes, place } = prefix;
    prefix.changed.clear();
    this.rax.remove(bytes, 0, bytes.length);
    this.prefixes[place] = undefined;
    this.vacant.push(place);
    const i = this.lengths.indexOf(bytes.length);
    if (--this.counts[i]! > 0) return;
    this.lengths.splice(i, 1);
    this.counts.splice(i, 1);
  }

  /** A key has changed. @param by who has done it; undefined: it has expired */
  change(key: Uint8Array, by: M | undefined): void {
    let name: string | undefined;
    for (const length of this.lengths) {
      if (length > key.length) continue;
      const place = this.rax.find(key, 0, length);
      if (place === NOT_FOUND) continue;
      const prefix = this.prefixes[place]!;
      name ??= Buffer.from(key.buffer, key.byteOffset, key.length).toString('latin1');
      if (prefix.changed.size === 0) this.dirty.push(prefix);
      prefix.changed.set(name, by);
    }
  }

  /**
   * The prefixes with changes, in order; they count as told. The caller is to clear `changed` of
   * each.
   */
  takeDirty(): Prefix<C, M>[] {
    const { dirty } = this;
    this.dirty = [];
    return dirty.filter(({ changed }) => changed.size > 0).sort(byBytes);
  }

  private add(bytes: Buffer): Prefix<C, M> {
    const place = this.vacant.pop() ?? this.prefixes.length;
    const prefix = new Prefix<C, M>(bytes, place);
    this.prefixes[place] = prefix;
    this.rax.set(bytes, 0, bytes.length, place);
    const i = this.lengths.indexOf(bytes.length);
    if (i >= 0) {
      this.counts[i]!++;
    } else {
      this.lengths.push(bytes.length);
      this.counts.push(1);
    }
    return prefix;
  }
}

function byCode(a: string, b: string): number {
  return a < b ? -1 : 1;
}

function byBytes(a: { bytes: Buffer }, b: { bytes: Buffer }): number {
  return Buffer.compare(a.bytes, b.bytes);
}
