/**
 * What a key holds: its type and encoding in one small number, kept in the dict entry's `meta`.
 *
 *     meta   | access clock (24 bits) | spare | epoch | volatile | kind (5 bits) |
 *
 * The access clock is Redis's LRU clock, or the LFU counter and its decrement time. `volatile` says
 * that the value begins with the number of its slot in the database's ExpiryTable.
 */
export const Kind = {
  None: 0,
  /** A canonical 64-bit integer, kept as its digits. */
  StringInt: 1,
  /** At most 44 bytes, never changed in place (the name is Redis's). */
  StringEmbstr: 2,
  /** Any bytes, in the block. */
  StringRaw: 3,
  /** Raw too, in a buffer of its own: the value is the number of a LargeString object. */
  StringLarge: 4,
  ListListpack: 5,
  ListQuicklist: 6,
  SetIntset: 7,
  SetListpack: 8,
  SetDict: 9,
  ZsetListpack: 10,
  ZsetSkiplist: 11,
  HashListpack: 12,
  HashDict: 13,
  Stream: 14,
  /** A listpack too, of a hash that Redis would keep as a hash table: see hash/hash-fields.ts. */
  HashWide: 15,
  // Those after it are hashes whose fields may have deadlines of their own.
  HashListpackEx: 16,
  HashDictEx: 17,
} as const;

/** Kinds as sets of bits, by type: what a command may find under its key. */
export const KindSet = {
  String:
    (1 << Kind.StringInt) |
    (1 << Kind.StringEmbstr) |
    (1 << Kind.StringRaw) |
    (1 << Kind.StringLarge),
  List: (1 << Kind.ListListpack) | (1 << Kind.ListQuicklist),
  Set: (1 << Kind.SetIntset) | (1 << Kind.SetListpack) | (1 << Kind.SetDict),
  Zset: (1 << Kind.ZsetListpack) | (1 << Kind.ZsetSkiplist),
  Hash:
    (1 << Kind.HashListpack) |
    (1 << Kind.HashDict) |
    (1 << Kind.HashWide) |
    (1 << Kind.HashListpackEx) |
    (1 << Kind.HashDictEx),
  Stream: 1 << Kind.Stream,
} as const;

export const KIND_MASK = 0x1f;
export const VOLATILE = 0x20;
/** The access clock within `meta`. */
export const CLOCK_SHIFT = 8;
export const CLOCK_MASK = 0xffffff;
/** All of `meta` but the access clock. */
export const META_REST = 0xff;

/** TYPE's answers. */
export type TypeName = 'string' | 'list' | 'set' | 'zset' | 'hash' | 'stream';

const TYPES: readonly (TypeName | 'none')[] = [
  'none',
  'string',
  'string',
  'string',
  'string',
  'list',
  'list',
  'set',
  'set',
  'set',
  'zset',
  'zset',
  'hash',
  'hash',
  'stream',
  'hash',
  'hash',
  'hash',
];

const ENCODINGS: readonly string[] = [
  'none',
  'int',
  'embstr',
  'raw',
  'raw',
  'listpack',
  'quicklist',
  'intset',
  'listpack',
  'hashtable',
  'listpack',
  'skiplist',
  'listpack',
  'hashtable',
  'stream',
  'hashtable',
  'listpackex',
  'hashtable',
];

/** TYPE's answer for a kind. */
export function typeName(kind: number): TypeName | 'none' {
  return TYPES[kind]!;
}

/** OBJECT ENCODING's answer for a kind. */
export function encodingName(kind: number): string {
  return ENCODINGS[kind]!;
}

export function isString(kind: number): boolean {
  return kind <= Kind.StringLarge;
}

/** Whether the value is the number of an object in the database's ObjectTable. */
export function isObject(kind: number): boolean {
  return ((OBJECT_KINDS >>> kind) & 1) !== 0;
}

/** Whether the value is an object that finds its members with a Dict, which is its field `dict`. */
export function isHashed(kind: number): boolean {
  return ((HASHED_KINDS >>> kind) & 1) !== 0;
}

const HASHED_KINDS =
  (1 << Kind.SetDict) | (1 << Kind.ZsetSkiplist) | (1 << Kind.HashDict) | (1 << Kind.HashDictEx);
const OBJECT_KINDS =
  (1 << Kind.StringLarge) |
  (1 << Kind.ListQuicklist) |
  (1 << Kind.SetDict) |
  (1 << Kind.ZsetSkiplist) |
  (1 << Kind.HashDict) |
  (1 << Kind.HashDictEx) |
  (1 << Kind.Stream);
