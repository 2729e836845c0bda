/**
 * What is in an RDB file, by type: ours, not redis-check-rdb's, so it is shown on a terminal or when
 * asked for, behind everything else; or alone, as JSON.
 */
import { RdbType, TYPE_NAMES } from '../../persistence/rdb/format.js';
import { quoteBytes } from '../../text/quote.js';
import type { CheckedKey } from './check.js';

/** Notes and databases of a file beyond so many are not kept: a damaged one may have any. */
const NOTES_MAX = 1000;
const DATABASES_MAX = 100_000;

const TYPES = ['string', 'list', 'set', 'zset', 'hash', 'stream', 'module'] as const;
type Type = (typeof TYPES)[number];

/** The types of values, by how they are kept. */
const TYPE_OF: Readonly<Record<number, Type>> = {
  [RdbType.String]: 'string',
  [RdbType.List]: 'list',
  [RdbType.ListZiplist]: 'list',
  [RdbType.ListQuicklist]: 'list',
  [RdbType.ListQuicklist2]: 'list',
  [RdbType.Set]: 'set',
  [RdbType.SetIntset]: 'set',
  [RdbType.SetListpack]: 'set',
  [RdbType.Zset]: 'zset',
  [RdbType.Zset2]: 'zset',
  [RdbType.ZsetZiplist]: 'zset',
  [RdbType.ZsetListpack]: 'zset',
  [RdbType.StreamListpacks]: 'stream',
  [RdbType.StreamListpacks2]: 'stream',
  [RdbType.StreamListpacks3]: 'stream',
  [RdbType.ModulePreGa]: 'module',
  [RdbType.Module2]: 'module',
};

/** Keys of a type. */
export class TypeCount {
  keys = 0;
  /** Members, fields, entries; a string is one. */
  elements = 0;
  /** In the file. */
  bytes = 0;
  expires = 0;
  alreadyExpired = 0;
  /** The key with most bytes. */
  biggestBytes = 0;
  biggestKey: Buffer = Buffer.alloc(0);

  add(key: CheckedKey): void {
    this.keys++;
    this.elements += key.elements;
    this.bytes += key.bytes;
    if (key.isVolatile) this.expires++;
    if (key.isDue) this.alreadyExpired++;
    if (key.bytes > this.biggestBytes) {
      this.biggestBytes = key.bytes;
      this.biggestKey = Buffer.from(key.name);
    }
  }
}

export class RdbSummary {
  /** About the file's origin; texts are latin1. */
  readonly notes = new Map<string, string>();
  readonly databases = new Map<number, number>();
  libraries = 0;
  private readonly types = new Map<Type, TypeCount>();
  private readonly encodings = new Map<string, number>();
  private database = 0;

  addNote(name: string, value: string): void {
    if (this.notes.size < NOTES_MAX) this.notes.set(name, value);
  }

  selectDatabase(index: number): void {
    this.database = index;
  }

  addKey(key: CheckedKey): void {
    const type = TYPE_OF[key.type] ?? 'hash';
    let count = this.types.get(type);
    if (count === undefined) this.types.set(type, (count = new TypeCount()));
    count.add(key);
    increment(this.encodings, TYPE_NAMES[key.type] ?? 'unknown');
    const { database, databases } = this;
    if (databases.has(database) || databases.size < DATABASES_MAX) increment(databases, database);
  }

  /** Lines of text: a row for each type, and how many keys are kept in which way. */
  lines(): string[] {
    if (this.types.size === 0) return ['no keys'];
    const total = new TypeCount();
    const rows: string[] = [];
    for (const [type, count] of this.sorted()) {
      rows.push(row(type, count));
      total.keys += count.keys;
      total.elements += count.elements;
      total.bytes += count.bytes;
      total.expires += count.expires;
      total.alreadyExpired += count.alreadyExpired;
    }
    const ways = [...this.encodings].map(([name, keys]) => `${name} ${keys}`);
    const biggest = this.sorted().map(
      ([type, { biggestBytes, biggestKey }]) =>
        `biggest ${type}: ${quoteBytes(shortened(biggestKey))}, ${biggestBytes} bytes`,
    );
    return [HEAD, ...rows, row('all', total), `kept as: ${ways.join(', ')}`, ...biggest];
  }

  /** For a program. */
  toJson(): object {
    const types = this.sorted().map(([type, count]) => {
      const { keys, elements, bytes, expires, alreadyExpired } = count;
      const biggest = { key: textOf(count.biggestKey), bytes: count.biggestBytes };
      return [type, { keys, elements, bytes, expires, alreadyExpired, biggest }];
    });
    return {
      aux: Object.fromEntries([...this.notes].map(([name, value]) => [name, utf8(value)])),
      databases: Object.fromEntries(this.databases),
      libraries: this.libraries,
      types: Object.fromEntries(types),
      encodings: Object.fromEntries(this.encodings),
    };
  }

  private sorted(): [Type, TypeCount][] {
    return TYPES.flatMap((type) => {
      const count = this.types.get(type);
      return count === undefined ? [] : [[type, count] as [Type, TypeCount]];
    });
  }
}

const KEY_SHOWN_MAX = 100;

function shortened(key: Buffer): Buffer {
  return key.length <= KEY_SHOWN_MAX ? key : Buffer.concat([key.subarray(0, 97), DOTS]);
}

const DOTS = Buffer.from('...');

/** Bytes as a text: as they are where they are UTF-8, else quoted. */
export function textOf(bytes: Uint8Array): string {
  const text = Buffer.from(bytes).toString();
  return Buffer.from(text).equals(bytes) ? text : quoteBytes(bytes);
}

function utf8(latin1: string): string {
  return textOf(Buffer.from(latin1, 'latin1'));
}

function increment<K>(counts: Map<K, number>, key: K): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

const COLUMNS = [10, 12, 14, 16, 12, 12] as const;
const HEAD = columns(['type', 'keys', 'elements', 'bytes', 'expires', 'expired']);

function row(name: string, count: TypeCount): string {
  const { alreadyExpired, bytes, elements, expires, keys } = count;
  return columns([name, ...[keys, elements, bytes, expires, alreadyExpired].map(String)]);
}

function columns(cells: readonly string[]): string {
  return cells
    .map((cell, i) => (i === 0 ? cell.padEnd(COLUMNS[i]!) : cell.padStart(COLUMNS[i]!)))
    .join('');
}
