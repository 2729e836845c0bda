/** The append-only file: BGREWRITEAOF, and WAITAOF, which waits until changes are on the disk. */
import { MUST_BE_POSITIVE } from '../../resp/errors.js';
import { ReplyError } from '../../resp/reply-error.js';
import type { ReplyWriter } from '../../resp/reply-writer.js';
import type { RewriteRequest } from '../../server/api/append-only.js';
import type { Call } from '../../server/api/call.js';
import type { CommandSpec } from '../../server/api/command.js';
import { answerWith } from '../answer.js';
import { parseTimeoutMs } from '../block-timeout.js';

const BAD_LOCAL = new ReplyError('ERR value is out of range, value must between 0 and 1');
const NOT_ON = new ReplyError(
  'ERR WAITAOF cannot be used when numlocal is set but appendonly is disabled.',
);

const ANSWERS: { readonly [request in RewriteRequest]: string | ReplyError } = {
  started: 'Background append only file rewriting started',
  scheduled: 'Background append only file rewriting scheduled',
  'in progress': new ReplyError('ERR Background append only file rewriting already in progress'),
  failed: new ReplyError(
    "ERR Can't execute an AOF background rewriting. Please check the server logs for more information.",
  ),
};

export const bgrewriteaof: CommandSpec = {
  name: 'bgrewriteaof',
  summary:
    'Rewrites the append-only file to what is needed to make the keys anew, in the background.',
  since: '1.0.0',
  group: 'server',
  complexity: 'O(1)',
  arity: 1,
  flags: ['admin', 'noscript', 'no_async_loading'],
  reply: 'status',
  run(call: Call) {
    answerWith(call, call.server.appendOnly.rewrite(), answerRewrite);
  },
};

function answerRewrite(reply: ReplyWriter, request: RewriteRequest): void {
  const answer = ANSWERS[request];
  if (typeof answer === 'string') reply.status(answer);
  else reply.error(answer);
}

export const waitaof: CommandSpec = {
  name: 'waitaof',
  summary:
    "Waits until all that the connection's commands have changed is on the disk, here or there.",
  since: '7.2.0',
  group: 'generic',
  complexity: 'O(1)',
  arity: 4,
  flags: ['noscript'],
  categories: ['connection'],
  args: [
    { name: 'numlocal', type: 'integer' },
    { name: 'numreplicas', type: 'integer' },
    { name: 'timeout', type: 'integer' },
  ],
  tips: ['request_policy:all_shards', 'response_policy:agg_min'],
  reply: { tuple: ['integer', 'integer'] },
  run(call: Call) {
    const { args, canBlock, client, reply } = call;
    const { appendOnly } = call.server;
    const local = args.intWithin(1, 0, 1, BAD_LOCAL);
    const replicas = args.intWithin(
      2,
      0,
      Number.MAX_SAFE_INTEGER,
      MUST_BE_POSITIVE,
      MUST_BE_POSITIVE,
    );
    const deadlineMs = parseTimeoutMs(call, 3);
    if (local > 0 && !appendOnly.isOn) throw NOT_ON;
    const here = appendOnly.syncedLocally(client);
    const there = appendOnly.syncedReplicas(client);
    if ((here < local || there < replicas) && canBlock) {
      appendOnly.awaitSync(client, { local, replicas, deadlineMs });
      return;
    }
    reply.array(2);
    reply.int(here);
    reply.int(there);
  },
};
