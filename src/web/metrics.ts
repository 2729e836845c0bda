/**
 * `/metrics` for Prometheus: what INFO, CONFIG GET, SLOWLOG and LATENCY say, under the names of the
 * well-known exporter (metric-names.ts), in Prometheus's text format.
 *
 * Each scrape builds its values anew: nothing has to be kept up to date in between.
 */
import type { Metric, Registry } from 'prom-client';
import { type InfoFields, infoField, infoParts, parseInfo } from './info-text.js';
import { CommandError, type Link, type Reply } from './link.js';
import { COUNTERS, GAUGES, INSTANCE_LABELS } from './metric-names.js';

const PREFIX = 'redis_';
/** Words that stand for a number. */
const WORDS: Readonly<Record<string, number>> = { ok: 1, up: 1, err: 0, fail: 0, down: 0 };
const CONFIG_GAUGES = ['maxclients', 'maxmemory', 'io-threads'];
/** One line of a metric; `part` follows the metric's name (`_sum`). */
type Sample = readonly [labels: Record<string, string>, value: number, part?: string];

/**
 * @returns text in the format of `contentType`
 * @throws CommandError when the link's user may not use INFO
 */
export async function scrape(link: Link): Promise<{ text: string; contentType: string }> {
  const info = parseInfo(await link.text('INFO', 'everything'));
  const { Registry } = await import('prom-client');
  const metrics = new Metrics(new Registry());
  metrics.gauge('up', 'Whether the server has answered.', 1);
  addFields(metrics, info);
  addInstance(metrics, info);
  const databases = await addConfig(metrics, link);
  addKeyspace(metrics, info, databases);
  addCommands(metrics, info);
  addReplication(metrics, info);
  await addSlowLog(metrics, link);
  await addLatency(metrics, link);
  return metrics.render();
}

/** Collects values; prom-client writes them. */
class Metrics {
  constructor(private readonly registry: Registry) {}

  gauge(name: string, help: string, value: number): void {
    this.add('gauge', name, help, [[{}, value]]);
  }

  add(
    type: 'gauge' | 'counter' | 'summary',
    name: string,
    help: string,
    samples: readonly Sample[],
  ): void {
    if (samples.length === 0) return;
    const fullName = PREFIX + name;
    const values = samples.map(([labels, value, part]) => ({
      labels,
      value,
      metricName: part === undefined ? fullName : fullName + part,
    }));
    const metric = {
      name: fullName,
      help,
      type,
      get: async () => ({ name: fullName, help, type, values }),
    };
    this.registry.registerMetric(metric as unknown as Metric);
  }

  async render(): Promise<{ text: string; contentType: string }> {
    return { text: await this.registry.metrics(), contentType: this.registry.contentType };
  }
}

function addFields(metrics: Metrics, info: InfoFields): void {
  for (const fields of info.values()) {
    for (const [field, text] of fields) {
      const value = numberOf(text);
      if (Number.isNaN(value)) continue;
      const gauge = GAUGES[field];
      const counter = COUNTERS[field];
      const help = `INFO's ${field}`;
      if (gauge !== undefined) metrics.gauge(gauge, help, value);
      else if (counter !== undefined) metrics.add('counter', counter, help, [[{}, value]]);
    }
  }
}

function addInstance(metrics: Metrics, info: InfoFields): void {
  const labels: Record<string, string> = {};
  for (const name of INSTANCE_LABELS) labels[name] = infoField(info, name) ?? '';
  metrics.add('gauge', 'instance_info', 'What server this is.', [[labels, 1]]);
  const forkUsec = numberOf(infoField(info, 'latest_fork_usec') ?? '');
  metrics.gauge('latest_fork_seconds', 'Time of the last fork.', forkUsec / 1e6);
  const uptime = numberOf(infoField(info, 'uptime_in_seconds') ?? '');
  const now = numberOf(infoField(info, 'server_time_usec') ?? '') / 1e6;
  metrics.gauge('start_time_seconds', 'When the server was started, Unix time.', now - uptime);
}

/** @returns the number of databases; 0 if CONFIG GET may not be used */
async function addConfig(metrics: Metrics, link: Link): Promise<number> {
  const reply = await allowed(link.command('CONFIG', 'GET', ...CONFIG_GAUGES, 'databases'));
  if (!Array.isArray(reply)) return 0;
  let databases = 0;
  for (let i = 0; i + 1 < reply.length; i += 2) {
    const name = String(reply[i]);
    const value = numberOf(String(reply[i + 1]));
    if (name === 'databases') databases = value;
    else metrics.gauge(`config_${name.replace('-', '_')}`, `CONFIG GET ${name}`, value);
  }
  return databases;
}

function addKeyspace(metrics: Metrics, info: InfoFields, databases: number): void {
  const keys = new Map<string, number>();
  const expiring = new Map<string, number>();
  const ttl: Sample[] = [];
  for (let i = 0; i < databases; i++) {
    keys.set(`db${i}`, 0);
    expiring.set(`db${i}`, 0);
  }
  for (const [db, text] of info.get('keyspace') ?? []) {
    const parts = infoParts(text);
    keys.set(db, Number(parts['keys']));
    expiring.set(db, Number(parts['expires']));
    ttl.push([{ db }, Number(parts['avg_ttl']) / 1000]);
  }
  metrics.add('gauge', 'db_keys', 'Keys by database.', byDatabase(keys));
  metrics.add('gauge', 'db_keys_expiring', 'Keys with a time to live.', byDatabase(expiring));
  metrics.add('gauge', 'db_avg_ttl_seconds', 'Mean time that such keys have left.', ttl);
}

function byDatabase(values: ReadonlyMap<string, number>): Sample[] {
  return [...values].map(([db, value]) => [{ db }, value]);
}

function addCommands(metrics: Metrics, info: InfoFields): void {
  const calls: Sample[] = [];
  const seconds: Sample[] = [];
  const rejected: Sample[] = [];
  const failed: Sample[] = [];
  const latency: Sample[] = [];
  const percentiles = info.get('latencystats');
  for (const [field, text] of info.get('commandstats') ?? []) {
    const cmd = field.slice('cmdstat_'.length);
    const parts = infoParts(text);
    const usec = Number(parts['usec']);
    calls.push([{ cmd }, Number(parts['calls'])]);
    seconds.push([{ cmd }, usec / 1e6]);
    rejected.push([{ cmd }, Number(parts['rejected_calls'])]);
    failed.push([{ cmd }, Number(parts['failed_calls'])]);
    const known = percentiles?.get(`latency_percentiles_usec_${cmd}`);
    if (known === undefined) continue;
    for (const [name, value] of Object.entries(infoParts(known))) {
      latency.push([{ cmd, quantile: name.slice(1) }, Number(value)]);
    }
    latency.push([{ cmd }, usec, '_sum'], [{ cmd }, Number(parts['calls']), '_count']);
  }
  metrics.add('counter', 'commands_total', 'Calls by command.', calls);
  metrics.add('counter', 'commands_duration_seconds_total', 'Time spent by command.', seconds);
  metrics.add(
    'counter',
    'commands_rejected_calls_total',
    'Calls refused before they ran.',
    rejected,
  );
  metrics.add('counter', 'commands_failed_calls_total', 'Calls that ended in an error.', failed);
  metrics.add('summary', 'latency_percentiles_usec', 'Time that calls have taken.', latency);
  const errors: Sample[] = [];
  for (const [field, text] of info.get('errorstats') ?? []) {
    errors.push([{ err: field.slice('errorstat_'.length) }, Number(infoParts(text)['count'])]);
  }
  metrics.add('counter', 'errors_total', 'Error replies by their first word.', errors);
}

function addReplication(metrics: Metrics, info: InfoFields): void {
  const offsets: Sample[] = [];
  const lags: Sample[] = [];
  for (const [field, text] of info.get('replication') ?? []) {
    if (!/^slave\d+$/.test(field)) continue;
    const { ip = '', port = '', state = '', offset, lag } = infoParts(text);
    const labels = { slave_ip: ip, slave_port: port, slave_state: state };
    offsets.push([labels, Number(offset)]);
    if (lag !== undefined) lags.push([labels, Number(lag)]);
  }
  metrics.add('gauge', 'connected_slave_offset_bytes', "How far a replica's data is.", offsets);
  metrics.add('gauge', 'connected_slave_lag_seconds', 'Since when it was not heard of.', lags);
}

async function addSlowLog(metrics: Metrics, link: Link): Promise<void> {
  const length = await allowed(link.command('SLOWLOG', 'LEN'));
  const entries = await allowed(link.command('SLOWLOG', 'GET', 1));
  if (typeof length === 'number')
    metrics.gauge('slowlog_length', 'Entries of the slow log.', length);
  if (!Array.isArray(entries)) return;
  const last = entries[0] as Reply[] | undefined;
  metrics.gauge('slowlog_last_id', 'Number of its newest entry.', Number(last?.[0] ?? 0));
  const seconds = Number(last?.[2] ?? 0) / 1e6;
  metrics.gauge('last_slow_execution_duration_seconds', 'How long that took.', seconds);
}

async function addLatency(metrics: Metrics, link: Link): Promise<void> {
  const events = await allowed(link.command('LATENCY', 'LATEST'));
  if (!Array.isArray(events)) return;
  const last: Sample[] = [];
  const spikes: Sample[] = [];
  for (const event of events as Reply[][]) {
    const labels = { event_name: String(event[0]) };
    last.push([labels, Number(event[1])]);
    spikes.push([labels, Number(event[2]) / 1000]);
  }
  metrics.add('gauge', 'latency_spike_last', 'When such an event was last noted, Unix time.', last);
  metrics.add('gauge', 'latency_spike_duration_seconds', 'How long it took.', spikes);
}

/** What a command that not every user may use says; undefined: this one may not. */
async function allowed(reply: Promise<Reply>): Promise<Reply | undefined> {
  try {
    return await reply;
  } catch (error) {
    if (error instanceof CommandError && error.code !== 'CLOSED') return undefined;
    throw error;
  }
}

/** A field's number; NaN for a text. */
function numberOf(text: string): number {
  return WORDS[text] ?? (text === '' ? Number.NaN : Number(text));
}
