/**
 * The arena against a model: a list of live blocks, each filled with a pattern of its own. A block
 * that overlaps another, or whose bytes change while it is in use, breaks the pattern.
 */
import * as fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import {
  Arena,
  blockBytes,
  SEGMENT_MASK,
  SEGMENT_SHIFT,
  sameClass,
} from '../../../src/datastructs/arena.js';
import { type BigArray, RELEASE_MIN } from '../../../src/datastructs/release.js';

const PAGE = 64 * 1024;
const SEGMENT = 32 * 1024 * 1024;
const FIRST_SEGMENT = 4 * 1024 * 1024;

interface Block {
  address: number;
  size: number;
  fill: number;
}

/** An arena with checked frees, and what should be in it. */
class Model {
  readonly arena = new Arena({ debug: true });
  readonly live: Block[] = [];
  private fills = 0;

  alloc(size: number): Block {
    const address = this.arena.alloc(size);
    const block = { address, size, fill: (this.fills = (this.fills + 1) % 251) + 1 };
    this.bytes(block).fill(block.fill);
    this.live.push(block);
    return block;
  }

  free(index: number): void {
    const [block] = this.live.splice(index, 1);
    this.checkPattern(block!);
    this.arena.free(block!.address, block!.size);
  }

  bytes({ address, size }: Block): Uint8Array {
    const at = (address & SEGMENT_MASK) << 3;
    return this.arena.bytes[address >>> SEGMENT_SHIFT]!.subarray(at, at + size);
  }

  checkPattern(block: Block): void {
    const bytes = this.bytes(block);
    if (bytes.length !== block.size) expect.fail('a block reaches beyond its segment');
    const step = Math.max(1, Math.floor(block.size / 64));
    for (let i = 0; i < block.size; i += step) {
      if (bytes[i] !== block.fill) expect.fail(`byte ${i} of block ${block.address} has changed`);
    }
    if (bytes[block.size - 1] !== block.fill) expect.fail(`the end of ${block.address} changed`);
  }

  check(): void {
    const { arena, live } = this;
    for (const block of live) this.checkPattern(block);
    expect(arena.blocks).toBe(live.length);
    expect(arena.usedBytes).toBe(live.reduce((sum, b) => sum + blockBytes(b.size), 0));
    expect(arena.leaks().length).toBe(live.length);
    expect(arena.capacityBytes).toBe(arena.bytes.reduce((sum, b) => sum + b.length, 0));
    expect(arena.usedBytes).toBeLessThanOrEqual(arena.capacityBytes);
  }

  freeAll(): void {
    while (this.live.length > 0) this.free(this.live.length - 1);
    this.check();
  }
}

const sizes = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 1, max: 200 }) },
  { weight: 3, arbitrary: fc.integer({ min: 1, max: 5000 }) },
  { weight: 3, arbitrary: fc.integer({ min: 20_000, max: 40_000 }) },
  { weight: 2, arbitrary: fc.constantFrom(8, 128, 129, 32767, 32768, 32769, PAGE, PAGE + 1) },
  { weight: 1, arbitrary: fc.integer({ min: 100_000, max: 3_000_000 }) },
);

describe('an arena', () => {
  it('keeps every block intact whatever is taken and given back', () => {
    const step = fc.oneof(
      { weight: 3, arbitrary: fc.record({ size: sizes, times: fc.integer({ min: 1, max: 40 }) }) },
      {
        weight: 2,
        arbitrary: fc.record({ pick: fc.nat(), times: fc.integer({ min: 1, max: 60 }) }),
      },
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60, size: 'max' }), (steps) => {
        const model = new Model();
        for (const s of steps) {
          for (let i = 0; i < s.times; i++) {
            if ('size' in s) {
              if (s.size < PAGE || i === 0) model.alloc(s.size);
            } else if (model.live.length > 0) {
              model.free((s.pick + i * 7) % model.live.length);
            }
          }
        }
        model.check();
        model.freeAll();
      }),
      { numRuns: 150 },
    );
  });

  it('never hands out address 0, not even from the first page', () => {
    for (const size of [1, 8, 64, 1000, 28_000, 32_768, 40_000, 20_000_000]) {
      const model = new Model();
      const block = model.alloc(size);
      expect(block.address).toBeGreaterThan(0);
      model.free(0);
      model.check();
    }
  });

  it('finds the room of other pages after the first page, full with one block, is emptied', () => {
    const model = new Model();
    // The first page has room for one block of 32 KiB only, as address 0 stays unused.
    for (let i = 0; i < 7; i++) model.alloc(32_768);
    const [first, second] = model.live;
    model.free(1);
    model.free(0);
    expect(model.alloc(32_768).address).toBe(second!.address);
    expect(model.alloc(32_768).address >>> 13).toBe(first!.address >>> 13);
    model.check();
    model.freeAll();
  });

  it('rounds up to the next class, and to whole pages above 32 KiB', () => {
    expect(blockBytes(1)).toBe(8);
    expect(blockBytes(8)).toBe(8);
    expect(blockBytes(9)).toBe(16);
    expect(blockBytes(128)).toBe(128);
    expect(blockBytes(129)).toBe(144);
    expect(blockBytes(32_768)).toBe(32_768);
    expect(blockBytes(32_769)).toBe(PAGE);
    expect(blockBytes(PAGE + 1)).toBe(2 * PAGE);
    for (let size = 1; size < 70_000; size += 37) {
      expect(blockBytes(size)).toBeGreaterThanOrEqual(size);
      expect(blockBytes(size)).toBeLessThan(size <= 32_768 ? size * 1.125 + 8 : size + PAGE);
    }
  });

  it('says that two sizes share a class just when they take the same bytes', () => {
    const both = fc.tuple(sizes, sizes);
    fc.assert(
      fc.property(both, ([a, b]) => {
        expect(sameClass(a, b)).toBe(blockBytes(a) === blockBytes(b) && a > 32768 === b > 32768);
      }),
    );
  });

  it('starts with 256 KiB, grows to 4 MiB, and then by whole segments', () => {
    const model = new Model();
    model.alloc(10);
    expect(model.arena.capacityBytes).toBe(256 * 1024);
    for (let i = 0; i < 800; i++) model.alloc(4000);
    expect(model.arena.capacityBytes).toBe(FIRST_SEGMENT);
    for (let i = 0; i < 800; i++) model.alloc(4000);
    expect(model.arena.capacityBytes).toBe(FIRST_SEGMENT + SEGMENT);
    model.check();
  });

  it('gives empty segments back when it is trimmed, and uses their numbers again', () => {
    const model = new Model();
    const fill = () => {
      for (let i = 0; i < 11_000; i++) for (const size of [500, 3000, 9000]) model.alloc(size);
    };
    fill();
    const full = model.arena.capacityBytes;
    expect(full).toBeGreaterThan(FIRST_SEGMENT + 3 * SEGMENT);
    expect(model.arena.trim()).toBe(false);
    const kept = model.live[5]!;
    while (model.live.length > 1)
      model.free(model.live.at(-1) === kept ? 0 : model.live.length - 1);
    expect(model.arena.capacityBytes).toBe(full);
    let trimmed = 0;
    while (model.arena.trim()) trimmed++;
    expect(full - trimmed * SEGMENT).toBe(FIRST_SEGMENT);
    expect(model.arena.capacityBytes).toBe(FIRST_SEGMENT);
    model.check();
    model.free(0);
    fill();
    expect(model.arena.capacityBytes).toBe(full);
    model.freeAll();
  });

  it('gives a block longer than a segment a segment of its own', () => {
    const model = new Model();
    model.alloc(100);
    model.alloc(SEGMENT + 5);
    model.alloc(SEGMENT);
    model.alloc(200);
    model.check();
    model.free(1);
    model.free(1);
    model.check();
    while (model.arena.trim());
    expect(model.arena.capacityBytes).toBe(256 * 1024);
    model.alloc(3 * SEGMENT);
    model.freeAll();
  });

  it('uses an emptied page for blocks of any class', () => {
    const model = new Model();
    for (let i = 0; i < 20; i++) {
      for (let k = 0; k < 3000; k++) model.alloc(100 + i * 8);
      model.freeAll();
    }
    expect(model.arena.capacityBytes).toBeLessThanOrEqual(4 * 1024 * 1024);
  });
});

describe('an arena with checks', () => {
  it('refuses a block that is freed twice', () => {
    const arena = new Arena({ debug: true });
    const address = arena.alloc(100);
    arena.free(address, 100);
    expect(() => arena.free(address, 100)).toThrow(/not in use/);
    const large = arena.alloc(100_000);
    arena.free(large, 100_000);
    expect(() => arena.free(large, 100_000)).toThrow(/not in use/);
  });

  it('refuses a block that is freed with the size of another class', () => {
    const arena = new Arena({ debug: true });
    const address = arena.alloc(100);
    expect(() => arena.free(address, 10)).toThrow(/freed as/);
    expect(() => arena.free(address, 104)).not.toThrow();
  });

  it('lists what is still in use', () => {
    const arena = new Arena({ debug: true });
    const kept = arena.alloc(24);
    arena.free(arena.alloc(24), 24);
    expect(arena.leaks().map((b) => b.address)).toEqual([kept]);
  });
});

describe('big arrays that nobody needs any more', () => {
  it('go to whoever frees them later, from an arena and from those made beside it', () => {
    const discarded: BigArray[] = [];
    const arena = new Arena({ discarded });
    const table = new Int32Array(RELEASE_MIN / 4);
    arena.discard(table);
    arena.sibling().discard(table);
    arena.discard(new Int32Array(8)); // not worth it
    expect(discarded).toEqual([table, table]);
  });

  it('are freed at once by an arena of no one', () => {
    const table = new Int32Array(RELEASE_MIN / 4);
    new Arena().discard(table);
    expect(table.length).toBe(0);
  });
});

test('a block is copied from one arena to another, whatever its size', () => {
  const from = new Arena();
  const to = new Arena();
  to.alloc(24); // so that addresses differ
  for (const size of [1, 7, 8, 9, 100, 512, 513, 4000, 40_000]) {
    const source = from.alloc(size);
    const target = to.alloc(size);
    const bytes = Uint8Array.from({ length: size }, (_, i) => i * 7 + size);
    from.bytes[source >>> SEGMENT_SHIFT]!.set(bytes, (source & SEGMENT_MASK) << 3);
    to.copyBlock(from, source, target, size);
    const at = (target & SEGMENT_MASK) << 3;
    expect(to.bytes[target >>> SEGMENT_SHIFT]!.subarray(at, at + size)).toEqual(bytes);
  }
});
