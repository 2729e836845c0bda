/** How a radix tree of a stream leaves segments that are being emptied: see OwnedObject.evacuate. */
import type { Rax } from '../../datastructs/rax.js';
import { RaxIterator } from '../../datastructs/rax-iterator.js';

/**
 * Moves a tree's nodes, so many keys with each step; between two steps the tree may change.
 * @param move has what the key stands for moved, and the key's value changed, before that
 */
export function* evacuateTree(
  rax: Rax,
  count: number,
  move: (key: Uint8Array, value: number) => void,
): Generator<void> {
  const it = new RaxIterator().attach(rax);
  let left = count;
  for (let ok = it.first(); ok; ok = it.next()) {
    move(it.key, it.value);
    rax.moveWay(it.key, 0, it.len);
    if (--left > 0) continue;
    yield;
    left = count;
  }
}
