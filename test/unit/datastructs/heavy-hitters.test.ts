import { describe, expect, it } from 'vitest';
import { type HeavyHitter, HeavyHitters } from '../../../src/datastructs/heavy-hitters.js';
import { SipHasher } from '../../../src/datastructs/siphash.js';
import { Random } from '../../differential/random.js';

const hasher = new SipHasher(1, 2);

function add(hitters: HeavyHitters, name: string | Uint8Array, amount: number): void {
  const bytes = Buffer.from(name as Uint8Array);
  hitters.add(bytes, 0, bytes.length, hasher.hash(bytes, 0, bytes.length), amount);
}

describe('heavy hitters', () => {
  it('are exact while names are few', () => {
    const hitters = new HeavyHitters(2);
    add(hitters, 'a', 1);
    add(hitters, 'b', 5);
    add(hitters, 'c', 2);
    add(hitters, 'a', 3);
    expect(hitters.top().map(({ name, sum }) => `${name} ${sum}`)).toEqual(['b 5', 'a 4']);
    expect(hitters.total).toBe(11);
  });

  it('are found among very many names, with sums that are never too small and hardly too great', () => {
    const random = new Random(3);
    const hitters = new HeavyHitters(10);
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

  it('never have too small a sum, though they are given up and taken in again', () => {
    const random = new Random(5);
    const hitters = new HeavyHitters(1);
    const sums = new Map<string, number>();
    for (let i = 0; i < 40_000; i++) {
      // What is hot moves on all the time.
      const name = `${Math.floor(i / 200) - random.below(random.chance(0.7) ? 5 : 150)}`;
      const amount = 1 + random.below(3);
      add(hitters, name, amount);
      sums.set(name, (sums.get(name) ?? 0) + amount);
      if (i % 500 !== 0) continue;
      const [{ name: top, sum }] = hitters.top() as [HeavyHitter];
      expect(sum).toBeGreaterThanOrEqual(sums.get(top.toString())!);
      expect(sum).toBeLessThan(sums.get(top.toString())! + (4 / 256) * hitters.total);
    }
  });

  it('come and go as what is asked for changes', () => {
    const hitters = new HeavyHitters(1);
    for (let i = 0; i < 200; i++) add(hitters, `early ${i}`, 10);
    for (let i = 0; i < 100; i++) add(hitters, 'late', 1);
    expect(hitters.top()[0]!.name.toString()).toBe('late');
  });

  it('keep names as they are, whatever bytes they have', () => {
    const hitters = new HeavyHitters(1);
    add(hitters, Uint8Array.of(0, 255, 128, 10), 1);
    expect([...hitters.top()[0]!.name]).toEqual([0, 255, 128, 10]);
  });
});
