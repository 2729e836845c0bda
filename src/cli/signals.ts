/**
 * SIGTERM and SIGINT end the server as SHUTDOWN does, with the words of `shutdown-on-sigterm` and
 * `shutdown-on-sigint`. A second SIGINT ends the process at once. SIGHUP is ignored, as in Redis.
 */
import type { Log } from '../server/api/log.js';
import type { Server } from '../server/server.js';

export function handleSignals(server: Server, log: Log): void {
  let interrupts = 0;
  process.on('SIGINT', () => {
    interrupts++;
    if (interrupts > 1) {
      log.warning('You insist... exiting now.');
      process.exit(1);
    }
    log.warning('Received SIGINT scheduling shutdown...');
    server.lifecycle.shutdownBySignal(server.config.values['shutdown-on-sigint'], () => {
      interrupts = 0;
    });
  });
  process.on('SIGTERM', () => {
    log.warning('Received SIGTERM scheduling shutdown...');
    server.lifecycle.shutdownBySignal(server.config.values['shutdown-on-sigterm'], () => {});
  });
  process.on('SIGHUP', () => {});
}
