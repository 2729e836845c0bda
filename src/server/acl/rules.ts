/**
 * The language of ACL rules: what ACL SETUSER, `user` lines and ACL files say of a user, applied
 * word by word.
 *
 *     on off nopass >password <password #hash !hash resetpass reset
 *     ~keys %R~keys %W~keys %RW~keys allkeys resetkeys
 *     &channels allchannels resetchannels
 *     +command +command|sub +@category allcommands nocommands (and with a minus)
 *     (rules of another selector) clearselectors
 *     sanitize-payload skip-sanitize-payload
 *
 * Words are texts of one character per byte. Callers apply all words of a line to a draft and throw
 * it away at the first error, so that a line counts whole or not at all.
 *
 * Source: https://redis.io/docs/latest/operate/oss_and_stack/management/security/acl/; texts of
 * errors are those of Redis 7.2's acl.c.
 */
import { untilNul } from '../../text/c-string.js';
import { splitArgs } from '../../text/quote.js';
import { type CommandIndex, withSubcommands } from './command-index.js';
import { KeyPattern, Pattern, Permission } from './patterns.js';
import { Selector } from './selector.js';
import { passwordDigest, type User } from './user.js';

/** What may be wrong with a rule, in Redis's words. */
export const RuleError = {
  UnknownCommand: 'Unknown command or category name in ACL',
  Syntax: 'Syntax error',
  KeysAfterAll:
    "Adding a pattern after the * pattern (or the 'allkeys' flag) is not valid and does not have " +
    "any effect. Try 'resetkeys' to start with an empty list of patterns",
  ChannelsAfterAll:
    "Adding a pattern after the * pattern (or the 'allchannels' flag) is not valid and does not " +
    "have any effect. Try 'resetchannels' to start with an empty list of channels",
  NoSuchPassword: 'The password you are trying to remove from the user does not exist',
  BadHash:
    'The password hash must be exactly 64 characters and contain only lowercase hexadecimal ' +
    'characters',
  FirstArgOfSubcommand: 'Allowing first-arg of a subcommand is not supported',
} as const;
export type RuleError = (typeof RuleError)[keyof typeof RuleError];

/** What rules depend on besides themselves. */
export interface RuleContext {
  readonly commands: CommandIndex;
  /** Whether a new selector may use all channels (`acl-pubsub-default`). */
  channelsByDefault(): boolean;
  /** Takes what an administrator should read. */
  warn(text: string): void;
}

const HASH = /^[0-9a-f]{64}$/;
/** What C's isspace takes for blank, and NUL. */
const BLANK = /[ \t\n\v\f\r\0]/;
/** What could not be read back from a file. */
const UNSAFE_IN_FIRST_ARG = /[\s\0"']/;

/** A selector that allows nothing (but perhaps all channels). */
export function newSelector(context: RuleContext): Selector {
  return new Selector(context.commands.all.length, context.channelsByDefault());
}

/** Whether a text has blanks or NUL bytes, which names and patterns must not have. */
export function hasBlanks(text: string): boolean {
  return BLANK.test(text);
}

/** Applies one rule to a user. @returns what is wrong with it, if anything; the user is spoilt then */
export function applyRule(context: RuleContext, user: User, rule: string): RuleError | undefined {
  if (rule === '') return undefined;
  const keyword = USER_KEYWORDS[untilNul(rule).toLowerCase()];
  if (keyword !== undefined) {
    keyword(context, user);
    return undefined;
  }
  switch (rule[0]) {
    case '>':
      user.addPassword(passwordDigest(Buffer.from(rule.slice(1), 'latin1')));
      return undefined;
    case '<':
      return removePassword(user, passwordDigest(Buffer.from(rule.slice(1), 'latin1')));
    case '#':
      if (!HASH.test(rule.slice(1))) return RuleError.BadHash;
      user.addPassword(Buffer.from(rule.slice(1), 'hex'));
      return undefined;
    case '!':
      if (!HASH.test(rule.slice(1))) return RuleError.BadHash;
      return removePassword(user, Buffer.from(rule.slice(1), 'hex'));
    case '(':
      if (rule.endsWith(')')) return addSelector(context, user, rule.slice(1, -1));
  }
  return applyToSelector(context, user.root, rule);
}

/**
 * Joins selectors that were written in several words.
 * @returns the words; or the number of the one that opens a parenthesis which none closes
 */
export function joinSelectors(words: readonly string[]): string[] | number {
  const joined: string[] = [];
  let open: string | undefined;
  let openedAt = -1;
  words.forEach((word, i) => {
    if (open !== undefined) {
      open += ` ${word}`;
      if (!word.endsWith(')')) return;
      joined.push(open);
      open = undefined;
    } else if (word.startsWith('(') && !word.endsWith(')')) {
      open = word;
      openedAt = i;
    } else {
      joined.push(word);
    }
  });
  return open === undefined ? joined : openedAt;
}

const USER_KEYWORDS: Readonly<Record<string, (context: RuleContext, user: User) => void>> = {
  __proto__: null as never,
  on: (_, user) => {
    user.isOn = true;
  },
  off: (_, user) => {
    user.isOn = false;
  },
  nopass: (_, user) => user.clearPasswords(true),
  resetpass: (_, user) => user.clearPasswords(false),
  'sanitize-payload': (_, user) => {
    user.skipsSanitizing = false;
  },
  'skip-sanitize-payload': (_, user) => {
    user.skipsSanitizing = true;
  },
  clearselectors: (_, user) => {
    user.selectors = [user.root];
  },
  reset: (context, user) => {
    user.isOn = false;
    user.skipsSanitizing = false;
    user.clearPasswords(false);
    user.selectors = [newSelector(context)];
  },
};

const SELECTOR_KEYWORDS: Readonly<Record<string, (selector: Selector) => void>> = {
  __proto__: null as never,
  allkeys: allowAllKeys,
  '~*': allowAllKeys,
  resetkeys: (selector) => {
    selector.allKeys = false;
    selector.keys = [];
  },
  allchannels: allowAllChannels,
  '&*': allowAllChannels,
  resetchannels: (selector) => {
    selector.allChannels = false;
    selector.channels = [];
  },
  allcommands: (selector) => selector.setAll(true),
  '+@all': (selector) => selector.setAll(true),
  nocommands: (selector) => selector.setAll(false),
  '-@all': (selector) => selector.setAll(false),
};

function allowAllKeys(selector: Selector): void {
  selector.allKeys = true;
  selector.keys = [];
}

function allowAllChannels(selector: Selector): void {
  selector.allChannels = true;
  selector.channels = [];
}

function removePassword(user: User, digest: Buffer): RuleError | undefined {
  return user.removePassword(digest) ? undefined : RuleError.NoSuchPassword;
}

function addSelector(context: RuleContext, user: User, rules: string): RuleError | undefined {
  const selector = newSelector(context);
  for (const word of splitArgs(rules) ?? []) {
    const error = applyToSelector(context, selector, Buffer.from(word).toString('latin1'));
    if (error !== undefined) return error;
  }
  user.selectors = [...user.selectors, selector];
  return undefined;
}

function applyToSelector(
  context: RuleContext,
  selector: Selector,
  rule: string,
): RuleError | undefined {
  const word = untilNul(rule);
  const keyword = SELECTOR_KEYWORDS[word.toLowerCase()];
  if (keyword !== undefined) {
    keyword(selector);
    return undefined;
  }
  switch (rule[0]) {
    case '~':
    case '%':
      return addKeys(selector, rule);
    case '&':
      return addChannels(selector, rule.slice(1));
    case '+':
    case '-':
      return changeCommands(context, selector, word.slice(1), rule[0] === '+');
  }
  return RuleError.Syntax;
}

function addKeys(selector: Selector, rule: string): RuleError | undefined {
  if (selector.allKeys) return RuleError.KeysAfterAll;
  const parts = /^(?:%(R|W|RW|WR))?~(.*)$/is.exec(rule);
  if (parts === null) return RuleError.Syntax;
  const [, letters = 'RW', text] = parts as unknown as [string, string | undefined, string];
  if (hasBlanks(text)) return RuleError.Syntax;
  let permissions = 0;
  if (/R/i.test(letters)) permissions |= Permission.Read;
  if (/W/i.test(letters)) permissions |= Permission.Write;
  const at = selector.keys.findIndex((key) => key.text === text);
  if (at < 0) selector.keys = [...selector.keys, new KeyPattern(text, permissions)];
  else {
    const both = new KeyPattern(text, permissions | selector.keys[at]!.permissions);
    selector.keys = selector.keys.with(at, both);
  }
  return undefined;
}

function addChannels(selector: Selector, text: string): RuleError | undefined {
  if (selector.allChannels) return RuleError.ChannelsAfterAll;
  if (hasBlanks(text)) return RuleError.Syntax;
  if (selector.channels.some((channel) => channel.text === text)) return undefined;
  selector.channels = [...selector.channels, new Pattern(text)];
  return undefined;
}

/** @param name what stands behind the plus or minus */
function changeCommands(
  context: RuleContext,
  selector: Selector,
  name: string,
  allow: boolean,
): RuleError | undefined {
  const { commands } = context;
  if (name.startsWith('@')) {
    const ids = commands.idsOfCategory(name.slice(1));
    if (ids === undefined) return RuleError.UnknownCommand;
    selector.setCommands(ids, name, allow);
    return undefined;
  }
  const bar = name.lastIndexOf('|');
  if (allow && bar >= 0) {
    const container = commands.find(name.slice(0, bar));
    if (container === undefined) return RuleError.UnknownCommand;
    if (container.parent !== undefined) return RuleError.FirstArgOfSubcommand;
    if (bar === name.length - 1) return RuleError.Syntax;
    if (container.subcommands === undefined) {
      return allowFirstArg(context, selector, container, name.slice(bar + 1));
    }
  }
  const command = commands.find(name);
  if (command === undefined) return RuleError.UnknownCommand;
  selector.setCommands(withSubcommands(command), command.fullName, allow);
  return undefined;
}

function allowFirstArg(
  { warn }: RuleContext,
  selector: Selector,
  command: { readonly id: number; readonly fullName: string },
  word: string,
): RuleError | undefined {
  // Redis takes such words too, and then can't show the user any more.
  if (UNSAFE_IN_FIRST_ARG.test(word)) return RuleError.Syntax;
  warn(
    'Deprecation warning: Allowing a first arg of an otherwise blocked command is a misuse of ACL ' +
      `and may get disabled in the future (offender: +${command.fullName}|${word})`,
  );
  selector.allowFirstArg(command.id, command.fullName, word);
  return undefined;
}
