import { beforeEach, expect, test } from 'vitest';
import { MemoryMeter } from '../../../src/datastructs/memory-meter.js';

let meter: MemoryMeter;
let told: number;

beforeEach(() => {
  meter = new MemoryMeter();
  told = 0;
  meter.onFull = () => told++;
});

test('without a limit there is always room', () => {
  meter.add(1e15);
  expect(meter.usedBytes).toBe(1e15);
  expect(meter.isExceeded).toBe(false);
  expect(meter.hasRoomFor(1e15)).toBe(true);
  expect(told).toBe(0);
});

test('it tells once when the limit is exceeded, and again after a limit was set', () => {
  meter.setLimit(100);
  meter.add(100);
  expect(meter.isExceeded).toBe(false);
  expect(told).toBe(0);
  meter.add(1);
  expect(meter.isExceeded).toBe(true);
  meter.add(1);
  expect(told).toBe(1);
  meter.add(-50);
  meter.setLimit(100);
  expect(told).toBe(1);
  meter.add(100);
  expect(told).toBe(2);
});

test('a limit below what is used is told of at once', () => {
  meter.add(100);
  meter.setLimit(99);
  expect(told).toBe(1);
  meter.setLimit(Number.POSITIVE_INFINITY);
  expect(meter.isExceeded).toBe(false);
});

test('it knows whether there is room for more', () => {
  meter.setLimit(100);
  meter.add(60);
  expect(meter.hasRoomFor(40)).toBe(true);
  expect(meter.hasRoomFor(41)).toBe(false);
});
