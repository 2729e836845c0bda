import { expect, test } from 'vitest';
import { SpareTable } from '../../../src/datastructs/spare-table.js';

test('small tables need no preparation', () => {
  expect(SpareTable.from(1024)).toBe(1024);
  expect(SpareTable.from(1 << 20)).toBe((1 << 20) - (1 << 16));
});

test('a table is touched whole by the inserts between 15/16 full and full', () => {
  const buckets = 1 << 16;
  const spare = new SpareTable();
  for (let size = SpareTable.from(buckets); size < buckets; size++) spare.advance(buckets * 2);
  expect(spare.isReady).toBe(true);
  expect(spare.take(buckets * 2)).toHaveLength(buckets * 2);
  expect(spare.bytes).toBe(0);
});

test('a table of another size is made anew, and one that is given up takes nothing', () => {
  const spare = new SpareTable();
  spare.advance(1 << 17);
  expect(spare.bytes).toBe(4 << 17);
  expect(spare.take(1 << 18)).toHaveLength(1 << 18);
  spare.drop();
  expect(spare.bytes).toBe(0);
});
