/** INFO memory: what is used, for what, and what the process takes beyond that. */
import os from 'node:os';
import { humanBytes } from '../../text/memory-units.js';
import { ALLOCATOR } from '../api/server.js';
import type { InfoLine, InfoSection } from './context.js';

export const memorySection: InfoSection = {
  name: 'memory',
  shown: 'default',
  *lines({ config, defragmenter, keyspace, memory, scripting }): Generator<InfoLine> {
    const report = memory.report();
    const { usedBytes, residentBytes, allocatedBytes, activeBytes } = report;
    const { maxmemory } = config.values;
    yield* withHuman('used_memory', usedBytes);
    yield* withHuman('used_memory_rss', residentBytes);
    yield* withHuman('used_memory_peak', report.peakBytes);
    yield ['used_memory_peak_perc', `${report.peakPercent.toFixed(2)}%`];
    yield ['used_memory_overhead', report.overheadBytes];
    yield ['used_memory_startup', report.startupBytes];
    yield ['used_memory_dataset', report.datasetBytes];
    yield ['used_memory_dataset_perc', `${report.datasetPercent.toFixed(2)}%`];
    yield ['allocator_allocated', allocatedBytes];
    yield ['allocator_active', activeBytes];
    yield ['allocator_resident', activeBytes];
    yield* withHuman('total_system_memory', os.totalmem());
    const scripts = scripting();
    const { scriptVmBytes, functionVmBytes } = scripts;
    yield ['used_memory_lua', scriptVmBytes];
    yield ['used_memory_vm_eval', scriptVmBytes];
    yield ['used_memory_lua_human', humanBytes(scriptVmBytes)];
    yield ['used_memory_scripts_eval', scripts.cachedScriptBytes];
    yield ['number_of_cached_scripts', scripts.cachedScripts];
    yield ['number_of_functions', scripts.functions];
    yield ['number_of_libraries', scripts.libraries];
    yield ['used_memory_vm_functions', functionVmBytes];
    yield* withHuman('used_memory_vm_total', scriptVmBytes + functionVmBytes);
    yield ['used_memory_functions', scripts.functionBytes];
    yield* withHuman('used_memory_scripts', scripts.cachedScriptBytes + scripts.functionBytes);
    yield* withHuman('maxmemory', maxmemory);
    yield ['maxmemory_policy', config.values['maxmemory-policy']];
    yield* overhead('allocator_frag', activeBytes, allocatedBytes);
    yield* overhead('allocator_rss', activeBytes, activeBytes);
    yield* overhead('rss_overhead', residentBytes, activeBytes);
    // What Node.js itself takes is no fragment of the data: that is rss_overhead.
    yield* overhead('mem_fragmentation', activeBytes, usedBytes);
    yield ['mem_not_counted_for_evict', report.logBytes];
    yield ['mem_replication_backlog', 0];
    yield ['mem_total_replication_buffers', 0];
    yield ['mem_clients_slaves', 0];
    yield ['mem_clients_normal', report.clientBytes];
    yield ['mem_cluster_links', 0];
    yield ['mem_aof_buffer', report.logBytes];
    yield ['mem_allocator', ALLOCATOR];
    yield ['active_defrag_running', defragmenter.effort];
    yield ['lazyfree_pending_objects', keyspace.pendingPieces];
    yield ['lazyfreed_objects', keyspace.lazyFreed];
  },
};

function* withHuman(name: string, bytes: number): Generator<InfoLine> {
  yield [name, bytes];
  yield [`${name}_human`, humanBytes(bytes)];
}

/** By how much `outer` exceeds what it holds, as a ratio and in bytes. */
function* overhead(name: string, outer: number, inner: number): Generator<InfoLine> {
  yield [`${name}_ratio`, (outer / Math.max(inner, 1)).toFixed(2)];
  yield [`${name}_bytes`, outer - inner];
}
