/** SORT's and SORT_RO's options. */
import { SYNTAX_ERROR } from '../../resp/errors.js';
import { ReplyError } from '../../resp/reply-error.js';
import type { Call } from '../../server/api/call.js';
import { ClientGate } from '../../server/api/client.js';
import { hasPlace } from './pattern.js';

export interface SortOptions {
  /** The argument with BY's pattern; 0: there is none. */
  readonly by: number;
  /** Whether BY's pattern names no key, so that nothing is sorted. */
  readonly unsorted: boolean;
  /** The arguments with GET's patterns. */
  readonly gets: readonly number[];
  readonly descending: boolean;
  readonly alpha: boolean;
  readonly limitStart: number;
  /** Negative: no limit. */
  readonly limitCount: number;
  /** The argument that names where to store the result; 0: it is replied. */
  readonly destination: number;
}

const NO_BY_IN_CLUSTER = new ReplyError('ERR BY option of SORT denied in Cluster mode.');
const NO_BY_BY_ACL = new ReplyError(
  'ERR BY option of SORT denied due to insufficient ACL permissions.',
);
const NO_GET_BY_ACL = new ReplyError(
  'ERR GET option of SORT denied due to insufficient ACL permissions.',
);
const NO_GET_IN_CLUSTER = new ReplyError('ERR GET option of SORT denied in Cluster mode.');

/** @param mayStore whether STORE is an option @throws ReplyError */
export function parseSortOptions(call: Call, mayStore: boolean): SortOptions {
  const { args } = call;
  const inCluster = call.server.config.values['cluster-enabled'];
  let by = 0;
  let unsorted = false;
  const gets: number[] = [];
  let descending = false;
  let alpha = false;
  let limitStart = 0;
  let limitCount = -1;
  let destination = 0;
  let i = 2;
  while (i < args.count) {
    const rest = args.count - i - 1;
    if (args.is(i, 'ASC')) descending = false;
    else if (args.is(i, 'DESC')) descending = true;
    else if (args.is(i, 'ALPHA')) alpha = true;
    else if (rest >= 2 && args.is(i, 'LIMIT')) {
      limitStart = args.int(++i);
      limitCount = args.int(++i);
    } else if (mayStore && rest >= 1 && args.is(i, 'STORE')) destination = ++i;
    else if (rest >= 1 && args.is(i, 'BY')) {
      by = ++i;
      // As in Redis, a pattern without a place leaves it at that, even if another follows.
      if (!hasPlace(args.view(by))) unsorted = true;
      else if (inCluster) throw NO_BY_IN_CLUSTER;
      else if (!mayReadAllKeys(call)) throw NO_BY_BY_ACL;
    } else if (rest >= 1 && args.is(i, 'GET')) {
      if (inCluster) throw NO_GET_IN_CLUSTER;
      if (!mayReadAllKeys(call)) throw NO_GET_BY_ACL;
      gets.push(++i);
    } else throw SYNTAX_ERROR;
    i++;
  }
  return { by, unsorted, gets, descending, alpha, limitStart, limitCount, destination };
}

/** BY and GET name keys that are known only once the elements are read. */
function mayReadAllKeys({ args, client, command, server }: Call): boolean {
  if ((client.gate & ClientGate.Restricted) === 0) return true;
  return server.acl.mayReadAllKeys(client, command, args);
}
