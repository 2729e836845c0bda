/**
 * The commands as ACL rules name them: under their original names, whatever `rename-command` has
 * made of those, and by category.
 *
 * Each command and each subcommand has a number (its id); what a user may run is a table of bytes by
 * that number. Containers count too: `CLIENT` itself is a command, and `+client` means it and all
 * of its subcommands.
 */
import { ACL_CATEGORIES, type CommandTableImpl, type RegisteredCommand } from '../command-table.js';

export class CommandIndex {
  /** All commands and subcommands by id. */
  readonly all: readonly RegisteredCommand[];
  /** Worked out when a rule first asks: a server without such rules starts sooner. */
  private readonly categories = new Map<string, Category>();

  constructor(private readonly table: CommandTableImpl) {
    this.all = table.everything;
  }

  /** A command or subcommand (`config|get`) by its original name, in any case. */
  find(name: string): RegisteredCommand | undefined {
    return this.table.byOriginalName(name);
  }

  /** Those that have the category, in any case. */
  inCategory(name: string): readonly RegisteredCommand[] | undefined {
    return this.category(name.toLowerCase())?.members;
  }

  /** The ids that a rule on a category is about: those that have it, and their subcommands. */
  idsOfCategory(name: string): readonly number[] | undefined {
    return this.category(name.toLowerCase())?.ids;
  }

  private category(name: string): Category | undefined {
    const known = this.categories.get(name);
    if (known !== undefined) return known;
    if (!(ACL_CATEGORIES as readonly string[]).includes(name)) return undefined;
    const members = this.all.filter((command) => command.categories.includes(name));
    const category = { members, ids: [...new Set(members.flatMap(withSubcommands))] };
    this.categories.set(name, category);
    return category;
  }
}

interface Category {
  readonly members: readonly RegisteredCommand[];
  readonly ids: readonly number[];
}

/** The ids that a rule on a command is about. */
export function withSubcommands(command: RegisteredCommand): number[] {
  return [command.id, ...Array.from(command.ownSubcommands(), ({ id }) => id)];
}
