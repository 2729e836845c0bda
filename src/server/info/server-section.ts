/** INFO server: what runs here, since when, and where it listens. */
import os from 'node:os';
import { REDIS_VERSION } from '../api/version.js';
import type { InfoContext, InfoLine, InfoSection, ListenerFacts } from './context.js';

/** 16 hexadecimal digits that stay the same for a version. */
const REDIS_BUILD_ID = '7265737064070206';
const DAY_SECONDS = 24 * 3600;
/** Each kind of listener has a number of its own. */
const LISTENER_NUMBERS = { tcp: 0, unix: 1, tls: 2 } as const;
/** How Node waits for sockets. */
const POLLING: Partial<Record<NodeJS.Platform, string>> = {
  linux: 'epoll',
  darwin: 'kqueue',
  freebsd: 'kqueue',
  openbsd: 'kqueue',
  sunos: 'evport',
  win32: 'iocp',
};

export const serverSection: InfoSection = {
  name: 'server',
  shown: 'default',
  *lines(context): Generator<InfoLine> {
    const { clock, config, identity, keyspace } = context;
    const now = clock.now();
    const uptime = Math.floor((now - identity.startedMs) / 1000);
    yield ['redis_version', REDIS_VERSION];
    yield ['redis_git_sha1', '00000000'];
    yield ['redis_git_dirty', 0];
    yield ['redis_build_id', REDIS_BUILD_ID];
    yield ['redis_mode', config.values['cluster-enabled'] ? 'cluster' : 'standalone'];
    yield ['os', `${os.type()} ${os.release()} ${os.machine()}`];
    yield ['arch_bits', process.arch === 'arm' || process.arch === 'ia32' ? 32 : 64];
    yield ['monotonic_clock', 'POSIX clock_gettime'];
    yield ['multiplexing_api', POLLING[process.platform] ?? 'poll'];
    yield ['atomicvar_api', 'none'];
    yield ['gcc_version', '0.0.0'];
    yield ['process_id', process.pid];
    yield ['process_supervised', identity.supervised];
    yield ['run_id', identity.runId];
    yield ['tcp_port', portOf(context)];
    yield ['server_time_usec', clock.unixMicros()];
    yield ['uptime_in_seconds', uptime];
    yield ['uptime_in_days', Math.floor(uptime / DAY_SECONDS)];
    yield ['hz', config.values.hz];
    yield ['configured_hz', config.values.hz];
    yield ['lru_clock', keyspace.databases[0]!.clock];
    yield ['executable', identity.executable];
    yield ['config_file', identity.configFile];
    yield ['io_threads_active', 0];
    const endMs = context.shutdownAtMs();
    if (endMs !== undefined) yield ['shutdown_in_milliseconds', Math.max(0, endMs - now)];
    for (const listener of context.listeners()) {
      yield [`listener${LISTENER_NUMBERS[listener.kind]}`, describe(listener)];
    }
  },
};

function portOf(context: InfoContext): number {
  const listeners = context.listeners();
  const tcp = listeners.find((l) => l.kind === 'tcp') ?? listeners.find((l) => l.kind === 'tls');
  return tcp?.port ?? 0;
}

/** `name=tcp,bind=127.0.0.1,bind=-::1,port=6379` */
function describe(listener: ListenerFacts): string {
  const parts = [`name=${listener.kind}`, ...listener.addresses.map((a) => `bind=${a}`)];
  if (listener.port !== 0) parts.push(`port=${listener.port}`);
  return parts.join(',');
}
