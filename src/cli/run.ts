/**
 * From the command line to a running server, in Redis's order: arguments, config, daemon, log,
 * sockets; and out again on a signal. The only part of respd that speaks for the process: it reads
 * argv, sets signal handlers and calls process.exit.
 *
 * A start fails whole: one clear message on standard error (and in the log, once there is one), exit
 * status 1, nothing left behind.
 */
import { readFileSync } from 'node:fs';
import { allCommands } from '../commands/index.js';
import { AclStartError } from '../server/acl/acl.js';
import { userLineCheck } from '../server/acl/user-lines.js';
import { REDIS_VERSION, RESPD_VERSION } from '../server/api/version.js';
import { RealClock } from '../server/clock.js';
import { HELP_TEXT, parseCommandLine, type RunRequest } from '../server/config/command-line.js';
import { Config } from '../server/config/config.js';
import { ConfigError, fatalConfigText } from '../server/config/config-error.js';
import { type FileExtras, loadConfig } from '../server/config/file.js';
import { nodeFiles } from '../server/config/node-files.js';
import { configRewriter } from '../server/config/rewrite.js';
import { ListenError } from '../server/listeners.js';
import type { ServerLog } from '../server/log.js';
import { openLog } from '../server/log.js';
import { openFileLimit, RESERVED_FILES } from '../server/open-files.js';
import { LoadError } from '../server/persistence/loading-data.js';
import { Server } from '../server/server.js';
import type { ServerOptions } from '../server/server-options.js';
import { TlsConfigError } from '../server/tls/pem-files.js';
import { WebFace } from '../web/web-face.js';
import { logStart } from './banner.js';
import { collectAlone } from './collector.js';
import { crashOnFailure, endBySignal } from './crash.js';
import { daemonize, isDaemonChild, tellParent } from './daemon.js';
import { OomScore } from './oom-score.js';
import { PidFile } from './pid-file.js';
import { setProcessTitle } from './process-title.js';
import { showProgress } from './progress.js';
import { handleSignals } from './signals.js';
import { Supervisor } from './supervisor.js';
import { warmUp } from './warm-up.js';

/** The directives of what is listened on. */
const PORTS = { tcp: 'port', tls: 'tls-port', http: 'http-port' } as const;

/** Runs the program that `args` ask for. */
export async function runCommandLine(args: readonly string[], programName: string): Promise<void> {
  const request = parseCommandLine(args, { workingDirectory: process.cwd(), programName });
  switch (request.mode) {
    case 'version':
      process.stdout.write(`respd v=${RESPD_VERSION} (Redis server v=${REDIS_VERSION}) bits=64\n`);
      return;
    case 'help':
      process.stdout.write(HELP_TEXT);
      return;
    case 'say':
      process.stderr.write(request.text);
      process.exitCode = request.status;
      return;
    case 'run':
      await runServer(request);
  }
}

async function runServer(request: RunRequest): Promise<void> {
  if (request.isSentinel) {
    process.stderr.write('This version of respd has no sentinel mode.\n');
    process.exit(1);
  }
  collectAlone();
  const { config, extras } = readConfig(request);
  const { values } = config;
  if (values.daemonize && !isDaemonChild() && values.supervised === 'no') {
    await daemonize();
    return;
  }
  const log = openServerLog(config);
  const pidFile = new PidFile(pidFilePath(config), log);
  const supervisor = new Supervisor(values.supervised, log);
  const oomScore = new OomScore(config, log);
  const options: ServerOptions = {
    config,
    log,
    clock: new RealClock(),
    configFile: request.configFile,
    executable: process.argv[1],
    supervisedBy: supervisor.kind,
    onCrash: endBySignal,
    onWorker: (pid) => oomScore.applyToWorker(pid),
    onStopped: (exitCode) => {
      pidFile.remove();
      log.warning('Redis is now ready to exit, bye bye...');
      process.exit(exitCode);
    },
  };
  fitMaxClients(config, log);
  const server = new Server(options);
  const web = new WebFace(server);
  applyRenames(server, extras);
  if (request.configFile !== undefined) {
    config.rewriter = configRewriter(request.configFile, config, nodeFiles(), () => ({
      users: server.acl.configuredLines(),
    }));
  }
  logStart(log, config, request);
  for (const warning of extras.warnings) log.warning(warning);
  crashOnFailure(server);
  handleSignals(server, log);
  showProgress(server, log);
  setProcessTitle(config, request.configFile);
  config.onChange(['proc-title-template', 'port', 'tls-port', 'bind'], () => {
    setProcessTitle(config, request.configFile);
    return undefined;
  });
  loadUsers(server, extras);
  oomScore.apply();
  try {
    await server.listen();
    await web.start();
  } catch (error) {
    fail(log, startFailure(error, config, log));
  }
  if (server.network.listeners().length === 0) {
    fail(log, 'Configured to not listen anywhere, exiting.');
  }
  pidFile.write();
  tellParent('ready');
  log.notice('Server initialized');
  if (!(await loadData(server, log))) return;
  server.begin();
  for (const { kind } of server.network.listeners()) {
    log.notice(`Ready to accept connections ${kind}`);
  }
  supervisor.ready();
  warmUp();
}

/** @returns whether the server is still wanted */
async function loadData(server: Server, log: ServerLog): Promise<boolean> {
  try {
    return await server.load();
  } catch (error) {
    if (!(error instanceof LoadError)) throw error;
    // What is wrong with the data is in the log already.
    if (error.lastWords !== undefined) log.warning(error.lastWords);
    process.exit(1);
  }
}

function readConfig(request: RunRequest): { config: Config; extras: FileExtras } {
  const files = nodeFiles();
  const config = new Config({
    workingDirectory: process.cwd(),
    directories: files,
    warn: (text) => process.stderr.write(`${text}\n`),
  });
  try {
    const extras = loadConfig(
      config,
      files,
      {
        configFile: request.configFile,
        stdin: request.readsStdin ? readFileSync(0) : undefined,
        optionsText: request.optionsText,
      },
      {
        isSentinel: request.isSentinel,
        commandExists: isCommand,
        checkUser: userLineCheck(allCommands, config),
      },
    );
    process.chdir(config.values.dir);
    return { config, extras };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const text = fatalConfigText(error, REDIS_VERSION);
    process.stderr.write(text);
    tellParent(text);
    process.exit(1);
  }
}

function openServerLog(config: Config): ServerLog {
  const { loglevel, logfile, daemonize: isDaemon } = config.values;
  try {
    const file = logfile === '' && isDaemon && isDaemonChild() ? '/dev/null' : logfile;
    const log = openLog({ level: loglevel, file, format: config.values['log-format'] });
    config.onChange(['loglevel', 'log-format'], (now) => {
      log.setLevel(now.loglevel);
      log.setFormat(now['log-format']);
      return undefined;
    });
    return log;
  } catch (error) {
    const text = `Can't open the log file: ${(error as Error).message}\n`;
    process.stderr.write(text);
    tellParent(text);
    process.exit(1);
  }
}

function isCommand(name: string): boolean {
  return allCommands.some((spec) => spec.name === name.toLowerCase());
}

/** As Redis: a file where one is named, and for daemons always. */
function pidFilePath({ values }: Config): string | undefined {
  if (values.pidfile) return values.pidfile;
  return values.daemonize ? '/var/run/redis.pid' : undefined;
}

function applyRenames(server: Server, extras: FileExtras): void {
  for (const { from, to } of extras.renames) {
    const error = server.commands.rename(from, to);
    if (error === undefined) continue;
    process.stderr.write(`rename-command ${from} ${to}: ${error}\n`);
    process.exit(1);
  }
}

/** Why the server can't be reached, in Redis's words. */
function startFailure(error: unknown, { values }: Config, log: ServerLog): string {
  if (error instanceof TlsConfigError) {
    log.warning(error.message);
    return 'Failed to configure TLS. Check logs for more info.';
  }
  if (!(error instanceof ListenError)) throw error;
  if (error.kind === 'unix') return `Failed opening Unix socket: ${error.reason}`;
  const port = values[PORTS[error.kind]];
  return `Failed listening on port ${port} (${error.kind}), aborting.`;
}

/** Asks for no more clients than the system has files for. */
function fitMaxClients(config: Config, log: ServerLog): void {
  const { maxclients } = config.values;
  const limit = openFileLimit();
  const needed = maxclients + RESERVED_FILES;
  if (limit >= needed) return;
  if (limit <= RESERVED_FILES) {
    fail(
      log,
      `Your current 'ulimit -n' of ${limit} is not enough for the server to start. Please increase ` +
        `your open file limit to at least ${needed}. Exiting.`,
    );
  }
  const fitting = limit - RESERVED_FILES;
  config.force('maxclients', fitting);
  log.warning(
    `You requested maxclients of ${maxclients} requiring at least ${needed} max file descriptors.`,
  );
  log.warning(
    `Current maximum open files is ${limit}. maxclients has been reduced to ${fitting} to ` +
      "compensate for low ulimit. If you need higher maxclients increase 'ulimit -n'.",
  );
}

function loadUsers(server: Server, { users }: FileExtras): void {
  try {
    server.acl.loadAtStart(users);
  } catch (error) {
    // It has been logged.
    if (!(error instanceof AclStartError)) throw error;
    tellParent(`${error.message}\n`);
    process.exit(1);
  }
}

function fail(log: ServerLog, message: string): never {
  log.warning(message);
  tellParent(`${message}\n`);
  process.exit(1);
}
