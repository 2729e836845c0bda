/**
 * What is in an append-only file, by command: how often, how many bytes. Ours, not redis-check-aof's, so
 * it is shown on a terminal or when asked for, behind everything else.
 */

/** Names beyond so many are counted together: a damaged file may hold any. */
const NAMES_MAX = 1000;
/** Longer than any command's name. */
const NAME_MAX = 32;
const OTHERS = '(others)';

class Count {
  commands = 0;
  bytes = 0;
}

export class CommandSummary {
  private readonly counts = new Map<string, Count>();

  /** Counts a command. @param name latin1, in any case */
  add(name: string, bytes: number): void {
    let count = this.counts.get(name);
    if (count === undefined) count = this.addName(name);
    count.commands++;
    count.bytes += bytes;
  }

  /** A line for each command, those with most bytes first. */
  lines(): string[] {
    const rows = [...this.merged()].sort((a, b) => b[1].bytes - a[1].bytes);
    if (rows.length === 0) return [];
    return [
      row('command', 'count', 'bytes'),
      ...rows.map(([name, count]) => row(name, String(count.commands), String(count.bytes))),
    ];
  }

  private addName(name: string): Count {
    const kept = this.counts.size < NAMES_MAX && name.length <= NAME_MAX ? name : OTHERS;
    const count = this.counts.get(kept) ?? new Count();
    this.counts.set(kept, count);
    return count;
  }

  /** Names in any case taken together. */
  private merged(): Map<string, Count> {
    const merged = new Map<string, Count>();
    for (const [name, { commands, bytes }] of this.counts) {
      const shown = printable(name.toUpperCase());
      const count = merged.get(shown) ?? new Count();
      count.commands += commands;
      count.bytes += bytes;
      merged.set(shown, count);
    }
    return merged;
  }
}

function printable(name: string): string {
  return name.replace(/[^!-~]/g, '?');
}

function row(name: string, commands: string, bytes: string): string {
  return `${name.padEnd(20)} ${commands.padStart(12)} ${bytes.padStart(16)}`;
}
