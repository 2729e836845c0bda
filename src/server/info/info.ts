/**
 * INFO: puts the sections that were asked for together.
 *
 *     # Server
 *     redis_version:7.2.6
 *     …
 *                                  (an empty line between sections)
 *     # Clients
 *     …
 *
 * Every line ends with CRLF, the last one too: clients look for it behind a field's value.
 */
import type { InfoApi } from '../api/server.js';
import { clientsSection } from './clients-section.js';
import { commandStatsSection, errorStatsSection, latencyStatsSection } from './command-sections.js';
import type { InfoContext, InfoSection } from './context.js';
import { cpuSection } from './cpu-section.js';
import { keyspaceSection, modulesSection } from './keyspace-section.js';
import { memorySection } from './memory-section.js';
import { persistenceSection } from './persistence-section.js';
import { clusterSection, replicationSection } from './replication-section.js';
import { serverSection } from './server-section.js';
import { debugSection, statsSection } from './stats-section.js';

/** In the order in which INFO shows them, whatever the order of its arguments. */
const SECTIONS: readonly InfoSection[] = [
  serverSection,
  clientsSection,
  memorySection,
  persistenceSection,
  statsSection,
  replicationSection,
  cpuSection,
  modulesSection,
  commandStatsSection,
  errorStatsSection,
  latencyStatsSection,
  clusterSection,
  keyspaceSection,
  debugSection,
];

export class Info implements InfoApi {
  constructor(private readonly context: InfoContext) {}

  render(sections: readonly string[]): string {
    return chosen(sections)
      .map((section) => this.text(section))
      .join('\r\n');
  }

  private text(section: InfoSection): string {
    const { name } = section;
    const title = section.title ?? name[0]!.toUpperCase() + name.slice(1);
    let text = `# ${title}\r\n`;
    for (const [field, value] of section.lines(this.context)) text += `${field}:${value}\r\n`;
    return text;
  }
}

/** The sections that these words name, in any case; no words: the default ones. */
function chosen(words: readonly string[]): InfoSection[] {
  const asked = new Set(words.map((word) => word.toLowerCase()));
  const defaults = words.length === 0 || asked.has('default');
  const all = asked.has('all') || asked.has('everything');
  return SECTIONS.filter(
    ({ name, aliases, shown }) =>
      asked.has(name) ||
      aliases?.some((alias) => asked.has(alias)) ||
      (defaults && shown === 'default') ||
      (all && shown !== 'asked'),
  );
}
