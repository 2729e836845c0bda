/** What the subcommands of ACL have in common. */
import type { Args } from '../../resp/args.js';
import type { CommandSpec } from '../../server/api/command.js';

/** Those that anybody may use. */
export const OPEN = {
  since: '6.0.0',
  group: 'server',
  flags: ['noscript', 'loading', 'stale', 'sentinel'],
} as const satisfies Partial<CommandSpec>;

/** Those that show or change what others may do. */
export const ADMIN = {
  since: '6.0.0',
  group: 'server',
  flags: ['admin', 'noscript', 'loading', 'stale', 'sentinel'],
} as const satisfies Partial<CommandSpec>;

export const ON_ALL_NODES = ['request_policy:all_nodes', 'response_policy:all_succeeded'];

/** The arguments from `first` on, one character per byte. */
export function textsFrom(args: Args, first: number): string[] {
  const texts: string[] = [];
  for (let i = first; i < args.count; i++) texts.push(args.text(i));
  return texts;
}
