/**
 * Chunks that scripts have compiled (loadstring), since they do it anew each time they run, and often in
 * a loop: compiling takes some ten thousand times as long as finding the source here.
 */
import type { Compiled } from './compile.js';

/** Characters of source that are kept, in all and of one chunk. */
const MAX_SOURCE = 256 * 1024;
const MAX_CHUNKS = 200;

export class CompiledCache {
  private readonly bySource = new Map<string, Compiled>();
  private size = 0;

  find(source: string, name: string, isFramed: boolean): Compiled | undefined {
    const found = this.bySource.get(source);
    return found?.name === name && found.isFramed === isFramed ? found : undefined;
  }

  add(source: string, compiled: Compiled): void {
    if (source.length > MAX_SOURCE) return;
    if (this.size + source.length > MAX_SOURCE || this.bySource.size >= MAX_CHUNKS) {
      this.bySource.clear();
      this.size = 0;
    }
    if (!this.bySource.has(source)) this.size += source.length;
    this.bySource.set(source, compiled);
  }
}
