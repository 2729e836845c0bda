/**
 * LCS: the longest common subsequence of two strings. How it is found: text/lcs.ts.
 *
 * By default the reply is the subsequence itself, with LEN its length, with IDX the runs of bytes
 * that it is made of, as positions in both strings, the last run first. A missing key counts as an
 * empty string.
 */
import { isString } from '../../keyspace/kinds.js';
import { SYNTAX_ERROR } from '../../resp/errors.js';
import { ReplyError } from '../../resp/reply-error.js';
import type { Call } from '../../server/api/call.js';
import type { CommandSpec } from '../../server/api/command.js';
import {
  LCS_MAX_STRING_LENGTH,
  type Lcs,
  lcsLength,
  longestCommonSubsequence,
} from '../../text/lcs.js';

const NOT_STRINGS = new ReplyError('ERR The specified keys must contain string values');
const LEN_WITH_IDX = new ReplyError(
  'ERR If you want both the length and indexes, please just use IDX.',
);
const TOO_LONG = new ReplyError('ERR String too long for LCS');
const TOO_MUCH_MEMORY = new ReplyError(
  'ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len',
);

interface LcsOptions {
  len: boolean;
  idx: boolean;
  withMatchLen: boolean;
  /** Runs shorter than this are left out of the reply. */
  minMatchLen: number;
}

export const lcs: CommandSpec = {
  name: 'lcs',
  summary: 'Finds the longest common subsequence of two strings.',
  since: '7.0.0',
  group: 'string',
  complexity: 'O(N*M) where N and M are the lengths of the strings.',
  arity: -3,
  flags: ['readonly'],
  keys: [
    {
      flags: ['RO', 'access'],
      begin: { index: 1 },
      find: { lastKey: 1, step: 1, limit: 0 },
    },
  ],
  args: [
    { name: 'key1', type: 'key', keySpec: 0 },
    { name: 'key2', type: 'key', keySpec: 0 },
    { name: 'len', type: 'pure-token', token: 'LEN', optional: true },
    { name: 'idx', type: 'pure-token', token: 'IDX', optional: true },
    { name: 'min-match-len', type: 'integer', token: 'MINMATCHLEN', optional: true },
    { name: 'withmatchlen', type: 'pure-token', token: 'WITHMATCHLEN', optional: true },
  ],
  reply: { oneOf: ['bulk', 'integer', { mapOf: 'any' }] },
  run(call: Call) {
    const { reply, server } = call;
    const first = call.read(1);
    const second = call.read(2);
    const a = stringOf(call, first);
    const b = stringOf(call, second);
    const options = parseOptions(call);
    if (a.length >= LCS_MAX_STRING_LENGTH || b.length >= LCS_MAX_STRING_LENGTH) throw TOO_LONG;
    const limitBytes = server.config.values['proto-max-bulk-len'];

    if (options.len) {
      const length = lcsLength(a, b, limitBytes);
      if (length === undefined) throw TOO_MUCH_MEMORY;
      reply.int(length);
      return;
    }
    const found = longestCommonSubsequence(a, b, limitBytes);
    if (found === undefined) throw TOO_MUCH_MEMORY;
    if (options.idx) replyMatches(call, found, options);
    else reply.bulk(found.bytes, 0, found.length);
  },
};

/** An entry's string in place, empty for no entry. @throws ReplyError for another type */
function stringOf(call: Call, e: number): Uint8Array {
  const { db } = call;
  if (e === 0) return EMPTY;
  if (!isString(db.kind(e))) throw NOT_STRINGS;
  db.open(e);
  return db.buf.subarray(db.off, db.off + db.len);
}

const EMPTY = new Uint8Array(0);

function parseOptions(call: Call): LcsOptions {
  const { args } = call;
  const options = { len: false, idx: false, withMatchLen: false, minMatchLen: 0 };
  for (let i = 3; i < args.count; i++) {
    if (args.is(i, 'IDX')) options.idx = true;
    else if (args.is(i, 'LEN')) options.len = true;
    else if (args.is(i, 'WITHMATCHLEN')) options.withMatchLen = true;
    else if (args.is(i, 'MINMATCHLEN') && i + 1 < args.count) options.minMatchLen = args.int(++i);
    else throw SYNTAX_ERROR;
  }
  if (options.len && options.idx) throw LEN_WITH_IDX;
  return options;
}

function replyMatches(call: Call, found: Lcs, options: LcsOptions): void {
  const { reply } = call;
  const matches = found.matches.filter((match) => match.length >= options.minMatchLen);
  reply.map(2);
  reply.bulkText('matches');
  reply.array(matches.length);
  for (const match of matches) {
    reply.array(options.withMatchLen ? 3 : 2);
    reply.array(2);
    reply.int(match.aStart);
    reply.int(match.aEnd);
    reply.array(2);
    reply.int(match.bStart);
    reply.int(match.bEnd);
    if (options.withMatchLen) reply.int(match.length);
  }
  reply.bulkText('len');
  reply.int(found.length);
}
