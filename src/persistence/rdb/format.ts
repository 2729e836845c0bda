/**
 * The RDB format's constants: what a file is made of.
 *
 *     "REDIS" version(4 digits) { aux | select-db | resize-db | [expire] [idle | freq] type key value }* EOF crc64
 *
 * A length is 6 bits, 14 bits, 32 or 64 bits, told by its first byte's upper bits:
 *
 *     00llllll                 01llllll llllllll                 10000000 + 4 bytes
 *     10000001 + 8 bytes       11eeeeee: no length, but how a string is kept (below)
 *
 * These have their highest byte first; all other numbers in a file have their lowest first. A string
 * is a length and its bytes; or an integer in 1, 2 or 4 bytes, which stands for its digits; or LZF:
 * the length compressed, the length, the compressed bytes.
 *
 * Sources: Redis's rdb.h; https://rdb.fnordig.de/file_format.html; for versions 12: Redis 7.4's
 * release notes and the files that it writes.
 */

/** What stands before a key's value: how it is kept. */
export const RdbType = {
  String: 0,
  List: 1,
  Set: 2,
  Zset: 3,
  Hash: 4,
  Zset2: 5,
  ModulePreGa: 6,
  Module2: 7,
  HashZipmap: 9,
  ListZiplist: 10,
  SetIntset: 11,
  ZsetZiplist: 12,
  HashZiplist: 13,
  ListQuicklist: 14,
  StreamListpacks: 15,
  HashListpack: 16,
  ZsetListpack: 17,
  ListQuicklist2: 18,
  StreamListpacks2: 19,
  SetListpack: 20,
  StreamListpacks3: 21,
  HashMetadataPreGa: 22,
  HashListpackExPreGa: 23,
  HashMetadata: 24,
  HashListpackEx: 25,
} as const;

export const RdbOpcode = {
  SlotInfo: 244,
  Function2: 245,
  FunctionPreGa: 246,
  ModuleAux: 247,
  Idle: 248,
  Freq: 249,
  Aux: 250,
  ResizeDb: 251,
  ExpireTimeMs: 252,
  ExpireTime: 253,
  SelectDb: 254,
  Eof: 255,
} as const;

/** How a string that has no length of its own is kept. */
export const RdbString = { Int8: 0, Int16: 1, Int32: 2, Lzf: 3 } as const;

export const LENGTH_14BIT = 0x40;
export const LENGTH_32BIT = 0x80;
export const LENGTH_64BIT = 0x81;
export const ENCODED = 0xc0;

/** A node of a quicklist: one element's bytes, or a listpack. */
export const NodeContainer = { Plain: 1, Packed: 2 } as const;

/** Parts of what a module has written. */
export const ModuleOpcode = { Eof: 0, Sint: 1, Uint: 2, Float: 3, Double: 4, String: 5 } as const;

/** The versions: which Redis reads what. */
export const RdbVersion = {
  First: 1,
  /** Files end with a checksum from here on. */
  Checksummed: 5,
  /** Redis 5.0 to 6.2: streams, LRU and LFU fields. */
  Streams: 9,
  /** Redis 7.0: listpacks instead of ziplists, functions. */
  Listpacks: 10,
  /** Redis 7.2: sets as listpacks, when a stream's consumers were last active. */
  SetListpacks: 11,
  /** Redis 7.4: deadlines of a hash's fields. */
  FieldExpiry: 12,
} as const;

export const RDB_VERSION_MIN = RdbVersion.Streams;
export const RDB_VERSION_MAX = RdbVersion.FieldExpiry;

export const RDB_MAGIC = 'REDIS';
export const RDB_HEADER_BYTES = 9;

/** Names of the types as redis-check-rdb prints them. */
export const TYPE_NAMES: readonly (string | undefined)[] = [
  'string',
  'list-linked',
  'set-hashtable',
  'zset-v1',
  'hash-hashtable',
  'zset-v2',
  'module-pre-release',
  'module-value',
  undefined,
  'hash-zipmap',
  'list-ziplist',
  'set-intset',
  'zset-ziplist',
  'hash-ziplist',
  'quicklist',
  'stream',
  'hash-listpack',
  'zset-listpack',
  'quicklist-v2',
  'stream-v2',
  'set-listpack',
  'stream-v3',
  'hash-metadata-pre-release',
  'hash-listpack-ex-pre-release',
  'hash-metadata',
  'hash-listpack-ex',
];

const MODULE_CHARACTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** The name in a module type's number: nine characters of 6 bits, then 10 bits of version. */
export function moduleName(id: bigint): string {
  let name = '';
  for (let shift = 58n; shift >= 10n; shift -= 6n) {
    name += MODULE_CHARACTERS[Number((id >> shift) & 63n)]!;
  }
  return name;
}
