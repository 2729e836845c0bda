/**
 * The ACL file: a `user` line per user, as ACL LIST shows them, and nothing else (comments would be
 * lost when it is written anew).
 *
 *     user alice on #2bd806c9… ~cache:* resetchannels -@all +@read
 *     user default on nopass sanitize-payload ~* &* +@all
 *
 * It is read whole or not at all; all that is wrong in it is told at once, by line.
 *
 * Source of the texts: ACLLoadFromFile in acl.c of Redis 7.2.
 */
import type { RuleContext } from './rules.js';
import { applyRule, hasBlanks, joinSelectors, newSelector, RuleError } from './rules.js';
import { User } from './user.js';

const NOTHING_CHANGED =
  'WARNING: ACL errors detected, no change to the previously active ACL rules was performed';
const AROUND_LINE = /^[ \t\r\n]+|[ \t\r\n]+$/g;
const AROUND_WORD = /^[\t\r\n]+|[\t\r\n]+$/g;

/**
 * @param text one character per byte
 * @param file its name as configured, for messages
 * @returns the users by name, or what is wrong with the file
 */
export function readAclFile(
  text: string,
  file: string,
  context: RuleContext,
): Map<string, User> | string {
  const users = new Map<string, User>();
  let errors = '';
  text.split('\n').forEach((line, i) => {
    const content = line.replace(AROUND_LINE, '');
    if (content !== '') errors += readLine(content, `${file}:${i + 1}`, i + 1, users, context);
  });
  return errors === '' ? users : errors + NOTHING_CHANGED;
}

/** @param place the file and line, for messages @returns what is wrong with the line */
function readLine(
  content: string,
  place: string,
  line: number,
  users: Map<string, User>,
  context: RuleContext,
): string {
  const [keyword, name, ...words] = content.split(' ');
  if (keyword !== 'user' || name === undefined) {
    return `${place} should start with user keyword followed by the username. `;
  }
  if (hasBlanks(name)) return `'${place}: username '${name}' contains invalid characters. `;
  if (users.has(name)) return `WARNING: Duplicate user '${name}' found on line ${line}. `;
  const user = new User(name, newSelector(context));
  users.set(name, user);
  const rules = joinSelectors(words);
  if (typeof rules === 'number') return `${place}: Unmatched parenthesis in selector definition.`;
  return applyAll(user, rules, place, context);
}

function applyAll(
  user: User,
  rules: readonly string[],
  place: string,
  context: RuleContext,
): string {
  let errors = '';
  let isMisspelt = false;
  for (const word of rules) {
    const rule = word.replace(AROUND_WORD, '');
    const error = applyRule(context, user, rule);
    if (error === RuleError.UnknownCommand) {
      errors += `${place}: Error in applying operation '${rule}': ${error}. `;
    } else if (error !== undefined && !isMisspelt) {
      // What follows may be wrong only because of this; nor is it shown: it may be a password.
      errors += `${place}: ${error}. `;
      isMisspelt = true;
    }
  }
  return errors;
}
