/**
 * How often keys were used, as OBJECT FREQ tells it, of all keys of two servers. It is the same where
 * chance has no part in it: with `lfu-log-factor 0` every use counts, with `lfu-decay-time 0` none is
 * forgotten.
 */
import { type Reply, type RespClient, showReply } from '../support/resp-client.js';

/** What both servers are to be set to. With a limit, so that Redis has no integers that keys share. */
export const COUNTS_EVERY_USE = [
  ...['maxmemory', '4gb', 'maxmemory-policy', 'allkeys-lfu'],
  ...['lfu-log-factor', '0', 'lfu-decay-time', '0'],
];

export interface FrequencyDifference {
  readonly key: Buffer;
  readonly what: string;
}

/** The first key that was not used as often here as there. Looking at them is no use. */
export async function frequencyDifference(
  ours: RespClient,
  theirs: RespClient,
  databases: number,
): Promise<FrequencyDifference | undefined> {
  for (let db = 0; db < databases; db++) {
    for (const client of [ours, theirs]) await client.send('SELECT', db);
    const keys = keysOf(await theirs.send('KEYS', '*'));
    const [our, their] = await Promise.all([counts(ours, keys), counts(theirs, keys)]);
    const i = keys.findIndex((_, k) => our[k] !== their[k]);
    if (i >= 0) {
      const what = `in database ${db} it was used ${our[i]} times here, ${their[i]} in Redis`;
      return { key: keys[i]!, what };
    }
  }
  return undefined;
}

async function counts(client: RespClient, keys: readonly Buffer[]): Promise<string[]> {
  const replies = await Promise.all(keys.map((key) => client.send('OBJECT', 'FREQ', key)));
  return replies.map(showReply);
}

function keysOf(reply: Reply): Buffer[] {
  if (reply.kind !== 'array') throw new Error(`KEYS: ${showReply(reply)}`);
  return reply.items.flatMap((item) => (item.kind === 'bulk' ? [item.bytes] : []));
}
