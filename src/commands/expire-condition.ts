/** On what EXPIRE, HEXPIRE and their like may depend, as COMMAND DOCS describes it. */
import type { ArgSpec } from '../server/api/command.js';

export const EXPIRE_CONDITION: ArgSpec = {
  name: 'condition',
  type: 'oneof',
  optional: true,
  args: [
    { name: 'nx', type: 'pure-token', token: 'NX' },
    { name: 'xx', type: 'pure-token', token: 'XX' },
    { name: 'gt', type: 'pure-token', token: 'GT' },
    { name: 'lt', type: 'pure-token', token: 'LT' },
  ],
};
