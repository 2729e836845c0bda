/**
 * What a command is: one declaration with its handler, from which everything else derives (COMMAND
 * and COMMAND DOCS, key extraction, ACL categories, cluster routing, the README's table, the
 * differential test).
 */
import type { Call } from './call.js';
import type { CommandDeclaration } from './declaration.js';

export type * from './declaration.js';

export interface CommandSpec extends CommandDeclaration {
  subcommands?: readonly CommandSpec[];
  /** Absent only for a container without a form of its own. */
  run?: (call: Call) => void;
}
