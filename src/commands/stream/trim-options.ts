/** `MAXLEN | MINID [= | ~] threshold [LIMIT count]`, which XADD and XTRIM take. */
import { firstKeptId } from '../../keyspace/stream/edges.js';
import type { Stream } from '../../keyspace/stream/stream.js';
import { StreamId } from '../../keyspace/stream/stream-id.js';
import type { TrimTarget } from '../../keyspace/stream/trim.js';
import { ReplyError } from '../../resp/reply-error.js';
import type { Call } from '../../server/api/call.js';
import { ClientFlag } from '../../server/api/client.js';
import type { ArgSpec } from '../../server/api/command.js';
import { parseId } from './ids.js';

const TWO_STRATEGIES = new ReplyError(
  'ERR syntax error, MAXLEN and MINID options at the same time are not compatible',
);
const NEGATIVE_MAXLEN = new ReplyError('ERR The MAXLEN argument must be >= 0.');
const NEGATIVE_LIMIT = new ReplyError('ERR The LIMIT argument must be >= 0.');
const LIMIT_ALONE = new ReplyError(
  'ERR syntax error, LIMIT cannot be used without specifying a trimming strategy',
);
const LIMIT_OF_EXACT = new ReplyError(
  'ERR syntax error, LIMIT cannot be used without the special ~ option',
);

/** Nodes that an approximate trim without LIMIT removes at most … */
const DEFAULT_LIMIT_NODES = 100;
/** … and entries, when nodes may have any number of them, and in any case. */
const DEFAULT_LIMIT = 10_000;
const DEFAULT_LIMIT_MAX = 1_000_000;

export const TRIM_ARGS: readonly ArgSpec[] = [
  {
    name: 'strategy',
    type: 'oneof',
    args: [
      { name: 'maxlen', type: 'pure-token', token: 'MAXLEN' },
      { name: 'minid', type: 'pure-token', token: 'MINID', since: '6.2.0' },
    ],
  },
  {
    name: 'operator',
    type: 'oneof',
    optional: true,
    args: [
      { name: 'equal', type: 'pure-token', token: '=' },
      { name: 'approximately', type: 'pure-token', token: '~' },
    ],
  },
  { name: 'threshold', type: 'string' },
  { name: 'count', type: 'integer', token: 'LIMIT', optional: true, since: '6.2.0' },
];

/** Trim options as they are found, one after the other. */
export class TrimOptions {
  /** The argument that holds the threshold; 0: no trimming is asked for. */
  thresholdAt = 0;
  private maxLength = 0;
  private minId: StreamId | undefined = undefined;
  private isApproximate = false;
  private limit = 0;
  private hasLimit = false;

  constructor(private readonly call: Call) {}

  /** @returns the number of the last argument taken, 0 if none of these options begins at `i` */
  take(i: number): number {
    const { args } = this.call;
    if (i + 1 >= args.count) return 0;
    if (args.is(i, 'MAXLEN')) {
      const at = this.takeOperator(i);
      this.maxLength = args.int(at);
      if (this.maxLength < 0) throw NEGATIVE_MAXLEN;
      return at;
    }
    if (args.is(i, 'MINID')) {
      const at = this.takeOperator(i);
      this.minId = parseId(args, at);
      return at;
    }
    if (!args.is(i, 'LIMIT')) return 0;
    this.limit = args.int(i + 1);
    if (this.limit < 0) throw NEGATIVE_LIMIT;
    this.hasLimit = true;
    return i + 1;
  }

  /** Whether replicas must be told what was trimmed, not how. */
  get isVague(): boolean {
    return this.thresholdAt !== 0 && this.isApproximate;
  }

  /** Refuses a LIMIT without a strategy. */
  checkStrategy(): void {
    if (this.limit !== 0 && this.thresholdAt === 0) throw LIMIT_ALONE;
  }

  /** What to trim to, once all options are known; `checkLimit` before. */
  target(): TrimTarget {
    const { maxLength, minId, isApproximate } = this;
    return { maxLength, minId, isApproximate, limit: this.effectiveLimit() };
  }

  /** Refuses a LIMIT of an exact trim, except from those that must be obeyed. */
  checkLimit(): void {
    if (this.hasLimit && !this.isApproximate && !this.mustObey) throw LIMIT_OF_EXACT;
  }

  /** Has a request that is to be propagated say exactly what was done. */
  rewrite(request: (string | Uint8Array)[], stream: Stream): void {
    request[this.thresholdAt - 1] = '=';
    request[this.thresholdAt] =
      this.minId === undefined
        ? String(stream.length)
        : firstKeptId(stream, new StreamId()).toString();
  }

  private takeOperator(i: number): number {
    const { args } = this.call;
    if (this.thresholdAt !== 0) throw TWO_STRATEGIES;
    let at = i + 1;
    if (i + 2 < args.count && (args.is(at, '~') || args.is(at, '='))) {
      this.isApproximate = args.is(at, '~');
      at++;
    }
    this.thresholdAt = at;
    return at;
  }

  private get mustObey(): boolean {
    return (this.call.client.flags & ClientFlag.Master) !== 0;
  }

  private effectiveLimit(): number {
    if (this.mustObey || !this.isApproximate) return 0;
    if (this.hasLimit) return this.limit;
    const limit = DEFAULT_LIMIT_NODES * this.call.keyspace.limits.streamNodeMaxEntries;
    return limit <= 0 ? DEFAULT_LIMIT : Math.min(limit, DEFAULT_LIMIT_MAX);
  }
}
