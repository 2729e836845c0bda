import { spawn } from 'node:child_process';
import { Redis } from 'ioredis';
import { expect, it } from 'vitest';
import { createServer } from '../../src/index.js';
import { describeWithProgram, findProgram, freePort } from '../support/programs.js';

const EXPORTER = 'prometheus-redis-exporter';
/** About the exporter itself, and not about the server. */
const ITS_OWN = /^redis_(exporter|target_scrape|last_key_groups)_|^(go|process|promhttp)_/;
/** What other metrics than these may change between two scrapes, if only by being asked. */
const STEADY =
  /^redis_(db_keys|db_keys_expiring|config_|cluster_enabled|connected_slaves|evicted_keys|expired_keys|instance_info|keyspace_|memory_max|pubsub_|rdb_changes|rejected_|slowlog_length|up$)|cmd="(get|set|lpush|zadd)"/;

interface Metrics {
  readonly types: Map<string, string>;
  /** Values by name and labels, as they are written. */
  readonly values: Map<string, number>;
}

function parse(text: string): Metrics {
  const types = new Map<string, string>();
  const values = new Map<string, number>();
  for (const line of text.split('\n')) {
    const type = /^# TYPE (\S+) (\S+)/.exec(line);
    if (type) types.set(type[1]!, type[2]!);
    const sample = /^([^#\s{]+)(?:\{(.*)\})? (\S+)$/.exec(line);
    if (!sample) continue;
    const labels = (sample[2]?.match(/\w+="[^"]*"/g) ?? []).sort().join(',');
    values.set(`${sample[1]}{${labels}}`, Number(sample[3]));
  }
  return { types, values };
}

async function scrape(url: string): Promise<Metrics> {
  return parse(await (await fetch(url)).text());
}

/** The exporter's metrics once it listens. */
async function scrapeWhenUp(url: string): Promise<Metrics> {
  for (let tries = 0; ; tries++) {
    try {
      return await scrape(url);
    } catch (error) {
      if (tries === 200) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

describeWithProgram(EXPORTER, 'the well-known exporter', () => {
  it('scrapes respd without an error, and /metrics says the same', async () => {
    const server = await createServer({ 'http-port': await freePort() });
    const redis = new Redis(server.port);
    await redis.set('a', '1', 'EX', 1000);
    await redis.get('a');
    await redis.get('nothing');
    await redis.lpush('list', 'x');
    await redis.zadd('zset', 1, 'm');
    await redis.call('LPUSH', 'a', 'x').catch(() => {});
    // Nothing that a busy machine makes slow is to be noted between the two.
    await redis.config('SET', 'slowlog-log-slower-than', '-1');
    const port = await freePort();
    const exporter = spawn(findProgram(EXPORTER)!, [
      `--redis.addr=redis://127.0.0.1:${server.port}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ]);
    try {
      const theirs = await scrapeWhenUp(`http://127.0.0.1:${port}/metrics`);
      const ours = await scrape(`http://127.0.0.1:${server.httpPort}/metrics`);
      expect(theirs.values.get('redis_exporter_last_scrape_error{err=""}')).toBe(0);
      expect(theirs.values.get('redis_up{}')).toBe(1);
      for (const [name, type] of theirs.types) {
        if (!ITS_OWN.test(name)) expect([name, ours.types.get(name)]).toEqual([name, type]);
      }
      for (const [name, value] of theirs.values) {
        if (ITS_OWN.test(name) || name.includes('cmd="client|') || name.includes('cmd="config|'))
          continue;
        expect([...ours.values.keys()]).toContain(name);
        if (STEADY.test(name)) expect([name, ours.values.get(name)]).toEqual([name, value]);
      }
    } finally {
      exporter.kill();
      redis.disconnect();
      await server.close();
    }
  });
});
