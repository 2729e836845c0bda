/** INFO replication, and the one line of INFO cluster. */
import type { InfoLine, InfoSection } from './context.js';

const NO_ID = '0'.repeat(40);

export const replicationSection: InfoSection = {
  name: 'replication',
  shown: 'default',
  *lines({ config, identity }): Generator<InfoLine> {
    const { values } = config;
    yield ['role', 'master'];
    yield ['connected_slaves', 0];
    if (values['min-replicas-to-write'] > 0 && values['min-replicas-max-lag'] > 0) {
      yield ['min_slaves_good_slaves', 0];
    }
    yield ['master_failover_state', 'no-failover'];
    yield ['master_replid', identity.replicationId];
    yield ['master_replid2', NO_ID];
    yield ['master_repl_offset', 0];
    yield ['second_repl_offset', -1];
    yield ['repl_backlog_active', 0];
    yield ['repl_backlog_size', values['repl-backlog-size']];
    yield ['repl_backlog_first_byte_offset', 0];
    yield ['repl_backlog_histlen', 0];
  },
};

export const clusterSection: InfoSection = {
  name: 'cluster',
  shown: 'default',
  *lines({ config }): Generator<InfoLine> {
    yield ['cluster_enabled', config.values['cluster-enabled'] ? 1 : 0];
  },
};
