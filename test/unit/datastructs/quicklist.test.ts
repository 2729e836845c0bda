/** The quicklist against an array, over fill limits, compression and plain nodes. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Arena } from '../../../src/datastructs/arena.js';
import { LISTPACK_HEADER_BYTES, Listpack } from '../../../src/datastructs/listpack.js';
import { ListEnd, Quicklist } from '../../../src/datastructs/quicklist.js';
import { PACKED_THRESHOLD } from '../../../src/datastructs/quicklist-limits.js';
import { NodeView } from '../../../src/datastructs/quicklist-nodes.js';

interface Settings {
  fill?: number;
  depth?: number;
  threshold?: number;
}

/** A quicklist in a checked arena, beside the array that says what it should hold. */
class Model {
  readonly arena = new Arena({ debug: true });
  readonly list: Quicklist;
  expected: string[] = [];

  constructor({ fill = -2, depth = 0, threshold = PACKED_THRESHOLD }: Settings = {}) {
    this.list = new Quicklist(this.arena, fill, depth, { listPackedThreshold: threshold });
  }

  push(end: ListEnd, text: string): void {
    const bytes = Buffer.from(`<${text}>`, 'latin1');
    this.list.push(end, bytes, 1, text.length);
    if (end === ListEnd.Head) this.expected.unshift(text);
    else this.expected.push(text);
  }

  drop(end: ListEnd): void {
    if (this.expected.length === 0) return;
    this.list.drop(end);
    if (end === ListEnd.Head) this.expected.shift();
    else this.expected.pop();
  }

  insert(at: number, side: ListEnd, text: string): void {
    if (this.expected.length === 0) return;
    const index = at % this.expected.length;
    const n = this.list.seek(index);
    const p = positionIn(this.list, n, this.list.offset);
    this.list.insert(n, p, side, Buffer.from(text, 'latin1'), 0, text.length);
    this.expected.splice(side === ListEnd.Head ? index : index + 1, 0, text);
  }

  replace(at: number, text: string): void {
    if (this.expected.length === 0) return;
    const index = at % this.expected.length;
    this.list.replace(index, Buffer.from(text, 'latin1'), 0, text.length);
    this.expected[index] = text;
  }

  removeAt(at: number): void {
    if (this.expected.length === 0) return;
    const index = at % this.expected.length;
    const n = this.list.seek(index);
    const isGone = this.list.removeAt(n, positionIn(this.list, n, this.list.offset));
    if (!isGone) this.list.recompress(n);
    this.expected.splice(index, 1);
  }

  removeRange(at: number, extent: number): void {
    if (this.expected.length === 0) return;
    const index = at % this.expected.length;
    const n = Math.min(extent, this.expected.length - index);
    this.list.removeRange(index, n);
    this.expected.splice(index, n);
  }

  check(): void {
    expect(elements(this.list)).toEqual(this.expected);
    checkNodes(this.list);
  }
}

/** Position of a node's element, 0 in a plain node. */
function positionIn({ nodes }: Quicklist, n: number, offset: number): number {
  if (nodes.isPlain(n)) return 0;
  return new Listpack(new NodeView().attach(nodes, n)).seek(offset);
}

function elements({ nodes }: Quicklist): string[] {
  const found: string[] = [];
  const view = new NodeView();
  const lp = new Listpack(view);
  for (let n = nodes.head; n !== 0; n = nodes.next(n)) {
    view.attach(nodes, n);
    if (nodes.isPlain(n)) found.push(text(view.range));
    else {
      for (let p = lp.first(); p !== 0; p = lp.next(p)) {
        lp.read(p);
        found.push(text(lp));
      }
    }
  }
  return found;
}

function text(bytes: { buf: Uint8Array; off: number; len: number }): string {
  return Buffer.from(bytes.buf.subarray(bytes.off, bytes.off + bytes.len)).toString('latin1');
}

/** Chain, counts and headers; nothing within the depth is compressed. */
function checkNodes({ count, depth, nodes }: Quicklist): void {
  const chain: number[] = [];
  for (let n = nodes.head; n !== 0; n = nodes.next(n)) chain.push(n);
  expect(chain.length).toBe(nodes.length);
  expect(chain.at(-1) ?? 0).toBe(nodes.tail);
  let sum = 0;
  const view = new NodeView();
  for (const [i, n] of chain.entries()) {
    expect(nodes.prev(n)).toBe(i === 0 ? 0 : chain[i - 1]);
    expect(nodes.count(n)).toBeGreaterThan(0);
    sum += nodes.count(n);
    if (i < depth || i >= chain.length - depth) expect(nodes.isCompressed(n)).toBe(false);
    if (nodes.isPlain(n)) continue;
    view.attach(nodes, n);
    const { buf, off, len } = view.range;
    expect(Buffer.from(buf).readUInt32LE(off)).toBe(len);
    expect(new Listpack(view).count).toBe(nodes.count(n));
  }
  expect(sum).toBe(count);
}

const END = fc.constantFrom(ListEnd.Head, ListEnd.Tail);
const TEXT = fc.oneof(
  fc.string({ maxLength: 8 }),
  fc.integer({ min: -70000, max: 70000 }).map(String),
  fc.integer({ min: 0, max: 400 }).map((n) => 'ab'.repeat(n)),
  fc.constantFrom('', '9223372036854775807', 'x'.repeat(1500), 'y'.repeat(5000)),
);
const INDEX = fc.nat({ max: 400 });
const STEP = fc.oneof(
  { weight: 5, arbitrary: fc.tuple(fc.constant('push'), END, fc.array(TEXT, { maxLength: 25 })) },
  { weight: 2, arbitrary: fc.tuple(fc.constant('drop'), END, fc.nat({ max: 12 })) },
  { weight: 3, arbitrary: fc.tuple(fc.constant('insert'), INDEX, END, TEXT) },
  { weight: 2, arbitrary: fc.tuple(fc.constant('replace'), INDEX, TEXT) },
  { weight: 2, arbitrary: fc.tuple(fc.constant('removeAt'), INDEX) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('removeRange'), INDEX, fc.nat({ max: 60 })) },
);
type Step = typeof STEP extends fc.Arbitrary<infer T> ? T : never;

function apply(model: Model, step: Step): void {
  switch (step[0]) {
    case 'push':
      for (const element of step[2] as string[]) model.push(step[1] as ListEnd, element);
      break;
    case 'drop':
      for (let i = 0; i < (step[2] as number); i++) model.drop(step[1] as ListEnd);
      break;
    case 'insert':
      model.insert(step[1] as number, step[2] as ListEnd, step[3] as string);
      break;
    case 'replace':
      model.replace(step[1] as number, step[2] as string);
      break;
    case 'removeAt':
      model.removeAt(step[1] as number);
      break;
    default:
      model.removeRange(step[1] as number, step[2] as number);
  }
}

const SETTINGS: [string, Settings][] = [
  ['8 KiB a node', { fill: -2 }],
  ['4 KiB a node, all but the ends compressed', { fill: -1, depth: 1 }],
  ['3 elements a node', { fill: 3 }],
  ['one element a node', { fill: 0 }],
  ['5 elements a node, two uncompressed at either end', { fill: 5, depth: 2 }],
  ['plain nodes from 20 bytes on', { fill: 4, threshold: 20 }],
  ['plain nodes, compressed', { fill: 4, depth: 1, threshold: 100 }],
];

describe.each(SETTINGS)('a quicklist of %s', (_, settings) => {
  it('holds what an array would after any changes, and gives all memory back', () => {
    fc.assert(
      fc.property(fc.array(STEP, { maxLength: 30 }), (steps) => {
        const model = new Model(settings);
        for (const step of steps) apply(model, step);
        model.check();
        expect(model.list.sharedBytes).toBe(model.arena.usedBytes);
        model.list.dispose();
        expect(model.arena.leaks()).toEqual([]);
      }),
      { numRuns: 40, seed: 7 },
    );
  });

  it('has a copy that is its own', () => {
    const model = new Model(settings);
    for (let i = 0; i < 60; i++) model.push(ListEnd.Tail, 'abc'.repeat(i % 17));
    const copy = model.list.copy(model.arena);
    const before = [...model.expected];
    for (let i = 0; i < 20; i++) model.removeAt(i * 7);
    expect(elements(copy)).toEqual(before);
    checkNodes(copy);
    model.check();
    model.list.dispose();
    copy.dispose();
    expect(model.arena.leaks()).toEqual([]);
  });

  it('can move to another arena', () => {
    const model = new Model(settings);
    for (let i = 0; i < 60; i++) model.push(ListEnd.Head, 'abc'.repeat(i % 17));
    const other = new Arena({ debug: true });
    model.list.moveTo(other);
    expect(model.arena.leaks()).toEqual([]);
    for (let i = 0; i < 20; i++) model.push(ListEnd.Tail, `${i}`);
    model.check();
    model.list.dispose();
    expect(other.leaks()).toEqual([]);
  });
});

describe('a long quicklist', () => {
  it('moves to an arena of its own, so that deleting it frees no block of the shared one', () => {
    const model = new Model({ fill: 2 });
    for (let i = 0; i < 2000; i++) model.push(ListEnd.Tail, `element ${i}`);
    expect(model.arena.leaks()).toEqual([]);
    expect(model.list.sharedBytes).toBe(0);
    expect(model.list.memoryBytes).toBeGreaterThan(2000 * 10);
    model.check();
    expect(model.list.dispose().length).toBeGreaterThan(0);
  });

  it('puts a huge element in an arena of its own without copying it', () => {
    const model = new Model();
    model.push(ListEnd.Tail, 'x'.repeat(3 * 1024 * 1024));
    expect(model.arena.usedBytes).toBe(0);
    model.push(ListEnd.Tail, 'y');
    model.check();
  });

  it('needs no more than its listpacks once nodes are full', () => {
    const model = new Model();
    for (let i = 0; i < 30_000; i++) model.push(ListEnd.Head, 'xxx');
    const { memoryBytes, sharedBytes } = model.list;
    expect(memoryBytes + sharedBytes).toBeLessThan(30_000 * 5 * 1.02 + 8192 + 2048);
  });

  it('serves as a queue without growing', () => {
    const model = new Model({ fill: -1 });
    for (let i = 0; i < 5000; i++) model.push(ListEnd.Tail, `job ${i}`);
    const { sharedBytes } = model.list;
    for (let i = 0; i < 20_000; i++) {
      model.list.push(ListEnd.Tail, Buffer.from('job 1234'), 0, 8);
      model.list.drop(ListEnd.Head);
    }
    expect(model.list.count).toBe(5000);
    expect(model.list.sharedBytes).toBeLessThan(sharedBytes * 1.1);
    checkNodes(model.list);
  });

  it('compresses what is inside', () => {
    const plain = new Model({ fill: -2 });
    const packed = new Model({ fill: -2, depth: 1 });
    for (const model of [plain, packed]) {
      for (let i = 0; i < 5000; i++) model.push(ListEnd.Tail, `user:${i}:the same words again`);
      model.check();
    }
    expect(packed.list.sharedBytes).toBeLessThan(plain.list.sharedBytes / 2);
  });
});

describe('a listpack with more elements than its header can count', () => {
  it('is taken over as one node', () => {
    const list = new Quicklist(new Arena({ debug: true }), -2, 0, {
      listPackedThreshold: PACKED_THRESHOLD,
    });
    const n = 70_000;
    const bytes = Buffer.alloc(LISTPACK_HEADER_BYTES + 2 * n + 1);
    bytes.writeUInt32LE(bytes.length, 0);
    bytes.writeUInt16LE(0xffff, 4);
    for (let i = 0; i < n; i++) bytes.writeUInt16LE(0x0100, LISTPACK_HEADER_BYTES + 2 * i);
    bytes[bytes.length - 1] = 0xff;
    list.appendListpack(bytes, 0, bytes.length, n);
    for (let i = 0; i < 5000; i++) list.drop(ListEnd.Head);
    expect(list.count).toBe(65_000);
    checkNodes(list);
    list.removeRange(10, 100);
    checkNodes(list);
  });
});
