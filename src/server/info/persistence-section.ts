/** INFO persistence: snapshots, the append-only file, and loading. */
import type { AppendOnly } from '../persistence/append-only.js';
import type { InfoLine, InfoSection, LoadProgress } from './context.js';

export const persistenceSection: InfoSection = {
  name: 'persistence',
  shown: 'default',
  *lines({ appendOnly, clock, config, loading, rdbSaves, snapshots }): Generator<InfoLine> {
    const { file, rewriter } = appendOnly;
    const { copiedBytes, processed, total } = snapshots;
    yield ['loading', loading.isActive ? 1 : 0];
    yield ['async_loading', 0];
    // Nothing is copied by the system, but entries are encoded ahead when they are about to change.
    yield ['current_cow_peak', copiedBytes];
    yield ['current_cow_size', copiedBytes];
    yield ['current_cow_size_age', 0];
    yield ['current_fork_perc', (total === 0 ? 0 : (processed / total) * 100).toFixed(2)];
    yield ['current_save_keys_processed', processed];
    yield ['current_save_keys_total', total];
    yield ['rdb_changes_since_last_save', rdbSaves.changesSinceSave];
    yield ['rdb_bgsave_in_progress', rdbSaves.isActive ? 1 : 0];
    yield ['rdb_last_save_time', Math.floor(rdbSaves.lastSaveMs / 1000)];
    yield ['rdb_last_bgsave_status', status(rdbSaves.isLastOk)];
    yield ['rdb_last_bgsave_time_sec', rdbSaves.lastSeconds];
    yield ['rdb_current_bgsave_time_sec', rdbSaves.currentSeconds];
    yield ['rdb_saves', rdbSaves.saves];
    yield ['rdb_last_cow_size', rdbSaves.lastCopiedBytes];
    yield ['rdb_last_load_keys_expired', loading.keysExpired];
    yield ['rdb_last_load_keys_loaded', loading.keysLoaded];
    yield ['aof_enabled', file.isOn ? 1 : 0];
    yield ['aof_rewrite_in_progress', rewriter.isRunning ? 1 : 0];
    yield ['aof_rewrite_scheduled', rewriter.isScheduled ? 1 : 0];
    yield ['aof_last_rewrite_time_sec', rewriter.lastSeconds];
    yield ['aof_current_rewrite_time_sec', rewriter.currentSeconds];
    yield ['aof_last_bgrewrite_status', status(!rewriter.hasFailed)];
    yield ['aof_rewrites', rewriter.count];
    yield ['aof_rewrites_consecutive_failures', rewriter.failures];
    yield ['aof_last_write_status', status(file.failure === undefined)];
    yield ['aof_last_cow_size', 0];
    yield ['module_fork_in_progress', 0];
    yield ['module_fork_last_cow_size', 0];
    if (config.values.appendonly) yield* appendOnlyLines(appendOnly);
    if (loading.isActive) yield* progress(loading, clock.now());
  },
};

function status(isOk: boolean): string {
  return isOk ? 'ok' : 'err';
}

function* appendOnlyLines({ file, rewriter }: AppendOnly): Generator<InfoLine> {
  const { writer } = file;
  yield ['aof_current_size', writer.totalSize];
  yield ['aof_base_size', file.rewriteBaseSize];
  yield ['aof_pending_rewrite', rewriter.isScheduled ? 1 : 0];
  yield ['aof_buffer_length', writer.pendingBytes];
  yield ['aof_pending_bio_fsync', writer.pendingSyncs];
  yield ['aof_delayed_fsync', writer.delayedSyncs];
}

/** How far a load has come, and when it will be done if it goes on like that. */
function* progress(loading: LoadProgress, nowMs: number): Generator<InfoLine> {
  const { bytesRead, startedMs, totalBytes, usedMemory } = loading;
  let percent = 0;
  let left = 1;
  if (totalBytes > 0) {
    percent = (bytesRead / totalBytes) * 100;
    left = totalBytes - bytesRead;
  } else if (usedMemory > 0) {
    // Of data from a socket only that is known, which is no good measure of their length.
    percent = Math.min((bytesRead / usedMemory) * 100, ALMOST_ALL);
    left = Math.max(usedMemory - bytesRead, 1);
  }
  const seconds = Math.floor(nowMs / 1000) - Math.floor(startedMs / 1000);
  const eta = seconds === 0 ? 1 : Math.floor((seconds * left) / (bytesRead + 1));
  yield ['loading_start_time', Math.floor(startedMs / 1000)];
  yield ['loading_total_bytes', totalBytes];
  yield ['loading_rdb_used_mem', usedMemory];
  yield ['loading_loaded_bytes', bytesRead];
  yield ['loading_loaded_perc', percent.toFixed(2)];
  yield ['loading_eta_seconds', eta];
}

const ALMOST_ALL = 99.99;
