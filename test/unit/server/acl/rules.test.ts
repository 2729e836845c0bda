/** The language of ACL rules: what each word does to a user, and that what is shown makes the user. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { allCommands } from '../../../../src/commands/index.js';
import { readAclFile } from '../../../../src/server/acl/acl-file.js';
import { CommandIndex } from '../../../../src/server/acl/command-index.js';
import {
  applyRule,
  joinSelectors,
  newSelector,
  RuleError,
} from '../../../../src/server/acl/rules.js';
import { mayLogIn, User } from '../../../../src/server/acl/user.js';
import { CommandTableImpl } from '../../../../src/server/command-table.js';

const commands = new CommandIndex(new CommandTableImpl(allCommands));
const warnings: string[] = [];
const context = {
  commands,
  channelsByDefault: () => false,
  warn: (text: string) => void warnings.push(text),
};

function userOf(...rules: string[]): User {
  const user = new User('u', newSelector(context));
  for (const rule of rules) expect(applyRule(context, user, rule), rule).toBeUndefined();
  user.settle();
  return user;
}

const lineOf = (...rules: string[]) => userOf(...rules).toRules();
const errorOf = (...rules: string[]) => {
  const last = rules.pop()!;
  return applyRule(context, userOf(...rules), last);
};
const HASH = '0f'.repeat(32);

describe('a rule', () => {
  it.each<[string[], string]>([
    [[], 'off sanitize-payload resetchannels -@all'],
    [['on', 'nopass', '+@all', '~*', '&*'], 'on nopass sanitize-payload ~* &* +@all'],
    [['skip-sanitize-payload'], 'off skip-sanitize-payload resetchannels -@all'],
    [[`#${HASH}`, `#${HASH}`], `off sanitize-payload #${HASH} resetchannels -@all`],
    [['nopass', `#${HASH}`, `!${HASH}`], 'off sanitize-payload resetchannels -@all'],
    [['>a', 'nopass'], 'off nopass sanitize-payload resetchannels -@all'],
    [['%R~a', '%W~a', '%wR~b', '%r~c'], 'off sanitize-payload ~a ~b %R~c resetchannels -@all'],
    [['~a', 'ALLKEYS'], 'off sanitize-payload ~* resetchannels -@all'],
    [['~', '&'], 'off sanitize-payload ~ resetchannels & -@all'],
    [['&a', '&a', '&b*'], 'off sanitize-payload resetchannels &a &b* -@all'],
    [['+GET', '+@Read', '+get'], 'off sanitize-payload resetchannels -@all +@read +get'],
    [['+config|get', '+config'], 'off sanitize-payload resetchannels -@all +config'],
    [['+config', '-config|set'], 'off sanitize-payload resetchannels -@all +config -config|set'],
    [['+get', '+@all'], 'off sanitize-payload resetchannels +@all'],
    [
      ['+@all', 'nocommands', '-@dangerous'],
      'off sanitize-payload resetchannels -@all -@dangerous',
    ],
    [
      ['(+get ~a)', '()'],
      'off sanitize-payload resetchannels -@all (~a resetchannels -@all +get) (resetchannels -@all)',
    ],
    [['(+get)', 'clearselectors'], 'off sanitize-payload resetchannels -@all'],
    [['on', '>x', '~*', '+@all', '(+get)', 'reset'], 'off sanitize-payload resetchannels -@all'],
  ])('%j makes %s', (rules, line) => {
    expect(lineOf(...rules)).toBe(line);
  });

  it.each<[string[], RuleError]>([
    [['nonsense'], RuleError.Syntax],
    [['~a b'], RuleError.Syntax],
    [['~a\0'], RuleError.Syntax],
    [['%X~a'], RuleError.Syntax],
    [['%~a'], RuleError.Syntax],
    [['%RR~a'], RuleError.Syntax],
    [['allkeys', '~a'], RuleError.KeysAfterAll],
    [['allchannels', '&a'], RuleError.ChannelsAfterAll],
    [['(&* &a)'], RuleError.ChannelsAfterAll],
    [['(on)'], RuleError.Syntax],
    [['+nosuch'], RuleError.UnknownCommand],
    [['+@nosuch'], RuleError.UnknownCommand],
    [['+'], RuleError.UnknownCommand],
    [['-select|0'], RuleError.UnknownCommand],
    [['+config|nosuch'], RuleError.UnknownCommand],
    [['+get|a|b'], RuleError.UnknownCommand],
    [['+config|get|x'], RuleError.FirstArgOfSubcommand],
    [['+get|'], RuleError.Syntax],
    [['+get|a b'], RuleError.Syntax],
    [['<nosuch'], RuleError.NoSuchPassword],
    [[`!${HASH}`], RuleError.NoSuchPassword],
    [[`#${HASH.toUpperCase()}`], RuleError.BadHash],
    [['#0f'], RuleError.BadHash],
  ])('%j is wrong: %s', (rules, error) => {
    expect(errorOf(...rules)).toBe(error);
  });

  it('on a first argument warns that this may end one day', () => {
    warnings.length = 0;
    userOf('+select|0');
    expect(warnings).toEqual([
      'Deprecation warning: Allowing a first arg of an otherwise blocked command is a misuse of ' +
        'ACL and may get disabled in the future (offender: +select|0)',
    ]);
  });

  it('in parentheses may be spread over several words', () => {
    expect(joinSelectors(['on', '(~a', '+get', ')', '()', '(+set)'])).toEqual([
      'on',
      '(~a +get )',
      '()',
      '(+set)',
    ]);
    expect(joinSelectors(['on', '(~a', '+get'])).toBe(1);
  });
});

describe('a user as it is shown', () => {
  const names = commands.all.map(({ fullName }) => fullName);
  const command = fc
    .tuple(fc.constantFrom('+', '-'), fc.constantFrom(...names))
    .map((p) => p.join(''));
  const category = fc
    .tuple(fc.constantFrom('+@', '-@'), fc.constantFrom('all', 'read', 'write', 'slow', 'hash'))
    .map((p) => p.join(''));
  const other = fc.constantFrom(
    ...['on', 'off', 'nopass', '>pw', 'resetpass', '~a*', '%R~b', '%W~b', 'resetkeys', '&x'],
    ...['resetchannels', '+select|1', '(+get ~k)', '(+@read %R~*)', 'clearselectors', 'reset'],
    ...['allkeys', 'allchannels'],
  );
  const rules = fc.array(fc.oneof(command, category, other), { maxLength: 20 });

  it('is made by the rules that show it', () => {
    fc.assert(
      fc.property(rules, (words) => {
        const user = new User('u', newSelector(context));
        for (const word of words) applyRule(context, user, word);
        user.settle();
        const read = readAclFile(`user u ${user.toRules()}\n`, 'f', context);
        if (typeof read === 'string') throw new Error(read);
        const again = read.get('u')!;
        again.settle();
        expect(again.toRules()).toBe(user.toRules());
        expect(again.isUnlimited).toBe(user.isUnlimited);
        again.selectors.forEach((selector, i) => {
          const before = user.selectors[i]!;
          expect(Buffer.from(selector.allowed).equals(before.allowed)).toBe(true);
          expect(selector.firstArgs).toEqual(before.firstArgs);
        });
      }),
      { numRuns: 200, seed: 7 },
    );
  });

  it('changes only when its draft takes its place', () => {
    fc.assert(
      fc.property(rules, rules, (first, second) => {
        const user = new User('u', newSelector(context));
        for (const word of first) applyRule(context, user, word);
        const line = user.toRules();
        const draft = user.draft();
        for (const word of second) applyRule(context, draft, word);
        expect(user.toRules()).toBe(line);
        user.become(draft);
        expect(user.toRules()).toBe(draft.toRules());
      }),
      { numRuns: 100, seed: 8 },
    );
  });
});

describe('a password', () => {
  const pw = (text: string) => Buffer.from(text, 'latin1');

  it('lets in who knows one of them, once the user is on', () => {
    const user = userOf('>one', '>tw\0o');
    expect(mayLogIn(user, pw('one'))).toBe(false);
    applyRule(context, user, 'on');
    expect(mayLogIn(user, pw('one'))).toBe(true);
    expect(mayLogIn(user, pw('tw\0o'))).toBe(true);
    expect(mayLogIn(user, pw('tw'))).toBe(false);
    expect(mayLogIn(user, pw(''))).toBe(false);
  });

  it('is none where there is no user, or no password was ever given', () => {
    expect(mayLogIn(undefined, pw(''))).toBe(false);
    expect(mayLogIn(userOf('on'), pw(''))).toBe(false);
    expect(mayLogIn(userOf('on', 'nopass'), pw('anything'))).toBe(true);
  });

  it('that was hashed elsewhere is the same', () => {
    const user = userOf('on', '#2bd806c97f0e00af1a1fc3328fa763a9269723c8db8fac4f93af71db186d6e90');
    expect(mayLogIn(user, pw('alice'))).toBe(true);
  });
});

describe('an ACL file', () => {
  const read = (text: string) => readAclFile(text, 'users.acl', context);

  it('may have empty lines and blanks around lines', () => {
    const users = read('\n \t\r\nuser a on +get\r\n  user b\t\n');
    expect(typeof users === 'string' ? users : [...users.keys()]).toEqual(['a', 'b']);
  });

  it('is told of with all that is wrong in it, by line', () => {
    expect(
      read('user a on\nusr b\nuser\nuser a off\nuser c >pw nonsense +nosuch ~* ~x\nuser d (+get'),
    ).toBe(
      'users.acl:2 should start with user keyword followed by the username. ' +
        'users.acl:3 should start with user keyword followed by the username. ' +
        "WARNING: Duplicate user 'a' found on line 4. " +
        'users.acl:5: Syntax error. ' +
        "users.acl:5: Error in applying operation '+nosuch': Unknown command or category name in ACL. " +
        'users.acl:6: Unmatched parenthesis in selector definition.' +
        'WARNING: ACL errors detected, no change to the previously active ACL rules was performed',
    );
  });
});
