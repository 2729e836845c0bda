/**
 * GEOADD: members with places, in a sorted set with geohashes as scores.
 *
 * It is ZADD with scores worked out, and propagates as that.
 */
import { Args } from '../../resp/args.js';
import { SYNTAX_ERROR } from '../../resp/errors.js';
import type { Call } from '../../server/api/call.js';
import type { CommandSpec } from '../../server/api/command.js';
import { oneKey } from '../key-specs.js';
import { zadd } from '../zset/add.js';
import { placeArgument } from './arguments.js';
import { encodeText } from './geohash.js';
import { KEY, LATITUDE, LONGITUDE } from './specs.js';

/** Arguments of one member: longitude, latitude, name. */
const PER_MEMBER = 3;

export const geoadd: CommandSpec = {
  name: 'geoadd',
  summary: 'Adds members with their places to a geo index, which is made if it does not exist.',
  since: '3.2.0',
  group: 'geo',
  complexity: 'O(log(N)) for each member, where N is the number of members in the sorted set.',
  arity: -5,
  flags: ['write', 'denyoom'],
  keys: [oneKey(['RW', 'update'])],
  args: [
    KEY,
    {
      name: 'condition',
      type: 'oneof',
      optional: true,
      since: '6.2.0',
      args: [
        { name: 'nx', type: 'pure-token', token: 'NX' },
        { name: 'xx', type: 'pure-token', token: 'XX' },
      ],
    },
    { name: 'change', type: 'pure-token', token: 'CH', optional: true, since: '6.2.0' },
    {
      name: 'data',
      type: 'block',
      multiple: true,
      args: [LONGITUDE, LATITUDE, { name: 'member', type: 'string' }],
    },
  ],
  history: [['6.2.0', 'Takes `CH`, `NX` and `XX`.']],
  reply: 'integer',
  run(call: Call) {
    const { args } = call;
    const request = toZadd(args);
    const { dirty } = call;
    call.args = Args.from(request);
    try {
      zadd.run!(call);
    } finally {
      call.args = args;
    }
    if (call.dirty !== dirty) call.propagateAs(...request);
  },
};

/** The same as a ZADD. @throws ReplyError when arguments are wrong */
function toZadd(args: Args): (string | Uint8Array)[] {
  let from = 2;
  let hasNx = false;
  let hasXx = false;
  for (; from < args.count; from++) {
    if (args.is(from, 'NX')) hasNx = true;
    else if (args.is(from, 'XX')) hasXx = true;
    else if (!args.is(from, 'CH')) break;
  }
  if ((args.count - from) % PER_MEMBER !== 0 || (hasNx && hasXx)) throw SYNTAX_ERROR;
  const request: (string | Uint8Array)[] = ['zadd'];
  for (let i = 1; i < from; i++) request.push(args.bytes(i));
  for (let i = from; i < args.count; i += PER_MEMBER) {
    const { longitude, latitude } = placeArgument(args, i);
    request.push(encodeText(longitude, latitude), args.bytes(i + 2));
  }
  return request;
}
