/**
 * What the page asks for: figures, slow log, clients, keys and their values, as JSON. It reads and
 * never writes, by the session's connection, so each user sees what ACL lets that user see.
 *
 * Keys and values are bytes. In JSON they are texts where they are valid UTF-8, else `{ "hex": … }`;
 * the page names a key by its bytes in base64url.
 */
import type { History } from './history.js';
import { HttpError } from './http.js';
import { parseInfo } from './info-text.js';
import { CommandError, type Link, type Reply } from './link.js';

/** Keys looked at per request, and members of a collection shown per request. */
const KEYS_PER_PAGE = 100;
const KEYS_PER_SAMPLE = 200;
const MEMBERS_PER_PAGE = 100;
/** Bytes of a string shown. */
const STRING_SHOWN = 4096;
/** A member longer than this is shown by its beginning, in bytes. */
const MEMBER_SHOWN = 512;

type Shown = string | { hex: string };

export interface ApiRequest {
  readonly link: Link;
  readonly query: URLSearchParams;
  readonly history: History;
}

export type Endpoint = (request: ApiRequest) => Promise<unknown>;

/** By path below `/api/`. */
export const ENDPOINTS: Readonly<Record<string, Endpoint>> = {
  overview,
  slowlog,
  clients,
  keys,
  key,
  sample,
};

async function overview({ link, query, history }: ApiRequest): Promise<unknown> {
  const info = parseInfo(await link.text('INFO', 'default', 'commandstats'));
  const sections: Record<string, Record<string, string>> = {};
  for (const [name, fields] of info) sections[name] = Object.fromEntries(fields);
  return { info: sections, history: history.since(Number(query.get('since') ?? 0)) };
}

async function slowlog({ link }: ApiRequest): Promise<unknown> {
  const entries = (await link.command('SLOWLOG', 'GET', 50)) as Reply[][];
  return entries.map(([id, time, usec, args, address, name]) => ({
    id,
    time,
    usec,
    command: (args as Buffer[]).map((arg) => shown(arg)),
    address: String(address),
    name: String(name),
  }));
}

async function clients({ link }: ApiRequest): Promise<unknown> {
  const text = await link.text('CLIENT', 'LIST');
  return text
    .trimEnd()
    .split('\n')
    .map((line) => Object.fromEntries(line.split(' ').map(splitField)));
}

function splitField(field: string): [string, string] {
  const equals = field.indexOf('=');
  return [field.slice(0, equals), field.slice(equals + 1)];
}

/** A page of key names. */
async function keys({ link, query }: ApiRequest): Promise<unknown> {
  const args = ['SCAN', cursorOf(query), 'MATCH', query.get('match') || '*'];
  const type = query.get('type');
  if (type) args.push('TYPE', type);
  const [, reply] = await inDatabase(link, query, [[...args, 'COUNT', KEYS_PER_PAGE * 2]]);
  const [cursor, names] = reply as [Buffer, Buffer[]];
  const about = await Promise.all(
    names.flatMap((name) => [link.command('TYPE', name), link.command('PTTL', name)]),
  );
  return {
    cursor: String(cursor),
    keys: names.map((name, i) => ({
      ...named(name),
      type: String(about[2 * i]),
      ttlMs: about[2 * i + 1],
    })),
  };
}

/** Some keys with their size and use: from many of these the page makes its top lists. */
async function sample({ link, query }: ApiRequest): Promise<unknown> {
  const scan = ['SCAN', cursorOf(query), 'COUNT', KEYS_PER_SAMPLE];
  const [, reply] = await inDatabase(link, query, [scan]);
  const [cursor, names] = reply as [Buffer, Buffer[]];
  const about = await Promise.all(
    names.flatMap((name) => [
      link.command('TYPE', name),
      optional(link.command('MEMORY', 'USAGE', name)),
      optional(link.command('OBJECT', 'FREQ', name)),
      optional(link.command('OBJECT', 'IDLETIME', name)),
    ]),
  );
  return {
    cursor: String(cursor),
    keys: names.map((name, i) => ({
      ...named(name),
      type: String(about[4 * i]),
      bytes: about[4 * i + 1],
      frequency: about[4 * i + 2],
      idleSeconds: about[4 * i + 3],
    })),
  };
}

/** A key, and a page of its value. */
async function key({ link, query }: ApiRequest): Promise<unknown> {
  const name = Buffer.from(query.get('key') ?? '', 'base64url');
  const [, type, ttlMs, encoding, bytes] = await inDatabase(link, query, [
    ['TYPE', name],
    ['PTTL', name],
    ['OBJECT', 'ENCODING', name],
    ['MEMORY', 'USAGE', name],
  ]);
  if (String(type) === 'none') throw new HttpError(404, 'There is no such key.');
  const read = VALUES[String(type)];
  const value = await read?.(link, name, cursorOf(query));
  return {
    ...named(name),
    type: String(type),
    ttlMs,
    encoding: encoding === null ? null : String(encoding),
    bytes,
    ...value,
  };
}

/** A page of a value: rows of one or two columns, and where the next begins ('': nowhere). */
interface ValuePage {
  length: number;
  rows: Shown[][];
  next: string;
}

type ReadValue = (link: Link, key: Buffer, cursor: string) => Promise<ValuePage>;

const VALUES: Readonly<Record<string, ReadValue>> = {
  async string(link, key) {
    const [length, value] = await Promise.all([
      link.command('STRLEN', key),
      link.command('GETRANGE', key, 0, STRING_SHOWN - 1),
    ]);
    const isCut = (length as number) > STRING_SHOWN;
    return { length: length as number, rows: [[shown(value as Buffer, isCut)]], next: '' };
  },

  async list(link, key, cursor) {
    const from = Number(cursor);
    const [length, members] = await Promise.all([
      link.command('LLEN', key),
      link.command('LRANGE', key, from, from + MEMBERS_PER_PAGE - 1),
    ]);
    const rows = (members as Buffer[]).map((member, i) => [String(from + i), shownShort(member)]);
    return { length: length as number, rows, next: after(from, rows.length, length as number) };
  },

  async set(link, key, cursor) {
    const [length, page] = await Promise.all([
      link.command('SCARD', key),
      link.command('SSCAN', key, cursor, 'COUNT', MEMBERS_PER_PAGE),
    ]);
    const [next, members] = page as [Buffer, Buffer[]];
    const rows = members.map((member) => [shownShort(member)]);
    return { length: length as number, rows, next: scanned(next) };
  },

  async hash(link, key, cursor) {
    const [length, page] = await Promise.all([
      link.command('HLEN', key),
      link.command('HSCAN', key, cursor, 'COUNT', MEMBERS_PER_PAGE),
    ]);
    const [next, flat] = page as [Buffer, Buffer[]];
    return { length: length as number, rows: pairs(flat), next: scanned(next) };
  },

  async zset(link, key, cursor) {
    const from = Number(cursor);
    const [length, flat] = await Promise.all([
      link.command('ZCARD', key),
      link.command('ZRANGE', key, from, from + MEMBERS_PER_PAGE - 1, 'WITHSCORES'),
    ]);
    const rows = pairs(flat as Buffer[]);
    return { length: length as number, rows, next: after(from, rows.length, length as number) };
  },

  async stream(link, key, cursor) {
    const from = cursor === '0' ? '-' : `(${cursor}`;
    const [length, entries] = await Promise.all([
      link.command('XLEN', key),
      link.command('XRANGE', key, from, '+', 'COUNT', MEMBERS_PER_PAGE),
    ]);
    const list = entries as [Buffer, Buffer[]][];
    const rows = list.map(([id, fields]) => [
      String(id),
      pairs(fields)
        .map(([field, value]) => `${plain(field!)}: ${plain(value!)}`)
        .join(', '),
    ]);
    const isLast = list.length < MEMBERS_PER_PAGE;
    return { length: length as number, rows, next: isLast ? '' : String(list.at(-1)![0]) };
  },
};

/** Runs commands in the database that the query names; the first reply is SELECT's. */
function inDatabase(
  link: Link,
  query: URLSearchParams,
  commands: readonly (readonly (string | number | Buffer)[])[],
): Promise<Reply[]> {
  const select = link.command('SELECT', query.get('db') ?? '0');
  return Promise.all([select, ...commands.map((args) => link.command(...args))]);
}

/** What not every server or user can say, as null. */
async function optional(reply: Promise<Reply>): Promise<Reply> {
  try {
    return await reply;
  } catch (error) {
    if (error instanceof CommandError && error.code !== 'CLOSED') return null;
    throw error;
  }
}

function named(key: Buffer): { key: string; name: Shown } {
  return { key: key.toString('base64url'), name: shown(key) };
}

function cursorOf(query: URLSearchParams): string {
  return query.get('cursor') || '0';
}

function scanned(cursor: Buffer): string {
  return String(cursor) === '0' ? '' : String(cursor);
}

function after(from: number, count: number, length: number): string {
  return count > 0 && from + count < length ? String(from + count) : '';
}

function pairs(flat: readonly Buffer[]): Shown[][] {
  const rows: Shown[][] = [];
  for (let i = 0; i + 1 < flat.length; i += 2) {
    rows.push([shownShort(flat[i]!), shownShort(flat[i + 1]!)]);
  }
  return rows;
}

function shownShort(bytes: Buffer): Shown {
  if (bytes.length <= MEMBER_SHOWN) return shown(bytes);
  const head = shown(bytes.subarray(0, MEMBER_SHOWN), true);
  const more = `… (${bytes.length} bytes)`;
  return typeof head === 'string' ? head + more : { hex: head.hex + more };
}

function plain(value: Shown): string {
  return typeof value === 'string' ? value : `0x${value.hex}`;
}

/** @param isCut whether the last character may be there in part, which is then left out */
function shown(bytes: Buffer, isCut = false): Shown {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: isCut });
  } catch {
    return { hex: bytes.toString('hex') };
  }
}
