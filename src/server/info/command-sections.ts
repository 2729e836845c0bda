/** INFO commandstats, errorstats, latencystats: what each command and each error adds up to. */
import type { Command, CommandTable } from '../api/command-table.js';
import type { InfoLine, InfoSection } from './context.js';

export const commandStatsSection: InfoSection = {
  name: 'commandstats',
  shown: 'all',
  *lines({ commands }): Generator<InfoLine> {
    for (const command of everyCommand(commands)) {
      const { calls, rejected, failed } = command;
      if (calls === 0 && rejected === 0 && failed === 0) continue;
      const usec = Math.floor(command.usec);
      const perCall = calls === 0 ? 0 : usec / calls;
      yield [
        `cmdstat_${safe(command.fullName)}`,
        `calls=${calls},usec=${usec},usec_per_call=${perCall.toFixed(2)},` +
          `rejected_calls=${rejected},failed_calls=${failed}`,
      ];
    }
  },
};

export const errorStatsSection: InfoSection = {
  name: 'errorstats',
  shown: 'default',
  *lines({ stats }): Generator<InfoLine> {
    for (const code of [...stats.errorsByCode.keys()].sort()) {
      yield [`errorstat_${safe(code)}`, `count=${stats.errorsByCode.get(code)}`];
    }
  },
};

export const latencyStatsSection: InfoSection = {
  name: 'latencystats',
  shown: 'all',
  *lines({ commands, config }): Generator<InfoLine> {
    if (!config.values['latency-tracking']) return;
    const percentiles = config.values['latency-tracking-info-percentiles'];
    for (const command of everyCommand(commands)) {
      const { latency } = command;
      if (latency === undefined) continue;
      const values = percentiles.map((p) => `p${trimmed(p)}=${latency.percentile(p).toFixed(3)}`);
      yield [`latency_percentiles_usec_${safe(command.fullName)}`, values.join(',')];
    }
  },
};

function* everyCommand(commands: CommandTable): Generator<Command> {
  for (const command of commands.all) {
    yield command;
    if (command.subcommands !== undefined) yield* command.subcommands.values();
  }
}

/** A number with at most six decimals. */
function trimmed(n: number): string {
  return String(Number(n.toFixed(6)));
}

/** Without the characters that have a meaning in INFO. */
function safe(name: string): string {
  return name.replace(/[#:\r\n]/g, '_');
}
