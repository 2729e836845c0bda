/** `proc-title-template`: what `ps` shows. */
import type { Config } from '../server/config/config.js';
import { expandTitle } from '../server/config/value-checks.js';

export function setProcessTitle({ values }: Config, configFile: string | undefined): void {
  if (!values['set-proc-title']) return;
  const { bind, port } = values;
  const address = bind[0] ?? (values.unixsocket || '*');
  const fields: Record<string, string> = {
    title: process.argv[1] ?? 'respd',
    'listen-addr': `${address === '*' ? '*' : address}:${port}`,
    'server-mode': values['cluster-enabled'] ? '[cluster]' : '',
    port: String(port),
    'tls-port': String(values['tls-port']),
    unixsocket: values.unixsocket ?? '',
    'config-file': configFile ?? '',
  };
  const title = expandTitle(values['proc-title-template'], (name) => fields[name]);
  if (title !== undefined) process.title = title.trimEnd();
}
