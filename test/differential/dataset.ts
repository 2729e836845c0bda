/**
 * Compares all that two servers hold, key by key: what is there, its type, encoding, time to live,
 * content and digest.
 *
 * The content of a key is read with commands, so a type needs a line in READERS, and nothing else.
 */
import type { RespClient } from '../support/resp-client.js';
import { showReply } from '../support/resp-client.js';
import { type Agreement, type Exchange, sameBytes, sameElements, sameInstant } from './exchange.js';
import type { Form } from './forms.js';
import { latin1 } from './pools.js';
import type { Request } from './requests.js';

const samePexpiretime = sameInstant(1);

/** What reads a key of this type whole; `*` stands for the key. */
const READERS: Readonly<Record<string, { words: readonly string[]; inAnyOrder?: boolean }>> = {
  string: { words: ['GET', '*'] },
  list: { words: ['LRANGE', '*', '0', '-1'] },
  hash: { words: ['HGETALL', '*'], inAnyOrder: true },
  set: { words: ['SMEMBERS', '*'], inAnyOrder: true },
  zset: { words: ['ZRANGE', '*', '0', '-1', 'WITHSCORES'] },
  stream: { words: ['XRANGE', '*', '-', '+'] },
};

/** Whether two answers to such a request agree, by the stream's own rules. */
export type Judge = (exchange: Exchange) => string | undefined;

export interface DatasetDifference {
  readonly database: number;
  /** Undefined where it is about no single key. */
  readonly key: Buffer | undefined;
  readonly what: string;
}

export interface DatasetReaders {
  readonly ours: RespClient;
  readonly theirs: RespClient;
  readonly databases: number;
  readonly formOf: (request: Request) => Form | undefined;
  readonly judge: Judge;
  /** Types whose digests the other server makes otherwise. */
  readonly ownDigests: readonly string[];
}

/** The first difference between the two data sets, if there is one. */
export async function datasetDifference(
  readers: DatasetReaders,
): Promise<DatasetDifference | undefined> {
  for (let database = 0; database < readers.databases; database++) {
    await ask(readers, ['SELECT', String(database)]);
    const found = await databaseDifference(readers, database);
    if (found !== undefined) return found;
  }
  return undefined;
}

async function databaseDifference(
  readers: DatasetReaders,
  database: number,
): Promise<DatasetDifference | undefined> {
  const keys = await ask(readers, ['KEYS', '*']);
  if (!sameElements(keys)) {
    return { database, key: undefined, what: `the keys are ${describe(keys)}` };
  }
  if (keys.theirs.reply.kind !== 'array') throw new Error('KEYS answered with no array.');
  for (const item of keys.theirs.reply.items) {
    if (item.kind !== 'bulk') throw new Error('KEYS answered with something that is no key.');
    const what = await keyDifference(readers, item.bytes);
    if (what !== undefined) return { database, key: item.bytes, what };
  }
  return undefined;
}

async function keyDifference(readers: DatasetReaders, key: Buffer): Promise<string | undefined> {
  const type = await ask(readers, ['TYPE', key]);
  const agrees: Agreement = (exchange) => readers.judge(exchange) === undefined;
  const questions: [readonly (string | Buffer)[], Agreement][] = [
    [['TYPE', key], agrees],
    [['OBJECT', 'ENCODING', key], agrees],
    [['PEXPIRETIME', key], samePexpiretime],
  ];
  const name = type.theirs.reply.kind === 'status' ? type.theirs.reply.text : '';
  const reader = READERS[name];
  if (reader !== undefined) {
    const words = reader.words.map((word) => (word === '*' ? key : word));
    questions.push([words, reader.inAnyOrder ? sameElements : agrees]);
  }
  if (!readers.ownDigests.includes(name)) {
    questions.push([['DEBUG', 'DIGEST-VALUE', key], sameBytes]);
  }
  for (const [words, agree] of questions) {
    const exchange = await ask(readers, words);
    if (!agree(exchange)) return `${words[0]}: ${describe(exchange)}`;
  }
  return undefined;
}

async function ask(
  { ours, theirs, formOf }: DatasetReaders,
  words: readonly (string | Buffer)[],
): Promise<Exchange> {
  const request = words.map((word) => (typeof word === 'string' ? latin1(word) : word));
  const [our, their] = await Promise.all([ours.exchange(request), theirs.exchange(request)]);
  return { request, form: formOf(request), ours: our, theirs: their, previous: undefined };
}

const SHOWN_CHARS = 2000;

function describe({ ours, theirs }: Exchange): string {
  const [our, their] = [ours, theirs].map(({ reply }) => showReply(reply).slice(0, SHOWN_CHARS));
  return `respd ${our}, Redis ${their}`;
}
