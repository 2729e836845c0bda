/**
 * Counts the bytes that several structures use in all, and tells when they become too many.
 *
 *     arena of database 0 ──┐
 *     its tables, objects ──┼─ add(±bytes) ─>  usedBytes  ── above limitBytes ──> onFull, once
 *     arena of database 1 ──┘
 *
 * Whoever takes memory tells at that moment; so nobody has to sum up all databases before each command
 * to know whether there is room, and who sets the limit need not look at all until `onFull` is called.
 * Invariant: `usedBytes` is the sum of what its structures would answer if they were asked.
 *
 * `add` allocates nothing; guarded by `npm run bench`.
 */
import { DOUBLE_FIELD } from './double-field.js';

export class MemoryMeter {
  usedBytes = DOUBLE_FIELD;
  /** Above it there is too much; infinite: no limit. */
  private limit = DOUBLE_FIELD;
  /** Where `onFull` is called: the limit; infinite after the call, until a limit is set again. */
  private alarmAt = DOUBLE_FIELD;
  /** Told once that the limit is exceeded; `setLimit` has it told again. */
  onFull: () => void = () => {};

  constructor() {
    this.usedBytes = 0;
    this.limit = Number.POSITIVE_INFINITY;
    this.alarmAt = Number.POSITIVE_INFINITY;
  }

  /** Whether there is too much now. */
  get isExceeded(): boolean {
    return this.usedBytes > this.limit;
  }

  /** @param bytes taken; negative: given back */
  add(bytes: number): void {
    const used = this.usedBytes + bytes;
    this.usedBytes = used;
    if (used > this.alarmAt) this.tell();
  }

  /** Whether so many bytes more would be within the limit. */
  hasRoomFor(bytes: number): boolean {
    return this.usedBytes + bytes <= this.limit;
  }

  /** Sets the limit, and tells if it is exceeded, now or later. @param bytes infinite: none */
  setLimit(bytes: number): void {
    this.limit = bytes;
    this.alarmAt = bytes;
    if (this.usedBytes > bytes) this.tell();
  }

  private tell(): void {
    this.alarmAt = Number.POSITIVE_INFINITY;
    this.onFull();
  }
}
