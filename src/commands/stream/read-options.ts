/** The arguments of XREAD and XREADGROUP, which may come in any order before STREAMS. */
import type { StreamId } from '../../keyspace/stream/stream-id.js';
import { Args } from '../../resp/args.js';
import { SYNTAX_ERROR } from '../../resp/errors.js';
import { ReplyError } from '../../resp/reply-error.js';
import type { Call } from '../../server/api/call.js';
import type { ArgSpec, KeyPosition, KeySpec } from '../../server/api/command.js';
import { parseTimeoutMs } from '../block-timeout.js';

const GROUP_IN_XREAD = new ReplyError(
  'ERR The GROUP option is only supported by XREADGROUP. You called XREAD instead.',
);
const NOACK_IN_XREAD = new ReplyError(
  'ERR The NOACK option is only supported by XREADGROUP. You called XREAD instead.',
);
const NO_GROUP_OPTION = new ReplyError('ERR Missing GROUP option for XREADGROUP');

export interface ReadOptions {
  /** At most so many entries of each stream; 0: all. */
  readonly count: number;
  readonly noAck: boolean;
  /** Until when to wait, Unix ms; 0: for ever. Undefined: not at all. */
  readonly deadlineMs: number | undefined;
  /** Arguments that name the group (the consumer's name follows); 0: none. */
  readonly groupAt: number;
  /** The first key's argument, and how many keys there are; their IDs follow in the same order. */
  readonly keysAt: number;
  readonly keys: number;
}

export const COUNT_ARG: ArgSpec = {
  name: 'count',
  type: 'integer',
  token: 'COUNT',
  optional: true,
};
export const BLOCK_ARG: ArgSpec = {
  name: 'milliseconds',
  type: 'integer',
  token: 'BLOCK',
  optional: true,
};
export const STREAMS_ARG: ArgSpec = {
  name: 'streams',
  type: 'block',
  token: 'STREAMS',
  args: [
    { name: 'key', type: 'key', keySpec: 0, multiple: true },
    { name: 'id', type: 'string', multiple: true },
  ],
};

/** The keys: the first half of what follows STREAMS. @param from where to look for that word */
export function streamKeys(from: number): KeySpec {
  return {
    flags: ['RO', 'access'],
    begin: { keyword: 'STREAMS', from },
    find: { lastKey: -1, step: 1, limit: 2 },
  };
}

/** The keys where a group or consumer is called STREAMS, too. */
export function readKeys(args: Args): readonly KeyPosition[] {
  let i = 1;
  for (; i < args.count && !args.is(i, 'STREAMS'); i++) {
    if (args.is(i, 'BLOCK') || args.is(i, 'COUNT')) i++;
    else if (args.is(i, 'GROUP')) i += 2;
    else if (!args.is(i, 'NOACK')) return [];
  }
  const given = args.count - i - 1;
  if (given <= 0 || given % 2 !== 0) return [];
  return Array.from({ length: given / 2 }, (_, k) => ({ index: i + 1 + k, flags: [] }));
}

function notInScripts(name: string): ReplyError {
  return new ReplyError(`ERR ${name} command is not allowed with BLOCK option from scripts`);
}

/** @param isGroup whether it is XREADGROUP @throws ReplyError */
export function parseReadOptions(call: Call, isGroup: boolean): ReadOptions {
  const { args } = call;
  let count = 0;
  let noAck = false;
  let deadlineMs: number | undefined;
  let groupAt = 0;
  let keysAt = 0;
  for (let i = 1; i < args.count && keysAt === 0; i++) {
    const more = args.count - i - 1;
    if (args.is(i, 'BLOCK') && more > 0) {
      if (call.inScript) throw notInScripts(args.text(0));
      deadlineMs = parseTimeoutMs(call, ++i);
    } else if (args.is(i, 'COUNT') && more > 0) {
      count = Math.max(0, args.int(++i));
    } else if (args.is(i, 'STREAMS') && more > 0) {
      if (more % 2 !== 0) throw unbalanced(isGroup);
      keysAt = i + 1;
    } else if (args.is(i, 'GROUP') && more >= 2) {
      if (!isGroup) throw GROUP_IN_XREAD;
      groupAt = i + 1;
      i += 2;
    } else if (args.is(i, 'NOACK')) {
      if (!isGroup) throw NOACK_IN_XREAD;
      noAck = true;
    } else throw SYNTAX_ERROR;
  }
  if (keysAt === 0) throw SYNTAX_ERROR;
  if (isGroup && groupAt === 0) throw NO_GROUP_OPTION;
  return { count, noAck, deadlineMs, groupAt, keysAt, keys: (args.count - keysAt) / 2 };
}

/** Has the client wait for one of the streams to get more, or answers that there is nothing. */
export function waitOrNull(
  call: Call,
  options: ReadOptions,
  onDeletion: boolean,
  request: Args | undefined,
): void {
  const { deadlineMs, keysAt } = options;
  if (deadlineMs === undefined || !call.canBlock) {
    call.reply.nilArray();
    return;
  }
  const keys = Array.from({ length: options.keys }, (_, k) => keysAt + k);
  const wait = { keys, deadlineMs, nullReply: 'array', onDeletion } as const;
  call.blockOnKeys(request === undefined ? wait : { ...wait, request });
}

/** The request with the IDs that `$` stood for; undefined where there is no `$`. */
export function withoutDollars(
  args: Args,
  options: ReadOptions,
  ids: readonly StreamId[],
): Args | undefined {
  const first = options.keysAt + options.keys;
  let hasDollar = false;
  const request: (string | Uint8Array)[] = [];
  for (let i = 0; i < args.count; i++) {
    const isDollar = i >= first && args.is(i, '$');
    hasDollar ||= isDollar;
    request.push(isDollar ? ids[i - first]!.toString() : args.view(i));
  }
  return hasDollar ? Args.from(request) : undefined;
}

function unbalanced(isGroup: boolean): ReplyError {
  const [command, symbol] = isGroup ? ['xreadgroup', '>'] : ['xread', '$'];
  return new ReplyError(
    `ERR Unbalanced '${command}' list of streams: for each stream key an ID or '${symbol}' must be specified.`,
  );
}
