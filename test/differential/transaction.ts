/**
 * Follows one connection through its transactions, by the answers: which requests wait, and which
 * part of EXEC's answer belongs to which.
 *
 *     MULTI           +OK          begins
 *     SET k 1         +QUEUED      kept
 *     GET             -ERR …       not kept; EXEC will be refused
 *     EXEC            [+OK …]      one exchange for each that was kept
 *
 * What EXEC ran can then be judged by the same rules as requests outside of transactions.
 */
import { type Received, type Reply, showReply } from '../support/resp-client.js';
import type { Exchange } from './exchange.js';

/** Commands that run at once and leave no transaction: EXEC even if it is refused. */
const ENDS = new Set(['exec', 'discard', 'reset']);

export class Transaction {
  private queued: Exchange[] | undefined;

  /** The exchange, with what it means to the transaction. */
  follow(exchange: Exchange): Exchange {
    const { form, ours, theirs } = exchange;
    const name = form?.name ?? '';
    if (this.queued === undefined) {
      if (name === 'multi' && isStatus(ours, 'OK')) this.queued = [];
      return exchange;
    }
    if (isStatus(ours, 'QUEUED') && isStatus(theirs, 'QUEUED')) {
      this.queued.push(exchange);
      return { ...exchange, isQueued: true };
    }
    const isRefused = name !== 'exec' && ours.reply.kind === 'error';
    if (!ENDS.has(name) || isRefused) return exchange;
    const { queued } = this;
    this.queued = undefined;
    const ran = name === 'exec' ? split(queued, ours.reply, theirs.reply) : undefined;
    return ran === undefined ? exchange : { ...exchange, ran };
  }
}

/** A request with its own part of both of EXEC's answers; undefined where they don't fit. */
function split(queued: readonly Exchange[], ours: Reply, theirs: Reply): Exchange[] | undefined {
  if (ours.kind !== 'array' || theirs.kind !== 'array') return undefined;
  if (ours.items.length !== queued.length || theirs.items.length !== queued.length) {
    return undefined;
  }
  let previous: Exchange | undefined;
  return queued.map(({ request, form }, i) => {
    const [our, their] = [received(ours.items[i]!), received(theirs.items[i]!)];
    const exchange = { request, form, ours: our, theirs: their, previous };
    previous = { ...exchange, previous: undefined };
    return exchange;
  });
}

/** The bytes of an inner reply are not kept, but this text is as exact. */
function received(reply: Reply): Received {
  return { reply, raw: Buffer.from(showReply(reply), 'latin1') };
}

function isStatus({ reply }: Received, text: string): boolean {
  return reply.kind === 'status' && reply.text === text;
}
