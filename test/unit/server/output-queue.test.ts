/** What waits to be sent to one client: in order, to the byte, however the connection takes it. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { OutputBudget } from '../../../src/server/output-budget.js';
import { OutputQueue } from '../../../src/server/output-queue.js';
import type { Transport } from '../../../src/server/transport.js';

/** A connection that takes so many bytes in all, until it is given more room. */
class Taker {
  room = 0;
  readonly got: Buffer[] = [];

  get hasRoom(): boolean {
    return this.room > 0;
  }

  write(buf: Buffer, start: number, end: number): number {
    const to = Math.min(end, start + this.room);
    this.room -= to - start;
    this.got.push(Buffer.from(buf.subarray(start, to)));
    return to;
  }
}

function rig() {
  const budget = new OutputBudget(1000);
  const taker = new Taker();
  return { budget, taker, queue: new OutputQueue(budget) };
}

describe('an output queue', () => {
  test('sends every byte once and in order, whatever room the connection has', () => {
    const step = fc.oneof(
      fc.record({ add: fc.integer({ min: 0, max: 200 }) }),
      fc.record({ add: fc.integer({ min: 3000, max: 70_000 }) }),
      fc.record({ room: fc.integer({ min: 1, max: 100_000 }) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const { budget, taker, queue } = rig();
        const sent: Buffer[] = [];
        let fill = 0;
        for (const one of steps) {
          if ('add' in one) {
            const chunk = Buffer.alloc(one.add, fill++);
            sent.push(chunk);
            queue.add(chunk);
          } else {
            taker.room = one.room;
            queue.sendTo(taker as unknown as Transport);
          }
          const waits = Buffer.concat(sent).length - Buffer.concat(taker.got).length;
          expect(queue.bytes).toBe(waits);
          expect(budget.used).toBe(waits);
          expect(queue.count > 0).toBe(waits > 0);
        }
        taker.room = Number.MAX_SAFE_INTEGER;
        queue.sendTo(taker as unknown as Transport);
        expect(Buffer.concat(taker.got).equals(Buffer.concat(sent))).toBe(true);
      }),
      { numRuns: 60, seed: 20_261_121 },
    );
  });

  test('keeps small messages of a client that is behind in a few blocks', () => {
    const { queue } = rig();
    for (let i = 0; i < 10_000; i++) queue.add(Buffer.from('message'));
    expect(queue.bytes).toBe(70_000);
    expect(queue.count).toBeLessThan(20);
  });

  test('that is cleared gives back its part of the budget', () => {
    const { budget, queue } = rig();
    queue.add(Buffer.alloc(500));
    queue.clear();
    expect([queue.bytes, queue.count, budget.used]).toEqual([0, 0, 0]);
  });
});

describe('the budget of all clients', () => {
  test('lets one client have all of it, and each a fair part beyond', () => {
    const budget = new OutputBudget(1000);
    budget.used = 1000;
    expect(budget.isExceededBy(1000, 0)).toBe(false);
    budget.used = 1_000_000;
    expect(budget.isExceededBy(64 * 1024, 0)).toBe(false);
    expect(budget.isExceededBy(64 * 1024, 1)).toBe(true);
  });

  test('is a share of the memory', () => {
    expect(new OutputBudget().limitBytes).toBeGreaterThanOrEqual(256 * 1024 * 1024);
  });
});
