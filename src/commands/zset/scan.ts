/**
 * ZSCAN: members and scores, some at each call.
 *
 * A listpack is returned at once. A skip list's members are visited in the order of its dict, whose
 * cursor holds while the set changes (see datastructs/dict.ts). Scores of these are written with all
 * 17 digits, as Redis does here and nowhere else.
 */
import { KindSet } from '../../keyspace/kinds.js';
import type { Zset } from '../../keyspace/zset/zset.js';
import { ZsetSkiplist } from '../../keyspace/zset/zset-skiplist.js';
import type { ReplyWriter } from '../../resp/reply-writer.js';
import type { Call } from '../../server/api/call.js';
import type { CommandSpec } from '../../server/api/command.js';
import { formatDouble, formatDouble17g } from '../../text/double.js';
import {
  matches,
  parseCursor,
  parseScanOptions,
  replyNothingScanned,
  SCAN_ARGS,
  type ScanOptions,
  scanDict,
} from '../scan-options.js';
import { reader } from './scratch.js';
import { KEY, READ_KEY } from './specs.js';

export const zscan: CommandSpec = {
  name: 'zscan',
  summary: 'Returns the members of a sorted set and their scores, some at each call.',
  since: '2.8.0',
  group: 'sorted-set',
  complexity: 'O(1) for each call; O(N) for all, where N is the number of members.',
  arity: -3,
  flags: ['readonly'],
  keys: [READ_KEY],
  args: [KEY, { name: 'cursor', type: 'integer' }, ...SCAN_ARGS],
  tips: ['nondeterministic_output'],
  reply: { tuple: ['bulk', { arrayOf: 'bulk' }] },
  run(call: Call) {
    const { args, db, reply } = call;
    const cursor = parseCursor(args, 2);
    const e = call.readKind(1, KindSet.Zset);
    if (e === 0) {
      replyNothingScanned(reply);
      return;
    }
    const options = parseScanOptions(args, 3, false);
    const zset = reader.open(db, e);
    if (zset instanceof ZsetSkiplist) scanSome(reply, zset, cursor, options);
    else replyAll(reply, zset, options);
  },
};

function replyAll(reply: ReplyWriter, zset: Zset, options: ScanOptions): void {
  reply.array(2);
  reply.bulkInt(0);
  const begun = reply.beginDeferred();
  let elements = 0;
  for (let p = zset.first(); p !== 0; p = zset.next(p)) {
    zset.read(p);
    if (!matches(options, zset.buf, zset.off, zset.len)) continue;
    reply.bulk(zset.buf, zset.off, zset.len);
    reply.bulkText(formatDouble(zset.score(p)));
    elements += 2;
  }
  reply.endDeferred(begun, 'array', elements);
}

function scanSome(
  reply: ReplyWriter,
  zset: ZsetSkiplist,
  from: number,
  options: ScanOptions,
): void {
  const { dict } = zset;
  const found: number[] = [];
  const isWanted = (e: number) => {
    zset.readEntry(e);
    return matches(options, zset.buf, zset.off, zset.len);
  };
  const cursor = scanDict(dict, from, options.count, isWanted, found);

  reply.array(2);
  reply.bulkInt(cursor);
  reply.array(2 * found.length);
  for (const e of found) {
    zset.readEntry(e);
    reply.bulk(zset.buf, zset.off, zset.len);
    reply.bulkText(scoreText(zset.score(dict.meta(e))));
  }
}

function scoreText(score: number): string {
  // An integer's digits are the same in every style.
  return Number.isSafeInteger(score) ? formatDouble(score) : formatDouble17g(score);
}
