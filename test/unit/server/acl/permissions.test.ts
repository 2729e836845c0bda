/** Whether a user may run a command: commands, keys, channels, and the reason told if not. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { allCommands } from '../../../../src/commands/index.js';
import { Args } from '../../../../src/resp/args.js';
import { AclLog } from '../../../../src/server/acl/acl-log.js';
import { CommandIndex } from '../../../../src/server/acl/command-index.js';
import { Pattern, Permission } from '../../../../src/server/acl/patterns.js';
import { Permissions } from '../../../../src/server/acl/permissions.js';
import { applyRule, joinSelectors, newSelector } from '../../../../src/server/acl/rules.js';
import { User } from '../../../../src/server/acl/user.js';
import { CommandTableImpl } from '../../../../src/server/command-table.js';
import { globMatchText } from '../../../../src/text/glob.js';

const table = new CommandTableImpl(allCommands);
const context = {
  commands: new CommandIndex(table),
  channelsByDefault: () => false,
  warn: () => {},
};
const permissions = new Permissions();

function userOf(rules: string): User {
  const user = new User('u', newSelector(context));
  for (const rule of joinSelectors(rules.split(' ')) as string[]) {
    expect(applyRule(context, user, rule), rule).toBeUndefined();
  }
  user.settle();
  return user;
}

/** `ok`, or why not: `key k`. */
function ask(rules: string, request: string): string {
  const args = Args.from(request.split(' '));
  let command = table.find(args.buf, args.off(0), args.len(0))!;
  if (command.subcommands !== undefined) {
    command = table.findSubcommand(command, args.buf, args.off(1), args.len(1))!;
  }
  if (permissions.allows(userOf(rules), command, args)) return 'ok';
  const { reason, deniedArg } = permissions;
  return `${reason} ${reason === 'command' ? command.fullName : args.text(deniedArg)}`;
}

describe('a user may', () => {
  it.each([
    ['+get ~a', 'GET a', 'ok'],
    ['+get ~a', 'get b', 'key b'],
    ['+get ~a', 'SET a 1', 'command set'],
    ['-@all', 'PING', 'command ping'],
    ['-@all', 'AUTH x', 'ok'],
    ['+@all %R~a', 'SET a 1', 'key a'],
    ['+@all %W~a', 'SET a 1', 'ok'],
    ['+@all %W~a', 'SET a 1 GET', 'key a'],
    ['+@all %R~a %W~b', 'COPY a b', 'ok'],
    ['+@all %R~a %W~b', 'COPY b a', 'key b'],
    ['+@all %R~a', 'EXISTS a', 'ok'],
    ['+@all %W~a', 'EXISTS a', 'ok'],
    ['+@all ~a', 'MGET a b c', 'key b'],
    ['+@all ~a', 'ZUNIONSTORE a 2 a b', 'key b'],
    ['+@all ~a', 'ZUNIONSTORE a 9 a b', 'ok'],
    ['+@all %R~a', 'SORT a STORE b', 'key b'],
    ['+@all ~a*', 'MSET a 1 ab 2 b 3', 'key b'],
    ['+@all ~a', 'XREAD STREAMS a b 0 0', 'key b'],
    ['+@all ~a', 'OBJECT ENCODING b', 'key b'],
    ['+select|0', 'SELECT 0', 'ok'],
    ['+select|0', 'SELECT 1', 'command select'],
    ['+client -client|kill', 'CLIENT ID', 'ok'],
    ['+client -client|kill', 'CLIENT KILL x', 'command client|kill'],
    ['+@all &a*', 'PUBLISH ab x', 'ok'],
    ['+@all &a*', 'PUBLISH b x', 'channel b'],
    ['+@all &a*', 'SUBSCRIBE ab b', 'channel b'],
    ['+@all &a*', 'PSUBSCRIBE a*', 'ok'],
    ['+@all &a*', 'PSUBSCRIBE ab', 'channel ab'],
    ['+@all &a*', 'UNSUBSCRIBE b', 'ok'],
    ['+mget ~k (+mget ~k ~o)', 'MGET k o x', 'key x'],
    ['+mget ~k (+mget ~k ~o)', 'MGET o k', 'ok'],
    ['(%R~r +@all) (%W~w +@all)', 'COPY r w', 'key w'],
  ])('with %s: %s? %s', (rules, request, answer) => {
    expect(ask(rules, request)).toBe(answer);
  });

  it('read any key only with a pattern that says so for all', () => {
    const args = Args.from(['SORT', 'l', 'BY', 'w*']);
    const may = (rules: string) =>
      permissions.allowsWithAllKeys(userOf(rules), table.byName('sort')!, args, Permission.Read);
    expect(may('+sort ~l ~w*')).toBe(false);
    expect(may('+sort ~l %W~*')).toBe(false);
    expect(may('+sort %R~*')).toBe(true);
    expect(may('+sort allkeys')).toBe(true);
    expect(may('%R~* (+sort ~l)')).toBe(false);
  });
});

describe('a pattern', () => {
  it('matches what the glob matches', () => {
    const text = fc.stringMatching(/^[ab*?[\]\\^-]{0,6}$/);
    fc.assert(
      fc.property(text, text, (pattern, name) => {
        expect(new Pattern(pattern).matchesText(name)).toBe(globMatchText(pattern, name));
      }),
      { numRuns: 2000, seed: 3 },
    );
  });
});

describe('the log of refusals', () => {
  const denial = (object: string) =>
    ({ reason: 'key', context: 'toplevel', object, username: 'u', clientInfo: '' }) as const;

  it('counts similar ones within a minute as one, and puts it first', () => {
    const log = new AclLog(() => 10);
    log.add(denial('a'), 1000);
    log.add(denial('b'), 2000);
    log.add(denial('a'), 61_000);
    log.add(denial('b'), 62_001);
    const shown = log
      .all()
      .map(({ object, count, id, createdMs, updatedMs }) => [
        object,
        count,
        id,
        createdMs,
        updatedMs,
      ]);
    expect(shown).toEqual([
      ['b', 1, 2, 62_001, 62_001],
      ['a', 2, 0, 1000, 61_000],
      ['b', 1, 1, 2000, 2000],
    ]);
  });

  it('forgets the oldest when there are too many', () => {
    const log = new AclLog(() => 2);
    for (const object of ['a', 'b', 'c']) log.add(denial(object), 0);
    expect(log.all().map(({ object }) => object)).toEqual(['c', 'b']);
  });
});
