/**
 * Which slot a key of a large table has. V8's Map doubles in one step, which takes a tenth of a second
 * for some millions of keys: so that from WHOLE_MAX on, names and numbers are spread over PARTS maps, each
 * of which grows by itself.
 */

const WHOLE_MAX = 1 << 13;
const PARTS = 64;
/** Characters that are looked at, from the end: there names differ that are numbered. */
const LOOKED_AT = 6;

export class KeyIndex {
  /** All keys, or those that are neither names nor numbers. */
  private whole = new Map<unknown, number>();
  private parts: Map<unknown, number>[] | undefined = undefined;

  get(key: unknown): number | undefined {
    return this.parts === undefined ? this.whole.get(key) : this.mapOf(key).get(key);
  }

  set(key: unknown, slot: number): void {
    this.mapOf(key).set(key, slot);
    if (this.parts === undefined && this.whole.size > WHOLE_MAX) this.split();
  }

  delete(key: unknown): void {
    this.mapOf(key).delete(key);
  }

  private mapOf(key: unknown): Map<unknown, number> {
    const { parts } = this;
    if (parts === undefined) return this.whole;
    if (typeof key === 'string') return parts[partOf(key)];
    return typeof key === 'number' ? parts[(key | 0) & (PARTS - 1)] : this.whole;
  }

  private split(): void {
    const all = this.whole;
    this.whole = new Map();
    this.parts = Array.from({ length: PARTS }, () => new Map<unknown, number>());
    for (const [key, slot] of all) this.mapOf(key).set(key, slot);
  }
}

function partOf(key: string): number {
  const { length } = key;
  let hash = length;
  for (let i = Math.max(0, length - LOOKED_AT); i < length; i++) {
    hash = (hash * 31 + key.charCodeAt(i)) | 0;
  }
  return (hash ^ (hash >>> 6)) & (PARTS - 1);
}
