/**
 * `user` lines of the config file, looked at while it is read: what is wrong with one is told with
 * its line. Whether commands exist is only asked when the users are made (Acl.loadAtStart), as in
 * Redis, where modules bring more of them in between.
 */
import type { CommandSpec } from '../api/command.js';
import { CommandTableImpl } from '../command-table.js';
import type { Config } from '../config/config.js';
import { toLatin1 } from '../config/config-text.js';
import { ruleContext } from './acl.js';
import { CommandIndex } from './command-index.js';
import { applyRule, joinSelectors, newSelector, RuleError } from './rules.js';
import { User } from './user.js';

/** What is wrong with a `user` line. */
export interface UserLineError {
  readonly rule: string;
  readonly reason: string;
}

/** @returns a function from the rules of a line (texts of a config file) to what is wrong with them */
export function userLineCheck(
  specs: readonly CommandSpec[],
  config: Config,
): (rules: readonly string[]) => UserLineError | undefined {
  let index: CommandIndex | undefined;
  return (words) => {
    index ??= new CommandIndex(new CommandTableImpl(specs));
    const context = ruleContext(index, config, () => {});
    const user = new User('', newSelector(context));
    const rules = joinSelectors(words.map(toLatin1));
    if (typeof rules === 'number') return { rule: words[rules]!, reason: 'Wrong format' };
    for (const rule of rules) {
      const reason = applyRule(context, user, rule);
      if (reason !== undefined && reason !== RuleError.UnknownCommand) return { rule, reason };
    }
    return undefined;
  };
}
