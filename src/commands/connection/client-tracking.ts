/** Client-side caching: CLIENT TRACKING, CACHING, TRACKINGINFO, GETREDIR. */
import { SYNTAX_ERROR } from '../../resp/errors.js';
import { ReplyError } from '../../resp/reply-error.js';
import type { Call } from '../../server/api/call.js';
import { type Client, ClientFlag } from '../../server/api/client.js';
import type { CommandSpec } from '../../server/api/command.js';
import type { TrackingOptions } from '../../server/api/tracking.js';

const TWO_REDIRECTIONS = new ReplyError('ERR A client can only redirect to a single other client');
const NO_SUCH_CLIENT = new ReplyError('ERR The client ID you want redirect to does not exist');
const NOT_TRACKING = new ReplyError(
  'ERR CLIENT CACHING can be called only when the client is in tracking mode with OPTIN or OPTOUT mode enabled',
);
const YES_WITHOUT_OPTIN = new ReplyError(
  'ERR CLIENT CACHING YES is only valid when tracking is enabled in OPTIN mode.',
);
const NO_WITHOUT_OPTOUT = new ReplyError(
  'ERR CLIENT CACHING NO is only valid when tracking is enabled in OPTOUT mode.',
);

export const clientTracking: CommandSpec = {
  name: 'tracking',
  summary: 'Has this connection told when keys change that it may have copies of.',
  since: '6.0.0',
  group: 'connection',
  complexity: 'O(1). Some options may introduce additional complexity.',
  arity: -3,
  flags: ['noscript', 'loading', 'stale', 'sentinel'],
  args: [
    {
      name: 'status',
      type: 'oneof',
      args: [
        { name: 'on', type: 'pure-token', token: 'ON' },
        { name: 'off', type: 'pure-token', token: 'OFF' },
      ],
    },
    { name: 'client-id', type: 'integer', token: 'REDIRECT', optional: true },
    {
      name: 'prefix',
      type: 'string',
      token: 'PREFIX',
      optional: true,
      multiple: true,
      multipleToken: true,
    },
    { name: 'BCAST', type: 'pure-token', token: 'BCAST', optional: true },
    { name: 'OPTIN', type: 'pure-token', token: 'OPTIN', optional: true },
    { name: 'OPTOUT', type: 'pure-token', token: 'OPTOUT', optional: true },
    { name: 'NOLOOP', type: 'pure-token', token: 'NOLOOP', optional: true },
  ],
  reply: 'OK',
  run(call: Call) {
    const { args, client, reply, server } = call;
    const options = parseOptions(call);
    if (args.is(2, 'ON')) server.tracking.enable(client, options);
    else if (args.is(2, 'OFF')) server.tracking.disable(client);
    else throw SYNTAX_ERROR;
    reply.ok();
  },
};

function parseOptions({ args, server }: Call): TrackingOptions {
  const prefixes: Uint8Array[] = [];
  const options = { redirect: 0, isBcast: false, optin: false, optout: false, noLoop: false };
  for (let i = 3; i < args.count; i++) {
    const hasValue = i + 1 < args.count;
    if (args.is(i, 'REDIRECT') && hasValue) {
      if (options.redirect !== 0) throw TWO_REDIRECTIONS;
      options.redirect = Number(args.int64(++i));
      if (!server.tracking.canRedirect(options.redirect)) throw NO_SUCH_CLIENT;
    } else if (args.is(i, 'BCAST')) options.isBcast = true;
    else if (args.is(i, 'OPTIN')) options.optin = true;
    else if (args.is(i, 'OPTOUT')) options.optout = true;
    else if (args.is(i, 'NOLOOP')) options.noLoop = true;
    else if (args.is(i, 'PREFIX') && hasValue) prefixes.push(args.view(++i));
    else throw SYNTAX_ERROR;
  }
  return { ...options, prefixes };
}

export const clientCaching: CommandSpec = {
  name: 'caching',
  summary: 'Chooses whether the keys of the next command are remembered.',
  since: '6.0.0',
  group: 'connection',
  complexity: 'O(1)',
  arity: 3,
  flags: ['noscript', 'loading', 'stale', 'sentinel'],
  args: [
    {
      name: 'mode',
      type: 'oneof',
      args: [
        { name: 'yes', type: 'pure-token', token: 'YES' },
        { name: 'no', type: 'pure-token', token: 'NO' },
      ],
    },
  ],
  reply: 'OK',
  run(call: Call) {
    const { args, client, reply, server } = call;
    const { tracking } = client;
    if (tracking === undefined) throw NOT_TRACKING;
    if (args.is(2, 'YES')) {
      if (tracking.mode !== 'optin') throw YES_WITHOUT_OPTIN;
    } else if (args.is(2, 'NO')) {
      if (tracking.mode !== 'optout') throw NO_WITHOUT_OPTOUT;
    } else {
      throw SYNTAX_ERROR;
    }
    server.tracking.chooseNext(client);
    reply.ok();
  },
};

export const clientGetredir: CommandSpec = {
  name: 'getredir',
  summary: 'Returns the number of the client that gets the messages of this one.',
  since: '6.0.0',
  group: 'connection',
  complexity: 'O(1)',
  arity: 2,
  flags: ['noscript', 'loading', 'stale', 'sentinel'],
  reply: { oneOf: [{ const: 0 }, { const: -1 }, 'integer'] },
  run(call: Call) {
    call.reply.int(call.client.tracking?.redirect ?? -1);
  },
};

export const clientTrackinginfo: CommandSpec = {
  name: 'trackinginfo',
  summary: 'Returns what CLIENT TRACKING has set for this connection.',
  since: '6.2.0',
  group: 'connection',
  complexity: 'O(1)',
  arity: 2,
  flags: ['noscript', 'loading', 'stale', 'sentinel'],
  reply: { mapOf: 'any' },
  run(call: Call) {
    const { client, reply } = call;
    const prefixes = client.tracking?.prefixes ?? [];
    const words = modeWords(client);
    reply.map(3);
    reply.bulkText('flags');
    reply.set(words.length);
    for (const word of words) reply.bulkText(word);
    reply.bulkText('redirect');
    reply.int(client.tracking?.redirect ?? -1);
    reply.bulkText('prefixes');
    reply.array(prefixes.length);
    for (const prefix of prefixes) reply.bulk(prefix, 0, prefix.length);
  },
};

/** The modes that are on, as CLIENT TRACKINGINFO names them. */
function modeWords({ flags, tracking }: Client): string[] {
  if (tracking === undefined) return ['off'];
  const { hasChosen, isBcast, mode, noLoop } = tracking;
  const words = ['on'];
  if (isBcast) words.push('bcast');
  if (mode !== 'all') words.push(mode);
  if (hasChosen && mode === 'optin') words.push('caching-yes');
  if (hasChosen && mode === 'optout') words.push('caching-no');
  if (noLoop) words.push('noloop');
  if ((flags & ClientFlag.TrackingBroken) !== 0) words.push('broken_redirect');
  return words;
}
