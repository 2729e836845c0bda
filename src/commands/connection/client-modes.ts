/** How the server treats a connection: CLIENT REPLY, NO-EVICT, NO-TOUCH. */
import { SYNTAX_ERROR } from '../../resp/errors.js';
import type { Call } from '../../server/api/call.js';
import { ClientFlag, ClientGate } from '../../server/api/client.js';
import type { ArgSpec, CommandSpec } from '../../server/api/command.js';

const ON_OR_OFF: ArgSpec = {
  name: 'enabled',
  type: 'oneof',
  args: [
    { name: 'on', type: 'pure-token', token: 'ON' },
    { name: 'off', type: 'pure-token', token: 'OFF' },
  ],
};

export const clientNoEvict: CommandSpec = {
  name: 'no-evict',
  summary: 'Keeps this connection from being closed for lack of memory.',
  since: '7.0.0',
  group: 'connection',
  complexity: 'O(1)',
  arity: 3,
  flags: ['admin', 'noscript', 'loading', 'stale', 'sentinel'],
  args: [ON_OR_OFF],
  reply: 'OK',
  run(call: Call) {
    switchFlag(call, ClientFlag.NoEvict);
  },
};

export const clientNoTouch: CommandSpec = {
  name: 'no-touch',
  summary: 'Has this connection leave the access clocks of keys alone.',
  since: '7.2.0',
  group: 'connection',
  complexity: 'O(1)',
  arity: 3,
  flags: ['noscript', 'loading', 'stale'],
  args: [ON_OR_OFF],
  reply: 'OK',
  run(call: Call) {
    switchFlag(call, ClientFlag.NoTouch);
  },
};

/** Sets or clears a flag of the client, as argument 2 says, and replies. */
function switchFlag(call: Call, flag: number): void {
  const { args, client, reply } = call;
  if (args.is(2, 'ON')) client.flags |= flag;
  else if (args.is(2, 'OFF')) client.flags &= ~flag;
  else throw SYNTAX_ERROR;
  reply.ok();
}

export const clientReply: CommandSpec = {
  name: 'reply',
  summary: 'Chooses whether this connection is answered.',
  since: '3.2.0',
  group: 'connection',
  complexity: 'O(1)',
  arity: 3,
  flags: ['noscript', 'loading', 'stale', 'sentinel'],
  args: [
    {
      name: 'action',
      type: 'oneof',
      args: [
        { name: 'on', type: 'pure-token', token: 'ON' },
        { name: 'off', type: 'pure-token', token: 'OFF' },
        { name: 'skip', type: 'pure-token', token: 'SKIP' },
      ],
    },
  ],
  reply: { oneOf: ['OK', 'none'] },
  run(call: Call) {
    const { args, client, reply } = call;
    if (args.is(2, 'ON')) {
      client.flags &= ~(ClientFlag.ReplyOff | ClientFlag.ReplySkip);
      reply.ok();
    } else if (args.is(2, 'OFF')) {
      client.flags |= ClientFlag.ReplyOff;
      client.gate |= ClientGate.Reply;
    } else if (args.is(2, 'SKIP')) {
      if ((client.flags & ClientFlag.ReplyOff) !== 0) return;
      client.flags |= ClientFlag.ReplySkipNext;
      client.gate |= ClientGate.Reply;
    } else {
      throw SYNTAX_ERROR;
    }
  },
};
