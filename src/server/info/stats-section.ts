/** INFO stats: what has been done since the start or CONFIG RESETSTAT, and INFO debug. */
import type { InfoLine, InfoSection } from './context.js';

export const statsSection: InfoSection = {
  name: 'stats',
  shown: 'default',
  *lines({
    clients,
    defragmenter,
    eviction,
    expireCycle,
    keyspace,
    migration,
    pubsub,
    snapshots,
    stats,
    tracking,
  }): Generator<InfoLine> {
    yield ['total_connections_received', stats.connectionsReceived];
    yield ['total_commands_processed', stats.commandsProcessed];
    yield ['instantaneous_ops_per_sec', Math.floor(stats.commandRate.mean)];
    yield ['total_net_input_bytes', stats.netInputBytes];
    yield ['total_net_output_bytes', stats.netOutputBytes];
    yield ['total_net_repl_input_bytes', 0];
    yield ['total_net_repl_output_bytes', 0];
    yield ['instantaneous_input_kbps', kilobytes(stats.inputRate.mean)];
    yield ['instantaneous_output_kbps', kilobytes(stats.outputRate.mean)];
    yield ['instantaneous_input_repl_kbps', '0.00'];
    yield ['instantaneous_output_repl_kbps', '0.00'];
    yield ['rejected_connections', stats.connectionsRejected];
    yield ['sync_full', 0];
    yield ['sync_partial_ok', 0];
    yield ['sync_partial_err', 0];
    yield ['expired_keys', keyspace.expired];
    // As later versions have it, but only once it says something.
    if (keyspace.expiredFields > 0) yield ['expired_subkeys', keyspace.expiredFields];
    yield ['expired_stale_perc', (expireCycle.staleShare * 100).toFixed(2)];
    yield ['expired_time_cap_reached_count', expireCycle.timeLimitReached];
    yield ['expire_cycle_cpu_milliseconds', Math.floor(expireCycle.microsUsed / 1000)];
    yield ['evicted_keys', keyspace.evicted];
    yield ['evicted_clients', clients.evictedCount];
    yield ['total_eviction_exceeded_time', Math.floor(eviction.totalExceededMicros / 1000)];
    yield ['current_eviction_exceeded_time', Math.floor(eviction.currentExceededMicros / 1000)];
    yield ['keyspace_hits', keyspace.hits];
    yield ['keyspace_misses', keyspace.misses];
    yield ['pubsub_channels', pubsub.topics('channel').size];
    yield ['pubsub_patterns', pubsub.topics('pattern').size];
    yield ['pubsubshard_channels', pubsub.topics('shard').size];
    yield ['latest_fork_usec', snapshots.lastStartUsec];
    yield ['total_forks', snapshots.started];
    yield ['migrate_cached_sockets', migration.linkCount];
    yield ['slave_expires_tracked_keys', 0];
    yield ['active_defrag_hits', defragmenter.hits];
    yield ['active_defrag_misses', defragmenter.misses];
    yield ['active_defrag_key_hits', defragmenter.hits];
    yield ['active_defrag_key_misses', defragmenter.misses];
    yield ['total_active_defrag_time', Math.floor(defragmenter.totalMicros / 1000)];
    yield ['current_active_defrag_time', Math.floor(defragmenter.currentMicros / 1000)];
    yield ['tracking_total_keys', tracking.keyCount];
    yield ['tracking_total_items', tracking.itemCount];
    yield ['tracking_total_prefixes', tracking.prefixCount];
    yield ['unexpected_error_replies', stats.unexpectedErrorReplies];
    yield ['total_error_replies', stats.errorReplies];
    yield ['dump_payload_sanitizations', 0];
    yield ['total_reads_processed', stats.readsProcessed];
    yield ['total_writes_processed', stats.writesProcessed];
    yield ['io_threaded_reads_processed', 0];
    yield ['io_threaded_writes_processed', 0];
    yield ['reply_buffer_shrinks', 0];
    yield ['reply_buffer_expands', 0];
    yield ['eventloop_cycles', stats.turns];
    yield ['eventloop_duration_sum', Math.floor(stats.turnMicros)];
    yield ['eventloop_duration_cmd_sum', Math.floor(stats.commandMicros)];
    yield ['instantaneous_eventloop_cycles_per_sec', Math.floor(stats.turnRate.mean)];
    yield ['instantaneous_eventloop_duration_usec', Math.floor(stats.turnDuration.mean)];
    yield ['acl_access_denied_auth', stats.authFailures];
    yield ['acl_access_denied_cmd', stats.deniedCommands];
    yield ['acl_access_denied_key', stats.deniedKeys];
    yield ['acl_access_denied_channel', stats.deniedChannels];
  },
};

export const debugSection: InfoSection = {
  name: 'debug',
  shown: 'asked',
  *lines({ stats }): Generator<InfoLine> {
    yield ['eventloop_duration_aof_sum', 0];
    yield ['eventloop_duration_cron_sum', Math.floor(stats.cronMicros)];
    yield ['eventloop_duration_max', Math.floor(stats.longestTurnMicros)];
    yield ['eventloop_cmd_per_cycle_max', stats.mostCommandsInTurn];
  },
};

function kilobytes(bytes: number): string {
  return (bytes / 1024).toFixed(2);
}
