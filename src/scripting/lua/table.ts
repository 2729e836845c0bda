/**
 * Lua's table: keys and values in the order of PUC Lua 5.1.
 *
 * This is the first form of it, so that the libraries can be written; see the methods' contracts.
 */

/** A table of values of type V; keys are of that type as well, but for nil and NaN. */
export class Table<V> {
  private readonly map = new Map<V, V>();

  /** As rawget. */
  get(key: V): V {
    return this.map.get(key) as V;
  }

  /** As `get`, for a string key that is known to be one. */
  getString(key: string & V): V {
    return this.map.get(key) as V;
  }

  /** As `get`, for an integer from 1 on. */
  getIndex(n: number): V {
    return this.map.get(n as V) as V;
  }

  /** As rawset. The key must be neither nil nor NaN. */
  set(key: V, value: V): void {
    if (value === undefined) this.map.delete(key);
    else this.map.set(key, value);
  }

  /** As `set`, for an integer from 1 on. */
  setIndex(n: number, value: V): void {
    this.set(n as V, value);
  }

  /** A border, as the operator #. */
  get length(): number {
    let n = 0;
    while (this.map.get((n + 1) as V) !== undefined) n++;
    return n;
  }

  /**
   * Position of the first pair at or behind `position` (0 to begin); -1: there is none. Pairs may be
   * changed and removed meanwhile, and none be added.
   */
  seek(position: number): number {
    return position < this.map.size ? position : -1;
  }

  /** Key and value at a position that `seek` has given. */
  keyAt(position: number): V {
    return [...this.map.keys()][position] as V;
  }

  valueAt(position: number): V {
    return [...this.map.values()][position] as V;
  }

  /** Position of a key, for `next`; -1: it is no key of the table. */
  positionOf(key: V): number {
    return [...this.map.keys()].indexOf(key);
  }
}
