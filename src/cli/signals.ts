/**
 * SIGTERM and SIGINT end the server as SHUTDOWN does, with the words of `shutdown-on-sigterm` and
 * `shutdown-on-sigint`. A SIGINT while that is under way ends the process at once. SIGHUP is ignored, as
 * in Redis.
 */
import type { Log } from '../server/api/log.js';
import type { Server } from '../server/server.js';

export function handleSignals(server: Server, log: Log): void {
  const { config, lifecycle } = server;
  process.on('SIGINT', () => {
    if (lifecycle.isDue) {
      log.warning('You insist... exiting now.');
      lifecycle.abandon();
      process.exit(1);
    }
    logSignal('SIGINT');
    lifecycle.shutdownBySignal(config.values['shutdown-on-sigint']);
  });
  process.on('SIGTERM', () => {
    logSignal('SIGTERM');
    lifecycle.shutdownBySignal(config.values['shutdown-on-sigterm']);
  });
  const logSignal = (name: string) => {
    log.warning(
      server.loading.isActive
        ? 'Received shutdown signal during loading, scheduling shutdown.'
        : `Received ${name} scheduling shutdown...`,
    );
  };
  process.on('SIGHUP', () => {});
}
