/**
 * What the stream does with which command, where its spec alone would not say: commands that are
 * not sent at all, or compared more loosely than to the byte, each with its reason; how often one
 * is sent, and what its arguments are.
 *
 * A command that is not in the table is sent with arguments from its spec, and must answer to the
 * byte as Redis does. Errors are always compared to the byte, but for what versions.ts excuses.
 */
import type { CommandGroup } from '../../src/server/api/declaration.js';
import { COLLECTION_RULES } from './collection-rules.js';
import {
  type Agreement,
  anyScannedKey,
  sameCalls,
  sameClientFields,
  sameElements,
  sameIdleTime,
  sameInstant,
  sameRefcount,
  sameRemaining,
  sameScan,
  sameSlowCommands,
  sameType,
  sameWhereShared,
} from './exchange.js';
import type { Form } from './forms.js';
import type { Request } from './requests.js';

export interface Rule {
  /** Why it is not sent. */
  readonly excluded?: string;
  /** How answers are compared that are no errors, and why not to the byte. */
  readonly agree?: Agreement;
  readonly because?: string;
  /** How often it is sent, relative to the others; 1 by default. */
  readonly weight?: number;
  /** A request that goes right before this one, if it needs one. */
  readonly before?: (request: Request) => readonly string[] | undefined;
  /** Values for arguments by their names, most of the time. */
  readonly values?: Readonly<Record<string, readonly string[]>>;
  /** Its arguments are another request. */
  readonly takesRequest?: boolean;
  /** Why it is sent when all requests before it are answered, and awaited before the next. */
  readonly alone?: string;
  /** Which requests are not sent: they would wait for long, or leave the servers different. */
  readonly avoid?: (request: Request) => boolean;
  /** It cannot succeed here, so that errors alone prove nothing wrong. */
  readonly alwaysFails?: string;
}

const OWN_AFFAIR = 'tells of the process, not of the data';
const BY_UNIT_TESTS = 'lists all commands, whose number differs by version; unit tests compare it';
const UNANSWERED_AUTH =
  'Redis (7.0 and 7.2) leaves a wrong password without an answer behind other answers of one write';
const BY_ACL_TEST = 'would lock clients out, or is told otherwise by 7.0; acl.test.ts compares it';
const BY_SCRIPTING_TEST = 'needs scripts that make sense, which scripting.test.ts has';
const BY_PUBSUB_TEST = 'answers with pushes, and several; pubsub.test.ts compares it';
const CHANNELS = ['a', 'b', 'ab', '', 'channel:1', 'channel:2', 'channel:3', 'nobody'];
const PREFIXES = [...words('string: str list: a b'), ''];
const EVENTS = words('command fast-command expire-cycle eviction-cycle fork nosuch');
const COMMANDS = [
  ...words('get SET zadd lpush xadd hset client config client|id config|get latency slowlog'),
  ...words('multi exec watch publish geoadd sort nosuch latency|histogram CLIENT|ID'),
];
/** Finds all keys, and removes those that are due: chance then has no say in which are left. */
const EVERYTHING = '1000000';
const WHOLE_SCAN = ['SCAN', '0', 'COUNT', EVERYTHING];

/** Directives that the stream changes; it puts them back when it begins anew. */
export const CHANGED_DIRECTIVES = [
  'maxmemory-samples',
  'maxmemory-policy',
  'lfu-log-factor',
  'lfu-decay-time',
  'slowlog-max-len',
  'hash-max-listpack-entries',
  'hash-max-listpack-value',
  'list-max-listpack-size',
  'list-compress-depth',
  'set-max-intset-entries',
  'zset-max-listpack-entries',
  'zset-max-listpack-value',
  'stream-node-max-entries',
  'activerehashing',
  'lazyfree-lazy-user-del',
  'notify-keyspace-events',
  'tracking-table-max-keys',
  'latency-tracking',
  'acllog-max-len',
  'lua-time-limit',
  'busy-reply-threshold',
];
const DIRECTIVES = [
  ...CHANGED_DIRECTIVES,
  'hash-max-ziplist-entries',
  'databases',
  'io-threads',
  'nosuchdirective',
  'MAXMEMORY-SAMPLES',
];
const DIRECTIVE_VALUES = [
  ...words('0 1 2 3 5 7 10 64 100 128 512 1000 1000000 -1 -2 1.5 50%'),
  ...words('9223372036854775807 9223372036854775808 1kb 1mb 10b'),
  ...words('allkeys-lfu volatile-lru noeviction AllKeys-Random'),
  ...words('yes no YES abc KEA AKE Ex KQ g$lshzxedtmnA'),
  ...['', ' 1'],
];
/** Directives that a CONFIG GET with a pattern finds and whose values are each server's own. */
const OWN_DIRECTIVES = [
  ...words('port tls-port bind dir pidfile logfile unixsocket save maxclients'),
  ...words('enable-debug-command proc-title-template oom-score-adj'),
];

export const RULES: Readonly<Record<string, Rule>> = {
  // Connections.
  quit: { excluded: 'ends the connection; see test/protocol' },
  'client|reply': { excluded: 'leaves requests without replies; regressions.test.ts has it' },
  'client|pause': { excluded: 'holds up the stream; regressions.test.ts has its errors' },
  'client|kill': { excluded: 'would end connections of the stream; regressions.test.ts has it' },
  'client|id': { agree: sameType, because: OWN_AFFAIR },
  'client|info': {
    agree: sameClientFields(['name', 'db', 'sub', 'psub', 'multi', 'resp', 'user', 'cmd']),
    because: 'addresses, ages and buffers differ, and 7.2 has more fields',
  },
  'client|list': {
    agree: sameClientFields([]),
    because: 'ids, addresses, ages and buffers differ, and 7.2 has more fields',
  },
  hello: {
    agree: sameWhereShared(['version', 'id']),
    because: 'tells version and client id',
    alone: UNANSWERED_AUTH,
  },
  auth: { alwaysFails: 'no password is set', weight: 0.2, alone: UNANSWERED_AUTH },
  'client|tracking': {
    values: { 'client-id': ['0', '-1', '1000000', 'x'], prefix: PREFIXES },
    avoid: redirectsToSome,
  },
  reset: { weight: 0.2 },
  select: { weight: 0.5 },

  // Transactions.
  'script|debug': { excluded: 'there is no debugger here, and Redis refuses it in a pipeline' },
  evalsha: { alwaysFails: BY_SCRIPTING_TEST },
  evalsha_ro: { alwaysFails: BY_SCRIPTING_TEST },
  fcall: { alwaysFails: BY_SCRIPTING_TEST },
  fcall_ro: { alwaysFails: BY_SCRIPTING_TEST },
  'function|delete': { alwaysFails: BY_SCRIPTING_TEST },
  'function|kill': { alwaysFails: 'no function runs between two commands' },
  'function|load': { alwaysFails: BY_SCRIPTING_TEST },
  'function|restore': { alwaysFails: BY_SCRIPTING_TEST },
  'script|kill': { alwaysFails: 'no script runs between two commands' },
  'function|dump': { excluded: 'carries the RDB version of the server; scripting.test.ts has it' },
  multi: { excluded: 'the stream sends whole transactions, so that none stays open' },
  exec: { weight: 0.1 },
  discard: { weight: 0.1 },

  // Pub/sub.
  subscribe: { excluded: BY_PUBSUB_TEST },
  unsubscribe: { excluded: BY_PUBSUB_TEST },
  psubscribe: { excluded: BY_PUBSUB_TEST },
  punsubscribe: { excluded: BY_PUBSUB_TEST },
  ssubscribe: { excluded: BY_PUBSUB_TEST },
  sunsubscribe: { excluded: BY_PUBSUB_TEST },
  publish: { values: { channel: CHANNELS }, weight: 0.3 },
  spublish: { values: { shardchannel: CHANNELS }, weight: 0.2 },
  'pubsub|channels': {
    agree: sameElements,
    because: 'channels have no order',
    values: { pattern: [...CHANNELS, '*', 'c*'] },
  },
  'pubsub|shardchannels': {
    agree: sameElements,
    because: 'channels have no order',
    values: { pattern: [...CHANNELS, '*', 'c*'] },
  },
  'pubsub|numsub': { values: { channel: CHANNELS } },
  'pubsub|shardnumsub': { values: { shardchannel: CHANNELS } },

  // Users: acl.test.ts compares them.
  'acl|cat': { excluded: BY_ACL_TEST },
  'acl|deluser': { excluded: BY_ACL_TEST },
  'acl|dryrun': { excluded: BY_ACL_TEST },
  'acl|genpass': { excluded: BY_ACL_TEST },
  'acl|getuser': { excluded: BY_ACL_TEST },
  'acl|help': { excluded: BY_ACL_TEST },
  'acl|list': { excluded: BY_ACL_TEST },
  'acl|load': { excluded: BY_ACL_TEST },
  'acl|log': { excluded: BY_ACL_TEST },
  'acl|save': { excluded: BY_ACL_TEST },
  'acl|setuser': { excluded: BY_ACL_TEST },
  'acl|users': { excluded: BY_ACL_TEST },

  // The server.
  shutdown: { excluded: 'ends the server' },
  migrate: { excluded: 'wants a third server; test/interchange/migrate.test.ts has one' },
  debug: { excluded: 'shows what is inside; the checks of the data set use DEBUG DIGEST' },
  monitor: { excluded: 'makes the connection a stream; pubsub.test.ts compares what it shows' },
  'slowlog|get': {
    agree: sameSlowCommands,
    because: 'addresses differ, and how long they took; respd hides what is wrong in AUTH, too',
    values: { count: ['-1', '-1', '0', '1', '3', '20', '128', '-2'] },
    weight: 0.3,
  },
  'latency|doctor': { agree: sameType, because: 'each has words of its own' },
  'latency|histogram': {
    agree: sameCalls([]),
    because: 'how long they took differs; commands have no order',
    values: { command: COMMANDS },
    weight: 0.3,
  },
  'latency|graph': { values: { event: EVENTS }, alwaysFails: 'nothing is monitored' },
  'latency|history': { values: { event: EVENTS } },
  'latency|reset': { values: { event: EVENTS } },
  pfdebug: { values: { subcommand: ['GETREG', 'DECODE', 'ENCODING', 'TODENSE'] } },
  pfselftest: { excluded: 'holds both servers up for seconds, and says only OK' },
  time: { agree: sameType, because: 'two clocks' },
  info: { agree: sameType, because: OWN_AFFAIR },
  lolwut: { agree: sameType, because: 'art, and the version' },
  'memory|usage': { agree: sameType, because: OWN_AFFAIR },
  'memory|stats': { agree: sameType, because: OWN_AFFAIR },
  'memory|doctor': { agree: sameType, because: OWN_AFFAIR },
  'memory|malloc-stats': { agree: sameType, because: OWN_AFFAIR },
  command: { excluded: BY_UNIT_TESTS },
  'command|count': { agree: sameType, because: BY_UNIT_TESTS },
  'command|info': { excluded: BY_UNIT_TESTS },
  'command|docs': { excluded: BY_UNIT_TESTS },
  'command|list': { excluded: BY_UNIT_TESTS },
  'command|getkeys': { takesRequest: true, weight: 0.4 },
  'command|getkeysandflags': { takesRequest: true, weight: 0.4 },
  'config|get': {
    agree: sameWhereShared(OWN_DIRECTIVES),
    because: 'each version has directives of its own, and each server its port and paths',
    values: { parameter: DIRECTIVES },
  },
  'config|set': { values: { parameter: DIRECTIVES, value: DIRECTIVE_VALUES } },
  'config|rewrite': { alwaysFails: 'neither server has a file' },
  flushall: { weight: 0.05 },
  flushdb: { weight: 0.1 },
  swapdb: { weight: 0.3 },

  save: { excluded: 'writes a file' },
  bgsave: { excluded: 'what it answers depends on whether the last one has ended' },
  bgrewriteaof: { excluded: 'writes files' },
  waitaof: { excluded: 'waits for the disk' },
  lastsave: { agree: sameInstant(1000), because: 'two clocks' },
  'module|load': { alwaysFails: 'is not allowed' },
  'module|loadex': { alwaysFails: 'is not allowed' },
  'module|unload': { alwaysFails: 'is not allowed' },

  // Keys.
  dump: { excluded: 'the number of its format is that of the version; interchange tests have it' },
  'restore-asking': { alwaysFails: 'no value is a payload', weight: 0.1 },
  restore: { alwaysFails: 'no value is a payload', weight: 0.2 },
  keys: { agree: sameElements, because: 'keys have no order' },
  randomkey: { agree: anyScannedKey, because: 'random', before: () => WHOLE_SCAN },
  scan: {
    agree: sameScan,
    weight: 2,
    because: "cursors are each server's own; whole iterations are compared beside the stream",
    before: (request) => (isWholeScan(request) ? undefined : WHOLE_SCAN),
    values: {
      cursor: ['0', '0', '0', '1', '17', '4096', '-1'],
      count: ['1', '3', EVERYTHING, EVERYTHING],
      type: ['string', 'string', 'STRING', 'list', 'hash', 'set', 'zset', 'stream', 'nosuch'],
    },
  },
  ttl: { agree: sameRemaining(1000), because: 'two clocks' },
  pttl: { agree: sameRemaining(1), because: 'two clocks' },
  expiretime: { agree: sameInstant(1000), because: 'two clocks, unless the time was absolute' },
  pexpiretime: { agree: sameInstant(1), because: 'two clocks, unless the time was absolute' },
  'object|idletime': { agree: sameIdleTime, because: 'two clocks' },
  'object|refcount': {
    agree: sameRefcount,
    because: 'respd has no objects: small integers all count as shared, those of COPY too',
  },
  'object|freq': { agree: sameType, because: 'counts by chance' },

  ...COLLECTION_RULES,
};

/** Words of help are each version's own. */
const HELP: Rule = { agree: sameType, because: "each version's own words", weight: 0.2 };

/** What comes less often than commands that work on data; containers by themselves too. */
const SIDE_GROUPS: readonly CommandGroup[] = ['server', 'connection'];
const SIDE_WEIGHT = 0.15;

/** The rule for a command; one for all commands of its sort, if it has none of its own. */
export function ruleOf(form: Form): Rule {
  const own = RULES[form.name];
  if (own !== undefined) return own;
  if (form.name.endsWith('|help')) return HELP;
  const { flags } = form.spec;
  if (flags.includes('blocking')) return { excluded: 'may wait for ever' };
  return {};
}

/** Whether CLIENT TRACKING names what may be another client, which has another number elsewhere. */
function redirectsToSome(request: Request): boolean {
  return request.some(
    (word, i) =>
      word.toString('latin1').toUpperCase() === 'REDIRECT' &&
      /^[1-9]\d{0,5}$/.test(request[i + 1]?.toString('latin1') ?? ''),
  );
}

/** Whether a SCAN looks at all keys, if it is not refused. */
function isWholeScan(request: Request): boolean {
  const words = request.map((word) => word.toString('latin1').toUpperCase());
  const at = words.indexOf('COUNT');
  return words[1] === '0' && words[at + 1] === EVERYTHING && at === words.lastIndexOf('COUNT');
}

/** How often a command is sent. */
export function weightOf(form: Form): number {
  const rule = ruleOf(form);
  if (rule.excluded !== undefined) return 0;
  const isSide = SIDE_GROUPS.includes(form.spec.group) || form.spec.subcommands !== undefined;
  return rule.weight ?? (isSide ? SIDE_WEIGHT : 1);
}

function words(text: string): string[] {
  return text.split(' ');
}
