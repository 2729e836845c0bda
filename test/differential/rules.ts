/**
 * What the stream does with which command: the three tables of the differential test.
 *
 *     RULES                by command: not sent at all, or compared more loosely than to the byte,
 *                          each with its reason; how often it is sent; what its arguments are
 *                          where its spec alone would not say
 *     VERSION_DIFFERENCES  by command: what Redis 7.2, which respd follows, answers otherwise than
 *                          the Redis 7.0 that Debian has
 *
 * A command that is in neither is sent with arguments from its spec, and answers to the byte as
 * Redis does. Errors are always compared to the byte.
 */
import type { CommandDeclaration, CommandGroup } from '../../src/server/api/declaration.js';
import {
  type Agreement,
  anyScannedKey,
  type Exchange,
  errorText,
  isError,
  sameClientFields,
  sameElements,
  sameIdleTime,
  sameInstant,
  sameRefcount,
  sameRemaining,
  sameScan,
  sameType,
  sameWhereShared,
} from './exchange.js';
import { type Form, isSince } from './forms.js';
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
  /** It cannot succeed here, so that errors alone prove nothing wrong. */
  readonly alwaysFails?: string;
}

const OWN_AFFAIR = 'tells of the process, not of the data';
const BY_UNIT_TESTS = 'lists all commands, whose number differs by version; unit tests compare it';
const UNANSWERED_AUTH =
  'Redis (7.0 and 7.2) leaves a wrong password without an answer behind other answers of one write';
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
  'set-max-intset-entries',
  'zset-max-listpack-value',
  'stream-node-max-entries',
  'activerehashing',
  'lazyfree-lazy-user-del',
  'notify-keyspace-events',
  'tracking-table-max-keys',
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
  ...['0', '1', '2', '3', '5', '7', '10', '64', '100', '128', '512', '1000', '1000000', '-1', '-2'],
  ...['allkeys-lfu', 'volatile-lru', 'noeviction', 'AllKeys-Random', '9223372036854775807'],
  ...[
    '9223372036854775808',
    'yes',
    'no',
    'YES',
    '',
    'abc',
    '1kb',
    '1mb',
    '10b',
    '1.5',
    ' 1',
    '50%',
  ],
  ...['KEA', 'AKE', 'Ex', 'KQ', 'g$lshzxedtmnA'],
];
/** Directives that a CONFIG GET with a pattern finds and whose values are each server's own. */
const OWN_DIRECTIVES = [
  ...['port', 'tls-port', 'bind', 'dir', 'pidfile', 'logfile', 'unixsocket', 'save'],
  ...['maxclients', 'enable-debug-command', 'proc-title-template', 'oom-score-adj'],
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
  reset: { weight: 0.2 },
  select: { weight: 0.5 },

  // The server.
  shutdown: { excluded: 'ends the server' },
  debug: { excluded: 'shows what is inside; the checks of the data set use DEBUG DIGEST' },
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

  // Keys.
  keys: { agree: sameElements, because: 'keys have no order' },
  randomkey: { agree: anyScannedKey, because: 'random', before: () => WHOLE_SCAN },
  scan: {
    agree: sameScan,
    because: "cursors are each server's own; whole iterations are compared beside the stream",
    before: (request) => (isWholeScan(request) ? undefined : WHOLE_SCAN),
    values: { cursor: ['0', '0', '0', '1', '17', '4096', '-1'], count: ['1', '3', EVERYTHING] },
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
  const container = RULES[form.words[0]!.toLowerCase()];
  if (container?.excluded !== undefined && isContainerRule(form)) return container;
  const { flags } = form.spec;
  if (flags.includes('blocking')) return { excluded: 'may wait for ever' };
  if (flags.includes('pubsub')) return { excluded: 'answers with pushes, or other clients do' };
  return {};
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

/** COMMAND's rule is for its form without subcommand alone; DEBUG's is for all of it. */
function isContainerRule(form: Form): boolean {
  return form.words[0] === 'DEBUG';
}

/**
 * What a newer Redis answers otherwise than an older one. Where only the answers differ, they are
 * excused; where the data would, such requests are not sent to an older Redis.
 */
export interface VersionDifference {
  /** The command; `*` for many. */
  readonly command: string;
  /** From which version on respd's answer is Redis's. */
  readonly since: string;
  readonly what: string;
  /** Whether these two answers differ in just this. */
  readonly explains?: (exchange: Exchange) => boolean;
  /** Whether a request would leave the servers in different states. */
  readonly avoids?: (request: Request) => boolean;
}

const GETKEYS_ARITY: Omit<VersionDifference, 'command'> = {
  since: '7.2',
  what: 'A request without arguments is looked at; 7.0 wants one at least.',
  explains: errorTexts(/./, /wrong number of arguments for 'command\|getkeys/),
};

export const VERSION_DIFFERENCES: readonly VersionDifference[] = [
  { command: 'command|getkeys', ...GETKEYS_ARITY },
  { command: 'command|getkeysandflags', ...GETKEYS_ARITY },
  {
    command: 'client|setname',
    since: '7.2',
    what: 'Names are C strings to the check of their characters: it ends at a NUL.',
    avoids: (request) => request.some((word) => word.includes(0)),
  },
  {
    command: 'client|pause',
    since: '7.2',
    what: 'A timeout beyond 64 bits is refused; 7.0 lets it overflow.',
    explains: ({ ours, theirs }) =>
      errorText(ours) === 'ERR timeout is out of range' && !isError(theirs),
  },
  {
    command: 'hello',
    since: '7.2',
    what: 'All options are read, and names checked, before the last of each sort is followed.',
    explains: errorTexts(/Syntax error in HELLO option|Client names/, /^WRONGPASS/),
    avoids: (request) => {
      const words = request.map((word) => word.toString('latin1').toUpperCase());
      const isPlainName = words.length === 4 && !words[3]!.includes('\0');
      if (words.includes('SETNAME') && !isPlainName) return true;
      return words.indexOf('AUTH') !== words.lastIndexOf('AUTH');
    },
  },
];

/** Whether a request would leave an older Redis in another state than respd. */
export function isAvoided(form: Form, request: Request, version: string): boolean {
  return VERSION_DIFFERENCES.some(
    (one) =>
      !isSince(version, one.since) &&
      (one.command === '*' || one.command === form.name) &&
      one.avoids?.(request),
  );
}

/** The entry that explains why the answers differ, if the other server is too old. */
export function versionDifference(
  exchange: Exchange,
  version: string,
): VersionDifference | undefined {
  return VERSION_DIFFERENCES.find(
    (one) =>
      !isSince(version, one.since) &&
      (one.command === '*' || one.command === exchange.form?.name) &&
      one.explains?.(exchange),
  );
}

/** A difference in the text of an error alone. */
export function errorTexts(ours: RegExp, theirs: RegExp): (exchange: Exchange) => boolean {
  return (exchange) =>
    ours.test(errorText(exchange.ours)) && theirs.test(errorText(exchange.theirs));
}

/** Whether a command exists in this version at all. */
export function existsIn(version: string, spec: CommandDeclaration): boolean {
  return isSince(version, spec.since);
}
