/**
 * HSCAN: the fields of a hash, some at each call. A listpack is returned as a whole; for a table the
 * guarantees are the dict's (see datastructs/dict.ts). Fields that are due are passed over.
 */
import { KindSet } from '../../keyspace/kinds.js';
import type { Call } from '../../server/api/call.js';
import type { CommandSpec } from '../../server/api/command.js';
import { oneKey } from '../key-specs.js';
import {
  matches,
  parseCursor,
  parseScanOptions,
  replyNothingScanned,
  SCAN_ARGS,
  type ScanOptions,
  scanDict,
} from '../scan-options.js';
import { FIELDS, KEY, replyField, replyValue } from './access.js';

export const hscan: CommandSpec = {
  name: 'hscan',
  summary: 'Returns the fields of a hash with their values, some at each call.',
  since: '2.8.0',
  group: 'hash',
  complexity: 'O(1) for each call; O(N) for all, where N is the number of fields.',
  arity: -3,
  flags: ['readonly'],
  keys: [oneKey(['RO', 'access'])],
  args: [
    KEY,
    { name: 'cursor', type: 'integer' },
    ...SCAN_ARGS,
    { name: 'novalues', type: 'pure-token', token: 'NOVALUES', optional: true, since: '7.4.0' },
  ],
  tips: ['nondeterministic_output'],
  reply: { tuple: ['bulk', { arrayOf: 'bulk' }] },
  run(call: Call) {
    const { args, db, reply } = call;
    let cursor = parseCursor(args, 2);
    const e = call.readKind(1, KindSet.Hash);
    if (e === 0) {
      replyNothingScanned(reply);
      return;
    }
    const options = parseScanOptions(args, 3, false, true);
    FIELDS.open(db, e);
    const { table } = FIELDS;
    const found: number[] = [];
    if (table !== undefined) {
      const wanted = (place: number) => {
        FIELDS.go(place);
        return isWanted(call, options);
      };
      cursor = scanDict(table.dict, cursor, options.count, wanted, found);
    } else {
      cursor = 0;
      for (FIELDS.rewind(); FIELDS.next(); ) if (isWanted(call, options)) found.push(FIELDS.place);
    }
    replyFound(call, cursor, found, options);
  },
};

function isWanted(call: Call, options: ScanOptions): boolean {
  if (FIELDS.isDue(call.now)) return false;
  return matches(options, FIELDS.field, FIELDS.fieldOff, FIELDS.fieldLen);
}

function replyFound(call: Call, cursor: number, found: number[], options: ScanOptions): void {
  const { reply } = call;
  reply.array(2);
  reply.bulkInt(cursor);
  reply.array(options.noValues ? found.length : found.length * 2);
  for (const place of found) {
    FIELDS.go(place);
    replyField(call);
    if (!options.noValues) replyValue(call);
  }
}
