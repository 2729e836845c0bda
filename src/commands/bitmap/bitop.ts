/**
 * BITOP: strings combined bit by bit into another. All are taken to be as long as the longest, with
 * zeros behind. An empty result deletes the destination.
 */
import { EventClass } from '../../keyspace/events.js';
import { Kind } from '../../keyspace/kinds.js';
import type { Args } from '../../resp/args.js';
import { SYNTAX_ERROR } from '../../resp/errors.js';
import { ReplyError } from '../../resp/reply-error.js';
import type { Call } from '../../server/api/call.js';
import type { CommandSpec } from '../../server/api/command.js';
import { deleteDestination } from '../delete-destination.js';
import { allKeys, oneKey } from '../key-specs.js';

type Operation = 'AND' | 'OR' | 'XOR' | 'NOT';

const OPERATIONS: readonly Operation[] = ['AND', 'OR', 'XOR', 'NOT'];
const ONE_SOURCE = new ReplyError('ERR BITOP NOT must be called with a single source key.');
/** Numbers of the destination's and the first source's argument. */
const DESTINATION = 2;
const SOURCES = 3;

export const bitop: CommandSpec = {
  name: 'bitop',
  summary: 'Combines strings bit by bit and stores the result.',
  since: '2.6.0',
  group: 'bitmap',
  complexity: 'O(N)',
  arity: -4,
  flags: ['write', 'denyoom'],
  keys: [oneKey(['OW', 'update'], DESTINATION), allKeys(['RO', 'access'], SOURCES)],
  args: [
    {
      name: 'operation',
      type: 'oneof',
      args: [
        { name: 'and', type: 'pure-token', token: 'AND' },
        { name: 'or', type: 'pure-token', token: 'OR' },
        { name: 'xor', type: 'pure-token', token: 'XOR' },
        { name: 'not', type: 'pure-token', token: 'NOT' },
      ],
    },
    { name: 'destkey', type: 'key', keySpec: 0 },
    { name: 'key', type: 'key', keySpec: 1, multiple: true },
  ],
  reply: 'integer',
  run(call: Call) {
    const { args, db } = call;
    const operation = operationOf(args);
    const entries: number[] = [];
    let length = 0;
    for (let i = SOURCES; i < args.count; i++) {
      const e = call.readString(i);
      entries.push(e);
      if (e === 0) continue;
      db.open(e);
      length = Math.max(length, db.len);
    }
    if (length > 0) store(call, combine(call, operation, entries, length));
    else deleteDestination(call, DESTINATION);
    call.reply.int(length);
  },
};

function operationOf(args: Args): Operation {
  const operation = OPERATIONS.find((word) => args.is(1, word));
  if (operation === undefined) throw SYNTAX_ERROR;
  if (operation === 'NOT' && args.count !== SOURCES + 1) throw ONE_SOURCE;
  return operation;
}

function combine(
  call: Call,
  operation: Operation,
  entries: readonly number[],
  length: number,
): Uint8Array {
  const { db } = call;
  // Whole words, of which the last may go beyond the result.
  const result = new Int32Array((length + 3) >>> 2);
  const bytes = new Uint8Array(result.buffer, 0, length);
  entries.forEach((e, i) => {
    let source: Uint8Array = EMPTY;
    if (e !== 0) {
      db.open(e);
      source = db.buf.subarray(db.off, db.off + db.len);
    }
    if (i === 0) bytes.set(source);
    else merge(operation, result, source);
  });
  if (operation === 'NOT') for (let i = 0; i < result.length; i++) result[i] = ~result[i]!;
  return bytes;
}

/** Combines `result` with a source that may be shorter. */
function merge(operation: Operation, result: Int32Array, source: Uint8Array): void {
  const words = wordsOf(source);
  const n = words.length;
  if (operation === 'AND') {
    for (let i = 0; i < n; i++) result[i] = result[i]! & words[i]!;
    result.fill(0, n);
  } else if (operation === 'OR') {
    for (let i = 0; i < n; i++) result[i] = result[i]! | words[i]!;
  } else {
    for (let i = 0; i < n; i++) result[i] = result[i]! ^ words[i]!;
  }
}

/** The bytes as words, zeros behind them; in place if they are aligned and full. */
function wordsOf(source: Uint8Array): Int32Array {
  const { length } = source;
  if (((source.byteOffset | length) & 3) === 0) {
    return new Int32Array(source.buffer, source.byteOffset, length >>> 2);
  }
  const words = new Int32Array((length + 3) >>> 2);
  new Uint8Array(words.buffer).set(source);
  return words;
}

function store(call: Call, bytes: Uint8Array): void {
  const e = call.write(DESTINATION);
  if (e === 0) call.addString(DESTINATION, bytes, 0, bytes.length, Kind.StringRaw);
  else call.db.setString(e, bytes, 0, bytes.length, false, Kind.StringRaw);
  call.changed(DESTINATION, EventClass.String, 'set');
}

const EMPTY = new Uint8Array(0);
