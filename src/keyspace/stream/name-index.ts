/**
 * Things with names: a stream's groups, a group's consumers. A radix tree gives their order, a table
 * the things themselves; a thing's number in the table is what others may remember it by.
 */
import type { Arena } from '../../datastructs/arena.js';
import { NOT_FOUND, Rax } from '../../datastructs/rax.js';
import { RaxIterator } from '../../datastructs/rax-iterator.js';

export interface Named {
  readonly name: Uint8Array;
  /** Its number in the table; the index's to write. */
  index: number;
}

export class NameIndex<T extends Named> {
  private readonly things: (T | undefined)[] = [];
  private readonly freed: number[] = [];

  constructor(
    arena: Arena,
    readonly rax = new Rax(arena),
  ) {}

  get size(): number {
    return this.rax.size;
  }

  /** The thing with this name. */
  find(name: Uint8Array, off: number, len: number): T | undefined {
    const index = this.rax.find(name, off, len);
    return index === NOT_FOUND ? undefined : this.things[index];
  }

  at(index: number): T {
    return this.things[index]!;
  }

  /** All things by their numbers; things may come and go meanwhile. */
  *inAnyOrder(): Generator<T> {
    for (let i = 0; i < this.things.length; i++) {
      const thing = this.things[i];
      if (thing !== undefined) yield thing;
    }
  }

  /** Adds a thing whose name is not there. */
  add(thing: T): void {
    const index = this.freed.pop() ?? this.things.length;
    this.things[index] = thing;
    thing.index = index;
    this.rax.set(thing.name, 0, thing.name.length, index);
  }

  remove(thing: T): void {
    this.rax.remove(thing.name, 0, thing.name.length);
    this.things[thing.index] = undefined;
    this.freed.push(thing.index);
  }

  /** All things in the order of their names. */
  *[Symbol.iterator](): Generator<T> {
    const it = new RaxIterator().attach(this.rax);
    for (let ok = it.first(); ok; ok = it.next()) yield this.things[it.value]!;
  }

  /** An index of copies, which keep their numbers. */
  copy(arena: Arena, copyOf: (thing: T) => T): NameIndex<T> {
    const copy = new NameIndex<T>(
      arena,
      this.rax.copy(arena, (value) => value),
    );
    for (const thing of this.things)
      copy.things.push(thing === undefined ? undefined : copyOf(thing));
    copy.freed.push(...this.freed);
    return copy;
  }
}
