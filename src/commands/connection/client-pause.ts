/** Waiting clients: CLIENT PAUSE and UNPAUSE make all wait, UNBLOCK ends one's waiting. */
import { ReplyError } from '../../resp/reply-error.js';
import type { Call } from '../../server/api/call.js';
import type { Client } from '../../server/api/client.js';
import type { CommandSpec } from '../../server/api/command.js';
import { badSubcommand } from '../bad-subcommand.js';

const TIMEOUT_NOT_AN_INTEGER = new ReplyError('ERR timeout is not an integer or out of range');
const TIMEOUT_NEGATIVE = new ReplyError('ERR timeout is negative');
const TIMEOUT_OUT_OF_RANGE = new ReplyError('ERR timeout is out of range');
const BAD_PAUSE_MODE = new ReplyError('ERR CLIENT PAUSE mode must be WRITE or ALL');
const BAD_UNBLOCK_REASON = new ReplyError('ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR');
const UNBLOCKED = new ReplyError('UNBLOCKED client unblocked via CLIENT UNBLOCK');
/** Unix ms that a signed 64-bit integer can hold. */
const LATEST_MS = 2 ** 63;

export const clientPause: CommandSpec = {
  name: 'pause',
  summary: "Has all clients' commands, or their writes, wait for some time.",
  since: '3.0.0',
  group: 'connection',
  complexity: 'O(1)',
  arity: -3,
  flags: ['admin', 'noscript', 'loading', 'stale', 'sentinel'],
  args: [
    { name: 'timeout', type: 'integer' },
    {
      name: 'mode',
      type: 'oneof',
      optional: true,
      since: '6.2.0',
      args: [
        { name: 'write', type: 'pure-token', token: 'WRITE' },
        { name: 'all', type: 'pure-token', token: 'ALL' },
      ],
    },
  ],
  history: [['6.2.0', 'The `mode` argument, with `WRITE`.']],
  reply: 'OK',
  run(call: Call) {
    const { args, now, reply, server } = call;
    if (args.count > 4) throw badSubcommand(call);
    const writesOnly = args.count === 4 && args.is(3, 'WRITE');
    if (args.count === 4 && !writesOnly && !args.is(3, 'ALL')) throw BAD_PAUSE_MODE;
    const timeoutMs = args.int(2, TIMEOUT_NOT_AN_INTEGER);
    if (timeoutMs < 0) throw TIMEOUT_NEGATIVE;
    if (now + timeoutMs >= LATEST_MS) throw TIMEOUT_OUT_OF_RANGE;
    server.clients.pause(timeoutMs === 0 ? 0 : now + timeoutMs, writesOnly);
    reply.ok();
  },
};

export const clientUnpause: CommandSpec = {
  name: 'unpause',
  summary: 'Ends a pause of all clients.',
  since: '6.2.0',
  group: 'connection',
  complexity: 'O(N) Where N is the number of paused clients',
  arity: 2,
  flags: ['admin', 'noscript', 'loading', 'stale', 'sentinel'],
  reply: 'OK',
  run(call: Call) {
    call.server.clients.unpause();
    call.reply.ok();
  },
};

export const clientUnblock: CommandSpec = {
  name: 'unblock',
  summary: 'Ends the waiting of a client that a blocking command holds.',
  since: '5.0.0',
  group: 'connection',
  complexity: 'O(log N) where N is the number of client connections',
  arity: -3,
  flags: ['admin', 'noscript', 'loading', 'stale', 'sentinel'],
  args: [
    { name: 'client-id', type: 'integer' },
    {
      name: 'unblock-type',
      type: 'oneof',
      optional: true,
      args: [
        { name: 'timeout', type: 'pure-token', token: 'TIMEOUT' },
        { name: 'error', type: 'pure-token', token: 'ERROR' },
      ],
    },
  ],
  reply: { oneOf: [{ const: 0 }, { const: 1 }] },
  run(call: Call) {
    const { args, reply, server } = call;
    if (args.count > 4) throw badSubcommand(call);
    const asError = args.count === 4 && args.is(3, 'ERROR');
    if (args.count === 4 && !asError && !args.is(3, 'TIMEOUT')) throw BAD_UNBLOCK_REASON;
    const target = server.clients.byId(args.int(2));
    if (target === undefined || !waitsForKeysOrReplicas(target)) {
      reply.int(0);
      return;
    }
    reply.int(1);
    if (asError) unblockWithError(target);
    else unblockAsTimedOut(target);
  },
};

/** Pauses, and commands that work elsewhere, are no blocking commands: they can't be cut short. */
function waitsForKeysOrReplicas(client: Client): boolean {
  const kind = client.blockedBy?.kind;
  return kind === 'keys' || kind === 'wait';
}

function unblockAsTimedOut(client: Client): void {
  const reason = client.blockedBy!;
  client.unblock((reply) => reason.onTimeout?.(reply));
}

function unblockWithError(client: Client): void {
  client.unblock((reply) => reply.error(UNBLOCKED));
}
