/** What MEMORY DOCTOR says of which figures. */
import { describe, expect, it } from 'vitest';
import { diagnose } from '../../../src/commands/server/memory-doctor.js';
import type { MemoryReport } from '../../../src/server/api/server.js';

const MB = 1024 * 1024;

/** A server of 100 MB of data with which nothing is wrong. */
const HEALTHY: MemoryReport = {
  usedBytes: 100 * MB,
  peakBytes: 110 * MB,
  peakPercent: 90,
  startupBytes: 20_000,
  residentBytes: 200 * MB,
  clientBytes: 10 * 4096,
  databases: [],
  keys: 1,
  overheadBytes: 0,
  datasetBytes: 100 * MB,
  datasetPercent: 99,
  bytesPerKey: 1,
  allocatedBytes: 100 * MB,
  activeBytes: 105 * MB,
  logBytes: 0,
  scripts: 10,
  scriptBytes: 0,
  functionBytes: 0,
};

function told(changes: Partial<MemoryReport>): string[] {
  const text = diagnose({ ...HEALTHY, ...changes }, 10);
  return [...text.matchAll(/^ \* ([^:]+):/gm)].map(([, name]) => name!);
}

describe('MEMORY DOCTOR', () => {
  it('finds nothing wrong where nothing is: what Node.js takes is no excess', () => {
    expect(diagnose(HEALTHY, 10)).toBe('No problem with memory was found.\n');
  });

  it.each<[string, Partial<MemoryReport>]>([
    ['Past peak', { peakBytes: 151 * MB }],
    ['Resident size', { residentBytes: 300 * MB }],
    ['Fragmentation', { activeBytes: 120 * MB }],
    ['Client buffers', { clientBytes: 10 * 201 * 1024 }],
    ['Scripts', { scripts: 1001 }],
  ])('tells of: %s', (name, changes) => {
    expect(told(changes)).toEqual([name]);
  });

  it('tells of all that is wrong', () => {
    expect(told({ peakBytes: 500 * MB, scripts: 5000, residentBytes: 900 * MB })).toEqual([
      'Past peak',
      'Resident size',
      'Scripts',
    ]);
  });
});
