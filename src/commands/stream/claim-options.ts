/** The arguments of XCLAIM: IDs until one is none, then options. */
import { type Counter, counter } from '../../keyspace/stream/counter.js';
import { StreamId } from '../../keyspace/stream/stream-id.js';
import { ReplyError } from '../../resp/reply-error.js';
import type { Call } from '../../server/api/call.js';
import { untilNul } from '../../text/c-string.js';
import { parseId, tryId } from './ids.js';

const BAD_MIN_IDLE = new ReplyError('ERR Invalid min-idle-time argument for XCLAIM');
const BAD_IDLE = new ReplyError('ERR Invalid IDLE option argument for XCLAIM');
const BAD_TIME = new ReplyError('ERR Invalid TIME option argument for XCLAIM');
const BAD_RETRY_COUNT = new ReplyError('ERR Invalid RETRYCOUNT option argument for XCLAIM');

export interface ClaimOptions {
  readonly ids: readonly StreamId[];
  /** Entries delivered less long ago stay with their consumer. */
  readonly minIdleMs: number;
  /** When the entries are said to have been delivered, Unix ms. */
  readonly deliveredMs: number;
  /** How often they are said to have been; undefined: once more than before. */
  readonly retryCount: Counter | undefined;
  /** Whether entries that are not pending are claimed, too. */
  readonly force: boolean;
  /** Whether only IDs are wanted, and the deliveries not counted. */
  readonly justId: boolean;
  /** The group is moved on to this entry if it has not come so far. */
  readonly lastId: StreamId;
}

/** @throws ReplyError */
export function parseClaimOptions(call: Call): ClaimOptions {
  const { args, now } = call;
  const minIdleMs = Math.max(0, args.int(4, BAD_MIN_IDLE));
  const ids: StreamId[] = [];
  let i = 5;
  for (; i < args.count; i++) {
    const id = new StreamId();
    if (!tryId(args, i, id)) break;
    ids.push(id);
  }
  const lastId = new StreamId();
  let deliveredMs = -1;
  let retryCount: Counter | undefined;
  let force = false;
  let justId = false;
  for (; i < args.count; i++) {
    const more = i + 1 < args.count;
    if (args.is(i, 'FORCE')) force = true;
    else if (args.is(i, 'JUSTID')) justId = true;
    else if (more && args.is(i, 'IDLE')) deliveredMs = now - args.int(++i, BAD_IDLE);
    else if (more && args.is(i, 'TIME')) deliveredMs = args.int(++i, BAD_TIME);
    else if (more && args.is(i, 'RETRYCOUNT')) {
      const count = counter(args.int64(++i, BAD_RETRY_COUNT));
      retryCount = count < 0 ? undefined : count;
    } else if (more && args.is(i, 'LASTID')) parseId(args, ++i, lastId);
    else throw unknownOption(untilNul(args.text(i)));
  }
  // A time that can't be is a client's clock that is wrong: no reason to fail.
  if (deliveredMs < 0 || deliveredMs > now) deliveredMs = now;
  return { ids, minIdleMs, deliveredMs, retryCount, force, justId, lastId };
}

function unknownOption(option: string): ReplyError {
  return new ReplyError(`ERR Unrecognized XCLAIM option '${option}'`);
}
