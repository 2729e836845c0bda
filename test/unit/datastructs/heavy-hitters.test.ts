import { describe, expect, it } from 'vitest';
import { HeavyHitters } from '../../../src/datastructs/heavy-hitters.js';
import { Random } from '../../differential/random.js';

function add(hitters: HeavyHitters, name: string, amount: number): void {
  hitters.add(Buffer.from(name), amount);
}

describe('heavy hitters', () => {
  it('are exact while names are few', () => {
    const hitters = new HeavyHitters(2, 1);
    add(hitters, 'a', 1);
    add(hitters, 'b', 5);
    add(hitters, 'c', 2);
    add(hitters, 'a', 3);
    expect(hitters.top().map(({ name, sum }) => `${name} ${sum}`)).toEqual(['b 5', 'a 4']);
    expect(hitters.total).toBe(11);
  });

  it('are found among very many names, with sums that are never too small and hardly too great', () => {
    const random = new Random(3);
    const hitters = new HeavyHitters(10, 7);
    const sums = new Map<string, number>();
    for (let i = 0; i < 100_000; i++) {
      const isHot = random.chance(0.3);
      const name = isHot ? `hot ${random.below(10)}` : `cold ${random.below(50_000)}`;
      add(hitters, name, 1);
      sums.set(name, (sums.get(name) ?? 0) + 1);
    }
    const top = hitters.top();
    expect(top.map(({ name }) => name.toString()).sort()).toEqual(
      Array.from({ length: 10 }, (_, i) => `hot ${i}`),
    );
    for (const { name, sum } of top) {
      const exact = sums.get(name.toString())!;
      expect(sum).toBeGreaterThanOrEqual(exact);
      expect(sum).toBeLessThan(exact * 1.05);
    }
  });

  it('come and go as what is asked for changes', () => {
    const hitters = new HeavyHitters(1, 7);
    for (let i = 0; i < 200; i++) add(hitters, `early ${i}`, 10);
    for (let i = 0; i < 100; i++) add(hitters, 'late', 1);
    expect(hitters.top()[0]!.name.toString()).toBe('late');
  });

  it('keep names as they are, whatever bytes they have', () => {
    const hitters = new HeavyHitters(1, 7);
    hitters.add(Uint8Array.of(0, 255, 128, 10), 1);
    expect([...hitters.top()[0]!.name]).toEqual([0, 255, 128, 10]);
  });
});
