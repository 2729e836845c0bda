import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { COLLECTOR_FLAGS } from '../../../src/cli/collector.js';

describe("The collector's flags", () => {
  it('are all known to V8, so that none is complained of at the start', () => {
    const known = execFileSync(process.execPath, ['--v8-options'], { encoding: 'utf8' });
    for (const flag of COLLECTOR_FLAGS) {
      expect(known).toMatch(new RegExp(`^  ${flag.replace('--no-', '--')} `, 'm'));
    }
  });
});
