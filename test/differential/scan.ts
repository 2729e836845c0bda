/**
 * Whole SCAN iterations: cursors are each server's own, but what an iteration finds from its start
 * to its end must be the same keys.
 */
import { type RespClient, showReply } from '../support/resp-client.js';
import type { Random } from './random.js';

const DATABASES = 3;
/** More steps than any iteration over the stream's few keys can take. */
const MAX_STEPS = 10_000;
const MATCHES = ['*', '*:[0-3]', 'string:*', '?', '[^s]*', 'string:1', 'nothing*'];
const COUNTS = ['1', '2', '7', '10', '1000'];
const TYPES = ['string', 'STRING', 'list', 'hash', 'set', 'zset', 'stream'];

/** Iterates with the same options on both. @returns what differs, if anything */
export async function scanDifference(
  random: Random,
  ours: RespClient,
  theirs: RespClient,
): Promise<string | undefined> {
  const database = String(random.below(DATABASES));
  const options: string[] = [];
  if (random.chance(0.5)) options.push('MATCH', random.pick(MATCHES));
  if (random.chance(0.7)) options.push('COUNT', random.pick(COUNTS));
  if (random.chance(0.4)) options.push('TYPE', random.pick(TYPES));
  const [our, their] = await Promise.all([
    iterate(ours, database, options),
    iterate(theirs, database, options),
  ]);
  if (our.join() === their.join()) return undefined;
  const asked = ['SCAN', ...options].join(' ');
  return `${asked} in database ${database} finds ${our.join()} here, ${their.join()} in Redis`;
}

/** @returns the keys found, sorted, each once */
async function iterate(
  client: RespClient,
  database: string,
  options: readonly string[],
): Promise<string[]> {
  await client.send('SELECT', database);
  const found = new Set<string>();
  let cursor = '0';
  for (let steps = 0; steps < MAX_STEPS; steps++) {
    const reply = await client.send('SCAN', cursor, ...options);
    if (reply.kind !== 'array') return [showReply(reply)];
    const [next, keys] = reply.items;
    if (next?.kind !== 'bulk' || keys?.kind !== 'array') return [showReply(reply)];
    for (const key of keys.items) found.add(showReply(key));
    cursor = next.bytes.toString('latin1');
    if (cursor === '0') return [...found].sort();
  }
  return ['an iteration without an end'];
}
