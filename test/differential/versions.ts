/**
 * What Redis 7.2, which respd follows, answers otherwise than the Redis 7.0 that Debian has: one
 * table, by command. Beside a Redis 7.2 nothing of it applies.
 *
 * Commands and options that are younger than the other server are not in it: they are not sent, as
 * their specs say since when they are there.
 */
import type { CommandDeclaration } from '../../src/server/api/declaration.js';
import { showReply } from '../support/resp-client.js';
import { sameButDoubles } from './collection-agreements.js';
import { type Exchange, errorText, isError, sameCalls } from './exchange.js';
import { type Form, isSince } from './forms.js';
import type { Request } from './requests.js';

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
  /** Whether a request would have other events, too: not sent where those are compared. */
  readonly hasOtherEvents?: (request: Request) => boolean;
  /** Whether the older Redis doesn't even begin it: not sent where that shows later. */
  readonly isRefused?: (request: Request) => boolean;
}

const INT64_MIN = '-9223372036854775808';

const GETKEYS_ARITY: Omit<VersionDifference, 'command'> = {
  since: '7.2',
  what: 'A request without arguments is looked at; 7.0 wants one at least.',
  explains: errorTexts(/./, /wrong number of arguments for 'command\|getkeys/),
  isRefused: (request) => request.length < 4,
};

const GETKEYS_OF_WITHSCORE: Omit<VersionDifference, 'command'> = {
  since: '7.2',
  what: 'ZRANK and ZREVRANK take WITHSCORE.',
  explains: ({ request, theirs }) =>
    /^z(rev)?rank$/i.test(String(request[2])) && /^ERR Invalid number/.test(errorText(theirs)),
};

const WITHSCORE: Omit<VersionDifference, 'command'> = {
  since: '7.2',
  what: 'It takes WITHSCORE.',
  explains: ({ theirs }) => /^ERR wrong number of arguments/.test(errorText(theirs)),
  hasOtherEvents: (request) => request.length > 3,
  isRefused: (request) => request.length > 3,
};

/** What 7.0 refuses, or doesn't count when it has waited in vain. */
const COUNTED_OTHERWISE = [
  ...['zrank', 'zrevrank', 'command|getkeys', 'command|getkeysandflags'],
  ...['blpop', 'brpop', 'brpoplpush', 'blmove', 'blmpop', 'bzpopmin', 'bzpopmax', 'bzmpop'],
  ...['xread', 'xreadgroup'],
];

export const VERSION_DIFFERENCES: readonly VersionDifference[] = [
  { command: 'command|getkeys', ...GETKEYS_ARITY },
  { command: 'command|getkeysandflags', ...GETKEYS_ARITY },
  {
    command: '*',
    since: '7.2',
    what: 'Doubles have as few digits as name them; 7.0 writes 17.',
    explains: sameButDoubles,
  },
  { command: 'command|getkeys', ...GETKEYS_OF_WITHSCORE },
  { command: 'command|getkeysandflags', ...GETKEYS_OF_WITHSCORE },
  { command: 'zrank', ...WITHSCORE },
  { command: 'zrevrank', ...WITHSCORE },
  {
    command: '*',
    since: '7.2',
    what: 'A timeout too long to be counted is out of range; 7.0 takes it for a negative one.',
    explains: errorTexts(/^ERR timeout is out of range$/, /^ERR timeout is negative$/),
  },
  {
    command: 'xread',
    since: '7.2',
    what: 'An error names the command in quotes.',
    explains: errorTexts(/^ERR Unbalanced 'xread'/, /^ERR Unbalanced XREAD/),
  },
  {
    command: 'xreadgroup',
    since: '7.2',
    what: 'An error names the command in quotes.',
    explains: errorTexts(/^ERR Unbalanced 'xreadgroup'/, /^ERR Unbalanced XREAD /),
  },
  {
    command: 'lpos',
    since: '7.2',
    what: 'A rank without a magnitude is refused before the key is looked at.',
    explains: ({ ours }) => /^ERR value is out of range, value must/.test(errorText(ours)),
    hasOtherEvents: (request) => request.some((word) => String(word) === INT64_MIN),
  },
  {
    command: 'lset',
    since: '7.2',
    what: 'An index is cut to 32 bits.',
    avoids: (request) => Math.abs(Number(request[2])) >= 2 ** 31,
  },
  {
    command: 'xsetid',
    since: '7.2',
    what: 'An ID below the greatest that was deleted is refused.',
    avoids: (request) => !/^\d{13,}-/.test(String(request[2])),
  },
  {
    command: 'latency|histogram',
    since: '7.2',
    what: 'Counts calls of commands that have waited in vain, and that 7.0 refuses.',
    explains: sameCalls(COUNTED_OTHERWISE),
  },
  {
    command: 'hscan',
    since: '7.4',
    what: 'It takes NOVALUES.',
    explains: ({ theirs }) => errorText(theirs) === 'ERR syntax error',
  },
  {
    command: 'object|encoding',
    since: '7.2',
    what: 'Small sets and lists are listpacks.',
    explains: ({ ours, theirs }) =>
      showReply(ours.reply).includes('listpack') &&
      /hashtable|quicklist/.test(showReply(theirs.reply)),
  },
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

/** Where more than a request's own answer counts. */
export interface Watched {
  /** Events are compared. */
  readonly events: boolean;
  /** Calls are counted or kept: by a transaction, or the slow log. */
  readonly calls: boolean;
}

/** Whether a request would leave an older Redis in another state than respd. */
export function isAvoided(
  form: Form,
  request: Request,
  version: string,
  watched: Watched,
): boolean {
  return VERSION_DIFFERENCES.some(
    (one) =>
      !isSince(version, one.since) &&
      (one.command === '*' || one.command === form.name) &&
      (one.avoids?.(request) ||
        (watched.events && one.hasOtherEvents?.(request)) ||
        (watched.calls && one.isRefused?.(request))),
  );
}

/** Whether it counts as a call alike: before 7.2, one that has waited in vain does not. */
export function countsAlike({ name, spec }: Form, request: Request, version: string): boolean {
  if (isSince(version, '7.2') || !spec.flags.includes('blocking')) return true;
  return name.startsWith('xread') && !request.some((word) => /^block$/i.test(String(word)));
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
function errorTexts(ours: RegExp, theirs: RegExp): (exchange: Exchange) => boolean {
  return (exchange) =>
    ours.test(errorText(exchange.ours)) && theirs.test(errorText(exchange.theirs));
}

/** Whether a command exists in this version at all. */
export function existsIn(version: string, spec: CommandDeclaration): boolean {
  return isSince(version, spec.since);
}
