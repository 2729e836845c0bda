/**
 * XCLAIM, XAUTOCLAIM: give pending entries to another consumer, when the one that had them seems to
 * have gone: they have been idle for long enough.
 *
 * An entry that has been deleted from the stream since can't be claimed; it stops being pending.
 */
import { NOT_FOUND } from '../../datastructs/rax.js';
import { RaxIterator } from '../../datastructs/rax-iterator.js';
import type { Consumer, ConsumerGroup } from '../../keyspace/stream/consumer-group.js';
import { type Counter, plus } from '../../keyspace/stream/counter.js';
import { EntryCursor } from '../../keyspace/stream/entry-cursor.js';
import {
  deliveries,
  deliveryTime,
  setDeliveries,
  setDeliveryTime,
} from '../../keyspace/stream/pending.js';
import type { Stream } from '../../keyspace/stream/stream.js';
import { ID_KEY_BYTES, StreamId } from '../../keyspace/stream/stream-id.js';
import { SYNTAX_ERROR } from '../../resp/errors.js';
import { ReplyError } from '../../resp/reply-error.js';
import type { Call } from '../../server/api/call.js';
import type { CommandSpec } from '../../server/api/command.js';
import { oneKey } from '../key-specs.js';
import { type ClaimOptions, parseClaimOptions } from './claim-options.js';
import { parseStart } from './ids.js';
import { consumerOf, createConsumer, foundStream, requireGroup } from './lookup.js';
import { propagateClaim, propagateGroupId, propagateOnlyEffects } from './propagate.js';
import { replyEntry, replyId } from './reply.js';

const BAD_COUNT = new ReplyError('ERR COUNT must be > 0');
const BAD_MIN_IDLE = new ReplyError('ERR Invalid min-idle-time argument for XAUTOCLAIM');

/** Entries that XAUTOCLAIM claims by default, and at most. */
const DEFAULT_COUNT = 100;
const COUNT_MAX = 2 ** 59 - 1;
/** Pending entries that it looks at, for each that it may claim. */
const ATTEMPTS_PER_COUNT = 10;

/** What the two commands share. */
const FORM = {
  group: 'stream',
  arity: -6,
  flags: ['write', 'fast'],
  tips: ['nondeterministic_output'],
} as const;
const NAMES = [
  { name: 'key', type: 'key', keySpec: 0 },
  { name: 'group', type: 'string' },
  { name: 'consumer', type: 'string' },
  { name: 'min-idle-time', type: 'string' },
] as const;

export const xclaim: CommandSpec = {
  ...FORM,
  name: 'xclaim',
  summary: 'Gives pending entries to another consumer of their group.',
  since: '5.0.0',
  complexity: 'O(log N) where N is the number of pending entries of the group.',
  keys: [oneKey(['RW', 'update'])],
  args: [
    ...NAMES,
    { name: 'id', type: 'string', multiple: true },
    { name: 'ms', type: 'integer', token: 'IDLE', optional: true },
    { name: 'unix-time-milliseconds', type: 'unix-time', token: 'TIME', optional: true },
    { name: 'count', type: 'integer', token: 'RETRYCOUNT', optional: true },
    { name: 'force', type: 'pure-token', token: 'FORCE', optional: true },
    { name: 'justid', type: 'pure-token', token: 'JUSTID', optional: true },
    { name: 'lastid', type: 'string', token: 'LASTID', optional: true },
  ],
  reply: { arrayOf: { oneOf: ['bulk', { tuple: ['bulk', { arrayOf: 'bulk' }] }] } },
  run(call: Call) {
    const { stream, group } = requireGroup(call, 1, 2);
    const options = parseClaimOptions(call);
    propagateOnlyEffects(call);
    const movesOn = options.lastId.compare(group.lastId) > 0;
    if (movesOn) group.lastId.copyFrom(options.lastId);
    const claim = new Claim(call, stream, group, options);

    const { reply } = call;
    const begun = reply.beginDeferred();
    let claimed = 0;
    for (const id of options.ids) {
      if (!claim.take(id)) continue;
      claim.reply(id);
      claimed++;
    }
    if (movesOn && !claim.hasTold) {
      propagateGroupId(call, 1, 2, group);
      call.dirty++;
    }
    reply.endDeferred(begun, 'array', claimed);
    stream.settleHome();
    call.db.settle(stream);
  },
};

export const xautoclaim: CommandSpec = {
  ...FORM,
  name: 'xautoclaim',
  summary: 'Gives entries that are pending for long to another consumer of their group.',
  since: '6.2.0',
  complexity: 'O(1) if COUNT is small.',
  keys: [oneKey(['RW', 'delete'])],
  args: [
    ...NAMES,
    { name: 'start', type: 'string' },
    { name: 'count', type: 'integer', token: 'COUNT', optional: true },
    { name: 'justid', type: 'pure-token', token: 'JUSTID', optional: true },
  ],
  history: [['7.0.0', 'Also returns the deleted entries that were pending.']],
  reply: { tuple: ['bulk', { arrayOf: 'any' }, { arrayOf: 'bulk' }] },
  run(call: Call) {
    // Counts, and tells of a miss, also where an option is wrong.
    call.read(1);
    const options = parseAutoClaim(call);
    const { stream, group } = requireGroup(call, 1, 2, foundStream);
    propagateOnlyEffects(call);
    const claim = new Claim(call, stream, group, options);
    const { claimed, deleted, next } = claimFrom(claim, group, options);

    const { reply } = call;
    reply.array(3);
    replyId(reply, next);
    reply.array(claimed.length);
    for (const id of claimed) claim.reply(id);
    reply.array(deleted.length);
    for (const id of deleted) replyId(reply, id);
    call.db.settle(stream);
  },
};

interface AutoClaimOptions extends ClaimOptions {
  readonly start: StreamId;
  readonly count: number;
}

function parseAutoClaim(call: Call): AutoClaimOptions {
  const { args } = call;
  const minIdleMs = Math.max(0, args.int(4, BAD_MIN_IDLE));
  const start = parseStart(args, 5, new StreamId());
  let count = DEFAULT_COUNT;
  let justId = false;
  for (let i = 6; i < args.count; i++) {
    if (args.is(i, 'COUNT') && i + 1 < args.count) {
      count = args.intWithin(++i, 1, COUNT_MAX, BAD_COUNT, BAD_COUNT);
    } else if (args.is(i, 'JUSTID')) justId = true;
    else throw SYNTAX_ERROR;
  }
  const deliveredMs = call.now;
  const rest = { ids: [], retryCount: undefined, force: false, lastId: new StreamId() };
  return { ...rest, minIdleMs, start, count, justId, deliveredMs };
}

/** Claims what may be claimed from an ID on. @returns also the ID where to go on; 0-0: none */
function claimFrom(
  claim: Claim,
  group: ConsumerGroup,
  options: AutoClaimOptions,
): { claimed: StreamId[]; deleted: StreamId[]; next: StreamId } {
  const claimed: StreamId[] = [];
  const deleted: StreamId[] = [];
  const key = new Uint8Array(ID_KEY_BYTES);
  options.start.writeKey(key, 0);
  let attempts = options.count * ATTEMPTS_PER_COUNT;
  const it = new RaxIterator().attach(group.pel);
  let ok = it.seekGe(key, 0, ID_KEY_BYTES);
  while (ok && attempts-- > 0 && claimed.length + deleted.length < options.count) {
    const id = new StreamId().readKey(it.key, 0);
    if (claim.take(id)) claimed.push(id);
    else if (!claim.exists) deleted.push(id);
    ok = it.next();
  }
  const next = new StreamId();
  return { claimed, deleted, next: ok ? next.readKey(it.key, 0) : next };
}

/** Claiming for one consumer. */
class Claim {
  /** Whether a claim has been propagated, and with it the group's last ID. */
  hasTold = false;
  /** Whether the entry of the last `take` is in the stream. */
  exists = false;
  private readonly consumer: Consumer;
  private readonly cursor: EntryCursor;

  constructor(
    private readonly call: Call,
    private readonly stream: Stream,
    private readonly group: ConsumerGroup,
    private readonly options: ClaimOptions,
  ) {
    this.consumer = consumerOf(call, group, 3) ?? createConsumer(call, 1, group, 3);
    this.consumer.seenTime = call.now;
    this.cursor = new EntryCursor().attach(stream);
  }

  /** Claims an entry. @returns whether it now is the consumer's */
  take(id: StreamId): boolean {
    const { call, group, options, stream } = this;
    const { arena } = stream.home;
    id.writeKey(idKey, 0);
    let address = group.pending(idKey);
    this.exists = this.cursor.begin(id, id).next();
    if (!this.exists) {
      if (address !== NOT_FOUND) {
        this.tell(id, address);
        group.drop(idKey, address);
      }
      return false;
    }
    if (address === NOT_FOUND) {
      if (!options.force) return false;
      address = group.addUnowned(idKey, call.now);
    } else if (this.isTooFresh(address)) return false;
    group.give(idKey, address, this.consumer);
    setDeliveryTime(arena, address, options.deliveredMs);
    this.count(address);
    this.consumer.activeTime = call.now;
    this.tell(id, address);
    return true;
  }

  /** Replies an entry that was claimed. */
  reply(id: StreamId): void {
    const { reply } = this.call;
    if (this.options.justId) replyId(reply, id);
    else if (this.cursor.begin(id, id).next()) replyEntry(reply, this.cursor);
  }

  private isTooFresh(address: number): boolean {
    const { minIdleMs } = this.options;
    if (minIdleMs === 0) return false;
    return this.call.now - deliveryTime(this.stream.home.arena, address) < minIdleMs;
  }

  private count(address: number): void {
    const { arena } = this.stream.home;
    const { retryCount, justId } = this.options;
    let count: Counter | undefined = retryCount;
    if (count === undefined && !justId) count = plus(deliveries(arena, address), 1);
    if (count !== undefined) setDeliveries(arena, address, count);
  }

  private tell(id: StreamId, address: number): void {
    propagateClaim(this.call, 1, 2, this.stream, this.group, id, address);
    this.call.dirty++;
    this.hasTold = true;
  }
}

// Scratch.
const idKey = new Uint8Array(ID_KEY_BYTES);
