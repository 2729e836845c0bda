/** HOTKEYS as an administrator uses it. */
import { describe, expect, it } from 'vitest';
import { Opened } from '../support/opened.js';
import { run } from '../support/resp-client.js';

const opened = new Opened();

async function connect(): Promise<(...requests: string[]) => Promise<string>> {
  const client = await opened.client(await opened.server());
  return (...requests) => run(client, ...requests);
}

describe('HOTKEYS', () => {
  it('names the keys that cause most traffic, those of transactions included', async () => {
    const ask = await connect();
    expect(await ask('HOTKEYS GET')).toBe('null-bulk');
    expect(await ask('HOTKEYS START METRICS 2 CPU NET COUNT 2')).toContain('OK');
    for (let i = 0; i < 20; i++) await ask(`SET big ${'x'.repeat(500)}`, 'SET small 1');
    await ask('MULTI', `SET tx ${'x'.repeat(3000)}`, 'EXEC');
    expect(await ask('HOTKEYS START METRICS 1 CPU')).toContain('already in progress');
    expect(await ask('HOTKEYS RESET')).toContain('stop tracking first');
    expect(await ask('HOTKEYS STOP')).toContain('OK');
    expect(await ask('HOTKEYS STOP')).toBe('null-bulk');
    await ask('SET big again');
    const report = await ask('HOTKEYS GET');
    expect(report).toMatch(/"tracking-active" :0/);
    const byNet = report.slice(report.indexOf('by-net-bytes'));
    expect(byNet.indexOf('"big"')).toBeGreaterThan(0);
    expect(byNet.indexOf('"tx"')).toBeGreaterThan(byNet.indexOf('"big"'));
    expect(byNet).not.toContain('"small"');
    expect(report).toContain('total-cpu-time-user-ms');
    expect(await ask('HOTKEYS RESET')).toContain('OK');
    expect(await ask('HOTKEYS GET')).toBe('null-bulk');
  });

  it('counts each command of a pipeline, whose time they share', async () => {
    const client = await opened.client(await opened.server());
    await run(client, 'HOTKEYS START METRICS 2 CPU NET');
    await client.request('GET a\r\n'.repeat(30), 30);
    await client.request('GET b\r\nMGET a b\r\n', 2);
    const report = await run(client, 'HOTKEYS STOP', 'HOTKEYS GET');
    // Of GET, 16 bytes are the request's and 5 the reply's; MGET has 24 and 14, for two keys.
    expect(report).toMatch(/"by-net-bytes" \["a" :649 "b" :40\]/);
    expect(report).toMatch(/"by-cpu-time-us" \["a" :\d+ "b" :\d+\]/);
  });

  it('says what is wrong with its arguments', async () => {
    const ask = await connect();
    expect(await ask('HOTKEYS START')).toContain('METRICS parameter is required');
    expect(await ask('HOTKEYS START METRICS 3 CPU NET x')).toContain('METRICS count must be > 0');
    expect(await ask('HOTKEYS START METRICS 2 CPU')).toContain('does not match number');
    expect(await ask('HOTKEYS START METRICS 2 CPU CPU')).toContain('CPU defined more than once');
    expect(await ask('HOTKEYS START METRICS 1 GPU')).toContain('no valid metrics');
    expect(await ask('HOTKEYS START METRICS 1 CPU NET')).toContain('syntax error');
    expect(await ask('HOTKEYS START METRICS 1 CPU COUNT 65')).toContain('between 1 and 64');
    expect(await ask('HOTKEYS START METRICS 1 CPU SAMPLE 0')).toContain('must be positive');
    expect(await ask('HOTKEYS START METRICS 1 CPU SLOTS 1 0')).toContain('non-cluster mode');
    // What a server to come may know is let pass.
    expect(await ask('HOTKEYS START METRICS 2 GPU CPU')).toContain('OK');
  });
});
