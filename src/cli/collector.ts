/**
 * The garbage collector's pauses, made to depend on nobody else.
 *
 * V8 divides a pause among helper threads, and it ends when the last of them is done. Where there are
 * more threads that want to run than cores, a helper that has begun may be waiting for one, and the
 * server's thread waits for it: 5 to 50 ms, for a collection of half a millisecond. All keys are in
 * arrays of bytes, which the collector never looks into, so that its heap is small (15 MiB) and
 * there is little to divide. So the server's thread does it alone, and the marking beside the pauses
 * in steps of a fraction of a millisecond. Buffers are still freed by a helper: nobody waits for that.
 *
 * Flags hold for the whole process, so this is for the program and not for whoever embeds a server.
 * Parallel marking stays on: V8 11.3 (Node.js 20) can't do without once it has started.
 */
import { setFlagsFromString } from 'node:v8';

export const COLLECTOR_FLAGS = [
  '--no-parallel-scavenge',
  '--no-parallel-compaction',
  '--no-parallel-pointer-update',
  '--no-concurrent-marking',
  '--no-concurrent-sweeping',
];

/** To be called early: collections that are under way go on as they began. */
export function collectAlone(): void {
  for (const flag of COLLECTOR_FLAGS) setFlagsFromString(flag);
}
