/**
 * How much a script may have in memory. What it allocates is only counted; when the count has grown by
 * CHECK bytes, the heap itself is looked at, for most of what was counted may be garbage by then.
 */
import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

export interface Heap {
  /** Bytes in use. */
  used(): number;
  /** Collects garbage, all of it. */
  collect(): void;
}

/** Bytes counted after which the heap is looked at. */
export const CHECK_BYTES = 16 * 1024 * 1024;

export class MemoryLimit {
  /** Bytes in use when the script began; negative: not known yet. */
  private before = -1;
  /** Bytes added at which garbage is collected, to see what is left. */
  private collectAt: number;

  /** @param limit bytes that a script may add */
  constructor(
    private readonly limit: number,
    private readonly heap: Heap,
  ) {
    this.collectAt = limit;
  }

  /** To be called when another script begins. */
  reset(): void {
    this.before = -1;
    this.collectAt = this.limit;
  }

  /**
   * @param counted bytes since the last call
   * @param wanted bytes that are about to be allocated at once
   * @returns whether it has what it may have
   */
  isExceeded(counted: number, wanted: number): boolean {
    if (wanted > this.limit) return true;
    const used = this.heap.used();
    if (this.before < 0) this.before = Math.max(0, used - (counted - wanted));
    if (used + wanted - this.before <= this.collectAt) return false;
    this.heap.collect();
    const left = this.heap.used() + wanted - this.before;
    // Collecting takes long: not again before as much garbage can be there as half of the rest.
    this.collectAt = this.limit + Math.max(0, this.limit - left) / 2;
    return left > this.limit;
  }
}

/** The heap of this process. */
export function v8Heap(): Heap {
  let collect: (() => void) | undefined;
  return {
    used: () => {
      const { used_heap_size, external_memory } = getHeapStatistics();
      return used_heap_size + external_memory;
    },
    collect: () => {
      if (collect === undefined) {
        setFlagsFromString('--expose-gc');
        collect = runInNewContext('gc') as () => void;
      }
      collect();
    },
  };
}
