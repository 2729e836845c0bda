/** HELP of a container of subcommands. */
import type { Call } from '../../server/api/call.js';
import type { CommandSpec } from '../../server/api/command.js';

/**
 * The HELP subcommand.
 * @param container in capitals @param lines usage, then indented explanation, of each subcommand
 */
export function helpCommand(
  container: string,
  since: string,
  categories: readonly string[],
  lines: readonly string[],
): CommandSpec {
  const all = helpLines(container, lines);
  return {
    name: 'help',
    summary: 'Describes the subcommands.',
    since,
    group: 'server',
    complexity: 'O(1)',
    arity: 2,
    flags: ['loading', 'stale'],
    categories,
    reply: { arrayOf: 'status' },
    run({ reply }: Call) {
      reply.statuses(all);
    },
  };
}

/** A help text with the lines that all of them have. */
export function helpLines(container: string, lines: readonly string[]): readonly string[] {
  return [
    `${container} <subcommand> [<arg> [value] [opt] ...]. Subcommands are:`,
    ...lines,
    'HELP',
    '    Print this help.',
  ];
}
