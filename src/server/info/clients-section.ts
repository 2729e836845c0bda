/** INFO clients: how many there are, and how big their buffers. */
import type { InfoLine, InfoSection } from './context.js';

export const clientsSection: InfoSection = {
  name: 'clients',
  shown: 'default',
  *lines({ blocking, clients, clientPeaks, config, tracking }): Generator<InfoLine> {
    yield ['connected_clients', clients.count];
    yield ['cluster_connections', 0];
    yield ['maxclients', config.values.maxclients];
    yield ['client_recent_max_input_buffer', clientPeaks.maxInputBytes];
    yield ['client_recent_max_output_buffer', clientPeaks.maxOutputBytes];
    yield ['blocked_clients', clients.blockedCount];
    yield ['tracking_clients', tracking.clientCount];
    yield ['clients_in_timeout_table', clients.deadlineCount];
    yield ['total_blocking_keys', blocking.keyCount];
    yield ['total_blocking_keys_on_nokey', blocking.onDeletionKeyCount];
  },
};
