/** INFO persistence: snapshots, the append-only file, and loading. */
import type { InfoLine, InfoSection } from './context.js';

export const persistenceSection: InfoSection = {
  name: 'persistence',
  shown: 'default',
  *lines({ identity, stats }): Generator<InfoLine> {
    yield ['loading', 0];
    yield ['async_loading', 0];
    yield ['current_cow_peak', 0];
    yield ['current_cow_size', 0];
    yield ['current_cow_size_age', 0];
    yield ['current_fork_perc', '0.00'];
    yield ['current_save_keys_processed', 0];
    yield ['current_save_keys_total', 0];
    yield ['rdb_changes_since_last_save', stats.dirty()];
    yield ['rdb_bgsave_in_progress', 0];
    yield ['rdb_last_save_time', Math.floor(identity.startedMs / 1000)];
    yield ['rdb_last_bgsave_status', 'ok'];
    yield ['rdb_last_bgsave_time_sec', -1];
    yield ['rdb_current_bgsave_time_sec', -1];
    yield ['rdb_saves', 0];
    yield ['rdb_last_cow_size', 0];
    yield ['rdb_last_load_keys_expired', 0];
    yield ['rdb_last_load_keys_loaded', 0];
    yield ['aof_enabled', 0];
    yield ['aof_rewrite_in_progress', 0];
    yield ['aof_rewrite_scheduled', 0];
    yield ['aof_last_rewrite_time_sec', -1];
    yield ['aof_current_rewrite_time_sec', -1];
    yield ['aof_last_bgrewrite_status', 'ok'];
    yield ['aof_rewrites', 0];
    yield ['aof_rewrites_consecutive_failures', 0];
    yield ['aof_last_write_status', 'ok'];
    yield ['aof_last_cow_size', 0];
    yield ['module_fork_in_progress', 0];
    yield ['module_fork_last_cow_size', 0];
  },
};
