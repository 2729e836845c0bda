/**
 * Moments at which something is to happen, of which most never come: timeouts of clients that wait
 * and are mostly served in time.
 *
 * A binary heap with the earliest on top, where each entry knows its place, so that it can leave in
 * O(log n); and one timer of the clock for all of them. The timer is never moved back: when the
 * entry it was set for has left, it fires for nothing and is set again. So a client that waits again
 * and again with the same timeout sets a timer once, not each time.
 */
import type { TimerHandle } from './api/clock.js';
import type { ServerClock } from './clock.js';

const NOWHERE = -1;

export class Deadline {
  /** Place in the heap; NOWHERE when it is not there. */
  place = NOWHERE;
  /** Of two at the same moment, the one that was there first comes first. */
  order = 0;

  /** @param atMs Unix ms */
  constructor(
    readonly atMs: number,
    readonly passed: () => void,
  ) {}
}

export class Deadlines {
  private readonly heap: Deadline[] = [];
  private timer: TimerHandle | undefined;
  /** What the timer is set to, Unix ms. */
  private timerMs = Number.POSITIVE_INFINITY;
  private nextOrder = 0;
  private readonly onTimer = () => this.fire();

  constructor(private readonly clock: ServerClock) {}

  get size(): number {
    return this.heap.length;
  }

  add(deadline: Deadline): void {
    const { heap } = this;
    deadline.order = this.nextOrder++;
    heap.push(deadline);
    this.up(deadline, heap.length - 1);
    this.arm();
  }

  /** Takes a deadline back, if it has not passed. */
  remove(deadline: Deadline): void {
    const { heap } = this;
    const { place } = deadline;
    if (place === NOWHERE) return;
    const last = heap.pop()!;
    deadline.place = NOWHERE;
    if (last === deadline) return;
    if (place > 0 && isBefore(last, heap[(place - 1) >> 1]!)) this.up(last, place);
    else this.down(last, place);
  }

  /** Nothing more will happen. */
  stop(): void {
    this.clock.clearTimer(this.timer);
    this.timer = undefined;
    this.timerMs = Number.POSITIVE_INFINITY;
  }

  private fire(): void {
    const { clock, heap } = this;
    this.timer = undefined;
    this.timerMs = Number.POSITIVE_INFINITY;
    const now = clock.now();
    while (heap.length > 0 && this.dueMs(heap[0]!) <= now) {
      const first = heap[0]!;
      this.remove(first);
      first.passed();
    }
    this.arm();
  }

  /** Whoever asked between two ticks of the clock must not be answered a fraction too early. */
  private dueMs(deadline: Deadline): number {
    return deadline.atMs + this.clock.lagMs;
  }

  private arm(): void {
    const { clock, heap } = this;
    if (heap.length === 0) return;
    const dueMs = this.dueMs(heap[0]!);
    if (dueMs >= this.timerMs) return;
    clock.clearTimer(this.timer);
    this.timerMs = dueMs;
    this.timer = clock.setTimer(this.onTimer, dueMs - clock.now());
  }

  /** Puts an entry in at a place or, as far as it is earlier than those there, above it. */
  private up(deadline: Deadline, place: number): void {
    const { heap } = this;
    while (place > 0) {
      const above = (place - 1) >> 1;
      const parent = heap[above]!;
      if (!isBefore(deadline, parent)) break;
      heap[place] = parent;
      parent.place = place;
      place = above;
    }
    heap[place] = deadline;
    deadline.place = place;
  }

  /** Puts an entry in at a place or, as far as it is later than those there, below it. */
  private down(deadline: Deadline, place: number): void {
    const { heap } = this;
    for (;;) {
      let below = 2 * place + 1;
      if (below >= heap.length) break;
      if (below + 1 < heap.length && isBefore(heap[below + 1]!, heap[below]!)) below++;
      const child = heap[below]!;
      if (!isBefore(child, deadline)) break;
      heap[place] = child;
      child.place = place;
      place = below;
    }
    heap[place] = deadline;
    deadline.place = place;
  }
}

function isBefore(a: Deadline, b: Deadline): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}
