/**
 * An entry that was delivered and not yet acknowledged (Redis: NACK): a block of six words.
 *
 *     | delivery time, ms: low, high | deliveries: low, high | consumer | unused |
 *
 * The group's list of pending entries and the consumer's are radix trees from the entry's ID to the
 * address of this block, which both share. The consumer is its number in the group.
 */
import { type Arena, blockBytes, SEGMENT_MASK, SEGMENT_SHIFT } from '../../datastructs/arena.js';
import { type Counter, counter } from './counter.js';

export const PENDING_BYTES = blockBytes(24);

const WORD = 0x100000000;
const TIME = 0;
const COUNT = 2;
const CONSUMER = 4;
/** Consumer number of an entry that nobody owns yet. */
export const NO_CONSUMER = -1;

/** A new block: delivered once, now. @returns its address */
export function addPending(arena: Arena, consumer: number, nowMs: number): number {
  const address = arena.alloc(PENDING_BYTES);
  setDeliveryTime(arena, address, nowMs);
  setDeliveries(arena, address, 1);
  setPendingConsumer(arena, address, consumer);
  return address;
}

export function freePending(arena: Arena, address: number): void {
  arena.free(address, PENDING_BYTES);
}

/** When the entry was delivered last, Unix ms. */
export function deliveryTime(arena: Arena, address: number): number {
  const words = arena.words[address >>> SEGMENT_SHIFT]!;
  const at = ((address & SEGMENT_MASK) << 1) + TIME;
  return words[at + 1]! * WORD + (words[at]! >>> 0);
}

export function setDeliveryTime(arena: Arena, address: number, ms: number): void {
  const words = arena.words[address >>> SEGMENT_SHIFT]!;
  const at = ((address & SEGMENT_MASK) << 1) + TIME;
  words[at] = ms % WORD;
  words[at + 1] = Math.floor(ms / WORD);
}

/** How often it was delivered. */
export function deliveries(arena: Arena, address: number): Counter {
  const words = arena.words[address >>> SEGMENT_SHIFT]!;
  const at = ((address & SEGMENT_MASK) << 1) + COUNT;
  const low = words[at]! >>> 0;
  const high = words[at + 1]!;
  const value = high * WORD + low;
  return Number.isSafeInteger(value) ? value : counter((BigInt(high) << 32n) | BigInt(low));
}

export function setDeliveries(arena: Arena, address: number, count: Counter): void {
  const words = arena.words[address >>> SEGMENT_SHIFT]!;
  const at = ((address & SEGMENT_MASK) << 1) + COUNT;
  if (typeof count === 'number') {
    words[at] = count % WORD;
    words[at + 1] = Math.floor(count / WORD);
  } else {
    words[at] = Number(BigInt.asIntN(32, count));
    words[at + 1] = Number(BigInt.asIntN(32, count >> 32n));
  }
}

/** The number of the consumer that owns it, or NO_CONSUMER. */
export function pendingConsumer(arena: Arena, address: number): number {
  return arena.words[address >>> SEGMENT_SHIFT]![((address & SEGMENT_MASK) << 1) + CONSUMER]!;
}

export function setPendingConsumer(arena: Arena, address: number, consumer: number): void {
  arena.words[address >>> SEGMENT_SHIFT]![((address & SEGMENT_MASK) << 1) + CONSUMER] = consumer;
}

/** A copy of a block in another arena. @returns its address */
export function copyPending(from: Arena, address: number, to: Arena): number {
  const copy = to.alloc(PENDING_BYTES);
  const source = from.words[address >>> SEGMENT_SHIFT]!;
  const target = to.words[copy >>> SEGMENT_SHIFT]!;
  const at = (address & SEGMENT_MASK) << 1;
  const toAt = (copy & SEGMENT_MASK) << 1;
  for (let i = 0; i < PENDING_BYTES / 4; i++) target[toAt + i] = source[at + i]!;
  return copy;
}
