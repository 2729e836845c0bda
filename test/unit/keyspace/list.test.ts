/** A cursor over lists of either encoding, against an array. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HeapBytes } from '../../../src/datastructs/byte-store.js';
import { SipHasher } from '../../../src/datastructs/siphash.js';
import { Database } from '../../../src/keyspace/database.js';
import { EncodingLimits } from '../../../src/keyspace/encoding-limits.js';
import { encodingName, Kind } from '../../../src/keyspace/kinds.js';
import { ListCursor, Needle } from '../../../src/keyspace/list/cursor.js';
import { EMPTY_LIST, List, ListEnd } from '../../../src/keyspace/list/list.js';

interface Settings {
  listMaxListpackSize?: number;
  listCompressDepth?: number;
  listPackedThreshold?: number;
}

class Model {
  readonly db: Database;
  readonly entry: number;
  readonly list = new List();
  readonly cursor = new ListCursor();

  constructor(settings: Settings, elements: readonly string[]) {
    const limits = Object.assign(new EncodingLimits(), settings);
    this.db = new Database(0, new SipHasher(1, 2), limits, true);
    const key = Buffer.from('key');
    this.entry = this.db.addRaw(key, 0, 3, 0, Kind.ListListpack, EMPTY_LIST, 0, EMPTY_LIST.length);
    const list = this.open();
    for (const element of elements) {
      list.reserve(element.length, 1);
      list.push(ListEnd.Tail, Buffer.from(element), 0, element.length);
    }
  }

  open(): List {
    return this.list.open(this.db, this.entry);
  }

  elements(): string[] {
    const found: string[] = [];
    const { cursor } = this;
    if (!cursor.seek(this.open(), 0)) return found;
    do {
      cursor.read();
      found.push(Buffer.from(cursor.buf.subarray(cursor.off, cursor.off + cursor.len)).toString());
    } while (cursor.next());
    return found;
  }

  /** Nothing but the key's block may be left when the key goes. */
  checkMemory(): void {
    this.db.remove(this.entry);
    expect(this.db.arena.leaks()).toEqual([]);
    expect(this.db.objectBytes).toBe(0);
  }
}

const needle = (text: string) => new Needle().set(Buffer.from(text), 0, text.length);

const SETTINGS: [string, Settings][] = [
  ['a listpack', {}],
  ['nodes of 3 elements', { listMaxListpackSize: 3 }],
  ['compressed nodes', { listMaxListpackSize: 8, listCompressDepth: 1 }],
  ['plain nodes among others', { listMaxListpackSize: 4, listPackedThreshold: 12 }],
];
const ELEMENT = fc.constantFrom('a', 'b', '7', '-1', '9007199254740993', 'a longer element', '');

describe.each(SETTINGS)('a list kept as %s', (_, settings) => {
  it('is walked in both directions from any index', () => {
    fc.assert(
      fc.property(fc.array(ELEMENT, { minLength: 1, maxLength: 60 }), fc.nat(), (elements, at) => {
        const model = new Model(settings, elements);
        expect(model.elements()).toEqual(elements);
        const index = at % elements.length;
        const { cursor } = model;
        expect(cursor.seek(model.open(), index)).toBe(true);
        for (let i = index; i >= 0; i--) {
          expect(cursor.is(needle(elements[i]!))).toBe(true);
          expect(cursor.is(needle('none'))).toBe(false);
          expect(cursor.prev()).toBe(i > 0);
        }
        expect(cursor.seek(model.open(), elements.length)).toBe(false);
        model.checkMemory();
      }),
      { numRuns: 30, seed: 3 },
    );
  });

  it.each(['forwards', 'backwards'])('loses what is removed walking %s', (direction) => {
    fc.assert(
      fc.property(fc.array(ELEMENT, { minLength: 1, maxLength: 60 }), ELEMENT, (elements, gone) => {
        const model = new Model(settings, elements);
        const { cursor } = model;
        const wanted = needle(gone);
        const forwards = direction === 'forwards';
        let more = cursor.seek(model.open(), forwards ? 0 : elements.length - 1);
        while (more) {
          if (!cursor.is(wanted)) more = forwards ? cursor.next() : cursor.prev();
          else more = forwards ? cursor.removeForwards() : cursor.removeBackwards();
        }
        cursor.finish();
        const left = elements.filter((element) => element !== gone);
        expect(model.open().length).toBe(left.length);
        if (left.length > 0) {
          model.list.shrink();
          expect(model.elements()).toEqual(left);
        }
        model.checkMemory();
      }),
      { numRuns: 30, seed: 5 },
    );
  });

  it('takes an element on either side of the cursor', () => {
    fc.assert(
      fc.property(
        fc.array(ELEMENT, { minLength: 1, maxLength: 40 }),
        fc.nat(),
        fc.constantFrom(ListEnd.Head, ListEnd.Tail),
        (elements, at, side) => {
          const model = new Model(settings, elements);
          const index = at % elements.length;
          model.open().reserve(3, 1);
          model.cursor.seek(model.list, index);
          model.cursor.insert(side, Buffer.from('new'), 0, 3);
          const expected: string[] = [...elements];
          expected.splice(side === ListEnd.Head ? index : index + 1, 0, 'new');
          expect(model.elements()).toEqual(expected);
          model.checkMemory();
        },
      ),
      { numRuns: 30, seed: 9 },
    );
  });
});

describe('a list that has become empty', () => {
  it('may be filled again before its key goes', () => {
    const model = new Model({ listMaxListpackSize: 1 }, ['a', 'b']);
    const list = model.open();
    expect(encodingName(model.db.kind(model.entry))).toBe('quicklist');
    list.drop(ListEnd.Head);
    list.drop(ListEnd.Tail);
    expect(list.length).toBe(0);
    list.push(ListEnd.Head, Buffer.from('c'), 0, 1);
    expect(model.elements()).toEqual(['c']);
    model.checkMemory();
  });
});

describe('what a new list begins with', () => {
  it('is a listpack without elements', () => {
    expect(new HeapBytes(EMPTY_LIST).view()).toEqual(Uint8Array.of(7, 0, 0, 0, 0, 0, 0xff));
  });
});
