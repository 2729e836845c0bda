/** ACL LOAD and SAVE: the ACL file. */
import type { Call } from '../../server/api/call.js';
import type { CommandSpec } from '../../server/api/command.js';
import { ADMIN, ON_ALL_NODES } from './specs.js';

export const load: CommandSpec = {
  ...ADMIN,
  name: 'load',
  summary: 'Reads the ACL file anew; if anything in it is wrong, nothing changes.',
  complexity: 'O(N). Where N is the number of configured users.',
  arity: 2,
  reply: 'OK',
  run({ client, reply, server }: Call) {
    server.acl.load(client);
    reply.ok();
  },
};

export const save: CommandSpec = {
  ...ADMIN,
  name: 'save',
  summary: 'Writes all users into the ACL file.',
  complexity: 'O(N). Where N is the number of configured users.',
  arity: 2,
  tips: ON_ALL_NODES,
  reply: 'OK',
  run({ reply, server }: Call) {
    server.acl.save();
    reply.ok();
  },
};
