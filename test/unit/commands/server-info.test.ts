import { describe, expect, it } from 'vitest';
import { INFO_FIELDS } from './server-info-fields.js';
import { serverRig } from './server-rig.js';

const rig = serverRig({ clock: 'manual', 'latency-tracking-info-percentiles': [50, 99.9] });

const info = (...sections: string[]): Promise<string> => rig.text('INFO', ...sections);
const headings = (text: string): string[] => text.match(/^# \w+/gm)?.map((h) => h.slice(2)) ?? [];
const field = (text: string, name: string): string | undefined =>
  new RegExp(`^${name}:(.*)\r$`, 'm').exec(text)?.[1];

const DEFAULT_SECTIONS = [
  'Server',
  'Clients',
  'Memory',
  'Persistence',
  'Stats',
  'Replication',
  'CPU',
  'Modules',
  'Errorstats',
  'Cluster',
  'Keyspace',
];

describe('INFO', () => {
  it('has the default sections, in their order, when none is named', async () => {
    expect(headings(await info())).toEqual(DEFAULT_SECTIONS);
    expect(headings(await info('default'))).toEqual(DEFAULT_SECTIONS);
  });

  it('has all sections but debug for ALL and EVERYTHING', async () => {
    const all = headings(await info('all'));
    expect(all).toHaveLength(DEFAULT_SECTIONS.length + 2);
    expect(all).toEqual(expect.arrayContaining(['Commandstats', 'Latencystats']));
    expect(headings(await info('EVERYTHING'))).toEqual(all);
  });

  it('takes several sections in any case and any order, each once', async () => {
    expect(headings(await info('KEYSPACE', 'cpu', 'Keyspace'))).toEqual(['CPU', 'Keyspace']);
    expect(headings(await info('commandstats', 'default'))).toHaveLength(12);
    expect(await info('nosuch')).toBe('');
  });

  it('parts sections by an empty line and ends every line with CRLF', async () => {
    const text = await info('cluster', 'modules');
    expect(text).toBe('# Modules\r\n\r\n# Cluster\r\ncluster_enabled:0\r\n');
    expect((await info('all')).replaceAll('\r\n', '')).not.toMatch(/[\r\n]/);
  });

  it.each(Object.entries(INFO_FIELDS))('has the fields of Redis in %s', async (section, fields) => {
    const text = await info(section.toLowerCase());
    expect([...text.matchAll(/^(\w+):/gm)].map((match) => match[1]).join(' ')).toBe(fields);
  });

  it('tells the port, the process and how long the server has been running', async () => {
    rig.server.advance(86_400_000 + 1500);
    const text = await info('server');
    expect(field(text, 'tcp_port')).toBe(String(rig.server.port));
    expect(field(text, 'process_id')).toBe(String(process.pid));
    expect(field(text, 'uptime_in_seconds')).toBe('86401');
    expect(field(text, 'uptime_in_days')).toBe('1');
    expect(field(text, 'run_id')).toMatch(/^[0-9a-f]{40}$/);
    expect(field(text, 'listener0')).toBe(`name=tcp,bind=127.0.0.1,port=${rig.server.port}`);
  });

  it('tells keys, volatile keys and the memory that they take', async () => {
    const before = Number(field(await info('memory'), 'used_memory'));
    await rig.ask('SELECT 4');
    await rig.ask(`SET k ${'v'.repeat(3000)}`);
    await rig.ask('SET volatile v PX 10000');
    await rig.ask('SELECT 0');
    expect(field(await info('keyspace'), 'db4')).toMatch(/^keys=2,expires=1,avg_ttl=\d+$/);
    const after = Number(field(await info('memory'), 'used_memory'));
    expect(after - before).toBeGreaterThan(3000);
  });

  it('adds up calls and errors by command and by code, subcommands apart', async () => {
    await rig.ask('CONFIG RESETSTAT');
    for (const command of ['GET nokey', 'INCRBY a b', 'GET', 'CONFIG GET port', 'NOSUCH']) {
      await rig.ask(command);
    }
    const commands = await info('commandstats');
    expect(field(commands, 'cmdstat_get')).toMatch(
      /^calls=1,usec=\d+,usec_per_call=\d+\.\d\d,rejected_calls=1,failed_calls=0$/,
    );
    expect(field(commands, 'cmdstat_incrby')).toMatch(
      /^calls=1,.*rejected_calls=0,failed_calls=1$/,
    );
    expect(field(commands, 'cmdstat_config\\|get')).toMatch(/^calls=1,/);
    expect(await info('errorstats')).toBe('# Errorstats\r\nerrorstat_ERR:count=3\r\n');
    const stats = await info('stats');
    expect(field(stats, 'total_error_replies')).toBe('3');
    expect(field(stats, 'keyspace_misses')).toBe('1');
  });

  it('shows the percentiles that are configured, or none when latency is not tracked', async () => {
    const name = 'latency_percentiles_usec_config\\|get';
    expect(field(await info('latencystats'), name)).toMatch(/^p50=\d+\.\d{3},p99\.9=\d+\.\d{3}$/);
    await rig.ask('CONFIG SET latency-tracking no');
    expect(await info('latencystats')).toBe('# Latencystats\r\n');
  });

  it('counts wrong passwords', async () => {
    await rig.ask('CONFIG SET requirepass secret');
    await rig.ask('AUTH wrong');
    await rig.ask('AUTH secret');
    expect(field(await info('stats'), 'acl_access_denied_auth')).toBe('1');
    await rig.text('CONFIG', 'SET', 'requirepass', '');
  });

  it('comes as verbatim text in RESP3', async () => {
    await rig.ask('HELLO 3');
    expect(await rig.ask('INFO cluster')).toBe('=txt:"# Cluster\\r\\ncluster_enabled:0\\r\\n"');
    await rig.ask('HELLO 2');
  });
});
