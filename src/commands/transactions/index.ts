/** MULTI, EXEC, DISCARD, WATCH, UNWATCH. What they do is in server/transactions.ts. */
import type { Call } from '../../server/api/call.js';
import type { CommandSpec } from '../../server/api/command.js';
import { allKeys } from '../key-specs.js';

const COMMON = {
  group: 'transactions',
  complexity: 'O(1)',
  arity: 1,
  flags: ['noscript', 'loading', 'stale', 'fast', 'allow_busy'],
  reply: 'OK',
} as const satisfies Partial<CommandSpec>;

const multi: CommandSpec = {
  ...COMMON,
  name: 'multi',
  summary: 'Begins a transaction: the commands that follow are queued.',
  since: '1.2.0',
  run({ client, reply, server }: Call) {
    server.transactions.begin(client);
    reply.ok();
  },
};

const exec: CommandSpec = {
  ...COMMON,
  name: 'exec',
  summary: 'Runs all queued commands, unless a watched key has changed.',
  since: '1.2.0',
  complexity: 'Depends on commands in the transaction',
  flags: ['noscript', 'loading', 'stale', 'skip_slowlog'],
  reply: { oneOf: [{ arrayOf: 'any' }, 'null'] },
  run({ client, server }: Call) {
    server.transactions.execute(client);
  },
};

const discard: CommandSpec = {
  ...COMMON,
  name: 'discard',
  summary: 'Ends a transaction without running what is queued.',
  since: '2.0.0',
  complexity: 'O(N), when N is the number of queued commands',
  run({ client, reply, server }: Call) {
    server.transactions.discard(client);
    reply.ok();
  },
};

const watch: CommandSpec = {
  ...COMMON,
  name: 'watch',
  summary: 'Has the next transaction fail if one of these keys is changed before it runs.',
  since: '2.2.0',
  complexity: 'O(1) for every key.',
  arity: -2,
  keys: [allKeys(['RO'], 1)],
  args: [{ name: 'key', type: 'key', keySpec: 0, multiple: true }],
  run({ args, client, db, now, reply, server }: Call) {
    for (let i = 1; i < args.count; i++) {
      const e = db.find(args.buf, args.off(i), args.len(i), 0);
      const isDue = e !== 0 && db.isVolatile(e) && db.expiry(e) < now;
      server.transactions.watch(client, db, args.view(i), isDue);
    }
    reply.ok();
  },
};

const unwatch: CommandSpec = {
  ...COMMON,
  name: 'unwatch',
  summary: 'Ends all watches of the client.',
  since: '2.2.0',
  run({ client, reply, server }: Call) {
    server.transactions.unwatch(client);
    reply.ok();
  },
};

export const transactionCommands: readonly CommandSpec[] = [discard, exec, multi, unwatch, watch];
