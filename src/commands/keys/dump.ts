/** DUMP: a value as bytes that RESTORE makes a key of, here or in another server. */
import type { Call } from '../../server/api/call.js';
import type { CommandSpec } from '../../server/api/command.js';
import { oneKey } from '../key-specs.js';

export const dump: CommandSpec = {
  name: 'dump',
  summary: "Returns a key's value in a form that RESTORE reads.",
  since: '2.6.0',
  group: 'generic',
  complexity:
    'O(1) to find the key and O(N*M) to serialize it, where N is the number of elements of the ' +
    'value and M their average size.',
  arity: 2,
  flags: ['readonly'],
  keys: [oneKey(['RO', 'access'])],
  args: [{ name: 'key', type: 'key', keySpec: 0 }],
  tips: ['nondeterministic_output'],
  reply: { oneOf: ['bulk', 'null'] },
  run(call: Call) {
    const e = call.read(1);
    if (e === 0) {
      call.reply.nil();
      return;
    }
    const payload = call.server.persistence.serialize(call.db, e);
    call.reply.bulk(payload, 0, payload.length);
  },
};
