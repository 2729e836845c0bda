/** What the log says at the start: versions, where the configuration came from, and the logo. */
import type { Log } from '../server/api/log.js';
import { REDIS_VERSION, RESPD_VERSION } from '../server/api/version.js';
import type { RunRequest } from '../server/config/command-line.js';
import type { Config } from '../server/config/config.js';

export function logStart(log: Log, config: Config, request: RunRequest): void {
  const { values } = config;
  const pid = process.pid;
  log.notice('oO0OoO0OoO0Oo Redis is starting oO0OoO0OoO0Oo');
  log.notice(
    `Redis version=${REDIS_VERSION}, bits=64, commit=00000000, modified=0, pid=${pid}, just ` +
      `started (respd ${RESPD_VERSION} on Node.js ${process.version})`,
  );
  if (
    request.configFile === undefined &&
    request.optionsText === undefined &&
    !request.readsStdin
  ) {
    log.warning(
      'Warning: no config file specified, using the default config. In order to specify a config ' +
        'file use respd /path/to/redis.conf',
    );
  } else {
    log.notice('Configuration loaded');
  }
  const isTerminal = process.stdout.isTTY === true && values.logfile === '';
  const mode = values['cluster-enabled'] ? 'cluster' : 'standalone';
  if (isTerminal || values['always-show-logo']) {
    for (const line of logo(mode, values.port, pid)) log.notice(line);
  } else {
    log.notice(`Running mode=${mode}, port=${values.port}.`);
  }
  for (const warning of withoutEffect(config)) log.warning(warning);
}

/** What is configured and has no effect yet: nobody shall learn that from lost data. */
function withoutEffect({ values }: Config): string[] {
  const lines: string[] = [];
  const missing: [set: boolean, directive: string, subject: string][] = [
    [values.replicaof !== null, 'replicaof', 'replication'],
    [values['cluster-enabled'], 'cluster-enabled', 'cluster mode'],
    [values['syslog-enabled'], 'syslog-enabled', 'access to syslog'],
  ];
  for (const [isSet, directive, subject] of missing) {
    if (isSet) lines.push(`'${directive}' is set, but this version has no ${subject}.`);
  }
  return lines;
}

function logo(mode: string, port: number, pid: number): string[] {
  return [
    '',
    `   ┌──────┐   respd ${RESPD_VERSION}, speaks Redis ${REDIS_VERSION}`,
    `   │ ▪▪▪▪ │   Running in ${mode} mode`,
    `   │ ▪▪▪▪ │   Port: ${port}`,
    `   └──────┘   PID: ${pid}`,
    '',
  ];
}
