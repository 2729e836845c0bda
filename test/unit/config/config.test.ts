import { describe, expect, it } from 'vitest';
import type { Config, SetResult } from '../../../src/server/config/config.js';
import { ConfigError } from '../../../src/server/config/config-error.js';
import { fromLatin1, toLatin1 } from '../../../src/server/config/config-text.js';
import { SETS } from './facts-7.2.6.js';
import { HOME, makeConfig } from './memory-files.js';

const LOCAL = { isLocal: true };
const REMOTE = { isLocal: false };

/** CONFIG SET where no hook is asynchronous. */
function setNow(config: Config, ...words: string[]): SetResult {
  const pairs = words.flatMap((word, i): [string, string][] =>
    i % 2 === 0 ? [[word, words[i + 1] as string]] : [],
  );
  const result = config.set(pairs, LOCAL);
  if (result instanceof Promise) throw new Error('CONFIG SET was expected to be synchronous');
  return result;
}

const failed = (name: string, reason: string): string =>
  `ERR CONFIG SET failed (possibly related to argument '${name}') - ${reason}`;

describe('CONFIG GET', () => {
  it('answers each name once, however many patterns match it', () => {
    const names = makeConfig()
      .get(['maxmemory*', 'maxmemory', 'MAXMEMORY-P*'])
      .map(([n]) => n);
    expect(names).toEqual([
      'maxmemory',
      'maxmemory-policy',
      'maxmemory-samples',
      'maxmemory-eviction-tenacity',
      'maxmemory-clients',
    ]);
  });

  it('gives a name without pattern characters back as it was written', () => {
    expect(makeConfig().get(['MaxMemory', 'maxmemory'])).toEqual([['MaxMemory', '0']]);
  });

  it('answers nothing for a name that is none', () => {
    expect(makeConfig().get(['bla', 'toString', 'bla*'])).toEqual([]);
  });

  it('shows both names of a directive that has two', () => {
    expect(makeConfig().get(['*lave-priority', 'replica-priorit?'])).toEqual([
      ['slave-priority', '100'],
      ['replica-priority', '100'],
    ]);
  });

  it('never shows a spelling that is only understood, unless asked for it', () => {
    const config = makeConfig();
    expect(config.get(['active-defrag-e*'])).toEqual([]);
    expect(config.get(['active-defrag-enabled'])).toEqual([['active-defrag-enabled', 'no']]);
  });
});

describe('CONFIG SET', () => {
  it('answers as Redis 7.2.6 does, word for word', () => {
    const config = makeConfig();
    for (const { set, error, shown } of SETS) {
      const result = setNow(config, ...set);
      expect({ set, error: result.error }).toEqual({ set, error });
      if (shown !== undefined)
        expect([set, config.get([set[0] as string])[0]?.[1]]).toEqual([set, shown]);
    }
  });

  it('sets all pairs or none', () => {
    const config = makeConfig();
    expect(setNow(config, 'timeout', '7', 'hz', '20')).toEqual({ changed: ['timeout', 'hz'] });
    expect(setNow(config, 'timeout', '8', 'hz', 'x').changed).toEqual([]);
    expect(config.values.timeout).toBe(7);
    expect(config.values.hz).toBe(20);
  });

  it('says which values are not what they were', () => {
    expect(setNow(makeConfig(), 'timeout', '0', 'hz', '11').changed).toEqual(['hz']);
  });

  it('refuses a protected directive unless the configuration allows it', () => {
    const pair: [string, string][] = [['dbfilename', 'x.rdb']];
    const allowed = (who: 'no' | 'yes' | 'local', origin: { isLocal: boolean }): unknown => {
      const config = makeConfig();
      config.initialize('enable-protected-configs', who);
      return (config.set(pair, origin) as SetResult).error;
    };
    const refused = failed('dbfilename', "can't set protected config");
    expect(allowed('no', LOCAL)).toBe(refused);
    expect(allowed('local', REMOTE)).toBe(refused);
    expect(allowed('local', LOCAL)).toBeUndefined();
    expect(allowed('yes', REMOTE)).toBeUndefined();
  });

  it('answers -LOADING for some directives while a data set is loaded', () => {
    let isLoading = true;
    const config = makeConfig();
    config.isLoading = () => isLoading;
    const loading = 'LOADING Redis is loading the dataset in memory';
    expect(setNow(config, 'appendonly', 'yes').error).toBe(loading);
    expect(setNow(config, 'loglevel', 'debug').error).toBeUndefined();
    isLoading = false;
    expect(setNow(config, 'appendonly', 'yes').error).toBeUndefined();
  });

  it('resolves dir against the present one', () => {
    const config = makeConfig();
    config.initialize('enable-protected-configs', 'yes');
    setNow(config, 'dir', 'a');
    setNow(config, 'dir', 'b');
    expect(config.values.dir).toBe(`${HOME}/a/b`);
    expect(setNow(config, 'dir', 'missing').error).toBe(failed('dir', 'No such file or directory'));
  });

  it('keeps bytes that are no UTF-8', () => {
    const config = makeConfig();
    const secret = '\xff\x00\xc3\xa4';
    config.setLatin1([['masterauth', secret]], LOCAL);
    expect(config.getLatin1(['masterauth'])).toEqual([['masterauth', secret]]);
    expect(toLatin1(config.values.masterauth)).toBe(secret);
    const { error } = config.setLatin1([['b\xc3\xa4h', '1']], LOCAL) as SetResult;
    expect(fromLatin1(error as string)).toContain("'bäh'");
  });
});

describe('hooks', () => {
  it('run once for several directives that changed together, with the values before and after', () => {
    const config = makeConfig();
    const seen: unknown[] = [];
    config.onChange(['timeout', 'hz', 'port'], (now, before) => {
      seen.push([before.timeout, now.timeout, before.hz, now.hz]);
      return undefined;
    });
    setNow(config, 'timeout', '7', 'hz', '20');
    expect(seen).toEqual([[0, 7, 10, 20]]);
  });

  it('do not run when nothing changed, unless the directive always applies', () => {
    const config = makeConfig();
    let calls = 0;
    config.onChange(['timeout'], () => void calls++);
    setNow(config, 'timeout', '0');
    expect(calls).toBe(0);
    config.onChange(['tls-cert-file'], () => void calls++);
    setNow(config, 'tls-cert-file', '');
    expect(calls).toBe(1);
  });

  it('do not run at startup, nor after they were taken away', () => {
    const config = makeConfig();
    let calls = 0;
    const remove = config.onChange(['timeout'], () => void calls++);
    config.initialize('timeout', 5);
    remove();
    setNow(config, 'timeout', '7');
    expect(calls).toBe(0);
  });

  it('that fail bring all old values back and run again, and the error is blamed on a directive', () => {
    const warnings: string[] = [];
    const config = makeConfig(warnings);
    const ports: number[] = [];
    config.onChange(['maxmemory'], () => undefined);
    config.onChange(['port'], ({ port }) => {
      ports.push(port);
      return port === 1 ? 'Unable to listen on this port. Check server logs.' : undefined;
    });
    const result = setNow(config, 'maxmemory', '10mb', 'port', '1');
    expect(result).toEqual({
      error: failed('port', 'Unable to listen on this port. Check server logs.'),
      changed: [],
    });
    expect(ports).toEqual([1, 6379]);
    expect([config.values.maxmemory, config.values.port]).toEqual([0, 6379]);
    expect(warnings).toEqual([
      'Failed applying new configuration. Possibly related to new port setting. ' +
        'Restoring previous settings.',
    ]);
  });

  it('that throw have failed too, and one that cannot go back is logged', () => {
    const warnings: string[] = [];
    const config = makeConfig(warnings);
    config.onChange(['hz'], () => {
      throw new Error('broken');
    });
    expect(setNow(config, 'hz', '20').error).toBe(failed('hz', 'broken'));
    expect(warnings.at(-1)).toBe('Failed applying restored failed CONFIG SET command: broken');
  });

  it('may be asynchronous; the next CONFIG SET waits for them', async () => {
    const config = makeConfig();
    const order: string[] = [];
    let finish: (reason: string | undefined) => void = () => {};
    config.onChange(['port'], ({ port }) => {
      order.push(`port ${port}`);
      return new Promise((resolve) => (finish = resolve));
    });
    config.onChange(['timeout'], ({ timeout }) => void order.push(`timeout ${timeout}`));
    const first = config.set([['port', '7000']], LOCAL);
    const second = config.set([['timeout', '3']], LOCAL);
    expect(first).toBeInstanceOf(Promise);
    expect(order).toEqual(['port 7000']);
    finish(undefined);
    expect(await first).toEqual({ changed: ['port'] });
    expect(await second).toEqual({ changed: ['timeout'] });
    expect(order).toEqual(['port 7000', 'timeout 3']);
    expect(config.set([['timeout', '4']], LOCAL)).not.toBeInstanceOf(Promise);
  });

  it('that fail later roll back later', async () => {
    const config = makeConfig();
    config.onChange(['bind'], async ({ bind }) =>
      bind[0] === '9.9.9.9' ? 'Failed to bind to specified addresses.' : undefined,
    );
    const { error } = await config.set([['bind', '9.9.9.9']], LOCAL);
    expect(error).toBe(failed('bind', 'Failed to bind to specified addresses.'));
    expect(config.values.bind).toEqual(['*', '-::*']);
  });
});

describe('initialize', () => {
  it('takes natural values', () => {
    const config = makeConfig();
    config.initialize('maxmemory', '100mb');
    config.initialize('repl-backlog-size', 2 ** 21);
    config.initialize('appendonly', true);
    config.initialize('rdbcompression', 'no');
    config.initialize('save', [{ seconds: 5, changes: 6 }]);
    config.initialize('bind', ['127.0.0.1', '::1']);
    config.initialize('unixsocketperm', 0o700);
    config.initialize('client-output-buffer-limit', {
      pubsub: { hardBytes: 1, softBytes: 2, softSeconds: 3 },
    });
    config.initialize('shutdown-on-sigterm', ['now', 'force']);
    config.initialize('replicaof', { host: 'a', port: 1 });
    config.initialize('oom-score-adj-values', [1, 2, 3]);
    config.initialize('latency-tracking-info-percentiles', [99.95]);
    const { values } = config;
    expect(values.maxmemory).toBe(104857600);
    expect(values['repl-backlog-size']).toBe(2097152);
    expect(values.appendonly).toBe(true);
    expect(values.rdbcompression).toBe(false);
    expect(values.save).toEqual([{ seconds: 5, changes: 6 }]);
    expect(values.bind).toEqual(['127.0.0.1', '::1']);
    expect(values.unixsocketperm).toBe(0o700);
    expect(values['client-output-buffer-limit'].pubsub.softSeconds).toBe(3);
    expect(values['client-output-buffer-limit'].replica.softSeconds).toBe(60);
    expect(values['shutdown-on-sigterm']).toEqual(['now', 'force']);
    expect(values.replicaof).toEqual({ host: 'a', port: 1 });
    expect(values['oom-score-adj-values']).toEqual([1, 2, 3]);
    expect(values['latency-tracking-info-percentiles']).toEqual([99.95]);
  });

  it('takes the empty forms', () => {
    const config = makeConfig();
    config.initialize('save', '');
    config.initialize('bind', []);
    config.initialize('shutdown-on-sigint', []);
    config.initialize('replicaof', null);
    config.initialize('latency-tracking-info-percentiles', []);
    expect(config.get(['save', 'bind', 'shutdown-on-sigint', 'replicaof']).flat()).toEqual([
      ...['save', '', 'bind', '', 'shutdown-on-sigint', 'default', 'replicaof', ''],
    ]);
    config.initialize('save', []);
    expect(config.values.save).toEqual([]);
  });

  it('throws a ConfigError that names the directive', () => {
    const config = makeConfig();
    const thrown = (action: () => void): unknown => {
      try {
        action();
      } catch (error) {
        return error;
      }
      return undefined;
    };
    const bad = thrown(() => config.initialize('port', 70000));
    expect(bad).toBeInstanceOf(ConfigError);
    expect(bad).toMatchObject({
      code: 'BAD_VALUE',
      directive: 'port',
      message: 'port: argument must be between 0 and 65535 inclusive',
    });
    expect(thrown(() => config.initialize('prot' as 'port', 1))).toMatchObject({
      code: 'UNKNOWN_DIRECTIVE',
      directive: 'prot',
    });
    expect(thrown(() => config.initialize('port', 1.5))).toMatchObject({ code: 'BAD_VALUE' });
    expect(thrown(() => config.initialize('save', 5 as never))).toMatchObject({
      code: 'BAD_VALUE',
    });
    for (const [name, value] of [
      ['bind', 5],
      ['appendonly', 1],
      ['requirepass', {}],
      ['appendfsync', ['always']],
      ['save', [5]],
      ['replicaof', 7],
      ['client-output-buffer-limit', { normal: {} }],
      ['notify-keyspace-events', null],
    ] as const) {
      const error = thrown(() => config.initialize(name, value as never));
      expect(error).toMatchObject({ code: 'BAD_VALUE', directive: name });
    }
    expect(thrown(() => config.initialize('bind', undefined))).toBeUndefined();
  });
});
