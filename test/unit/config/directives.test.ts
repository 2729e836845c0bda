import { describe, expect, it } from 'vitest';
import type { AnyDirective } from '../../../src/server/config/directive.js';
import {
  DIRECTIVE_GROUPS,
  DIRECTIVES,
  findDirective,
  isSensitive,
  registeredNames,
} from '../../../src/server/config/directives.js';
import { HIDDEN, IMMUTABLE, PROTECTED, SHOWN } from './facts-7.2.6.js';
import { HOME, makeConfig } from './memory-files.js';

/** Directives that Redis does not have, with what each is there for. */
const OUR_OWN: Readonly<Record<string, string>> = {
  'http-port': 'metrics and a page to look at are beside Redis 7.2',
  'http-bind': 'where that port is',
  'log-format': 'logs for machines: Redis 7.2 can only write its own lines',
  'rdb-version': 'files for an older server, which Redis 7.2 can only write in its own version',
};
/** Where respd's defaults are not Redis's, by name, with the reason. There is none so far. */
const OTHER_DEFAULTS: Readonly<Record<string, string>> = {};

const all = Object.entries(DIRECTIVES) as [string, AnyDirective][];

function namesWith(has: (directive: AnyDirective) => unknown): string[] {
  return [...registeredNames()]
    .filter(({ directive, isListed }) => isListed && has(directive))
    .filter(({ primary }) => !(primary in OUR_OWN))
    .map(({ name }) => name)
    .sort();
}

describe('the directives', () => {
  it('are those that CONFIG GET * of Redis 7.2.6 shows, with the same defaults', () => {
    const expected = { ...SHOWN, ...OTHER_DEFAULTS, dir: HOME };
    const shown = makeConfig()
      .get(['*'])
      .filter(([name]) => !(name in OUR_OWN));
    expect(Object.fromEntries(shown)).toEqual(expected);
  });

  it('beyond those of Redis are listed here, and exist', () => {
    const redis = new Set([...Object.keys(SHOWN), ...Object.keys(HIDDEN)]);
    const names = Object.keys(DIRECTIVES).filter((name) => !redis.has(name));
    expect(names).toEqual(Object.keys(OUR_OWN));
  });

  it('include the hidden ones, which answer to their exact name only', () => {
    const config = makeConfig();
    expect(Object.fromEntries(config.get(Object.keys(HIDDEN)))).toEqual(HIDDEN);
    for (const name of Object.keys(HIDDEN)) expect(config.get([`${name}*`])).toEqual([]);
  });

  it('are immutable where Redis says so, and only there', () => {
    expect(namesWith((directive) => directive.immutable)).toEqual(IMMUTABLE);
  });

  it('are protected where Redis says so, and only there', () => {
    expect(namesWith((directive) => directive.protected)).toEqual(PROTECTED);
  });

  it('mark passwords as secret, by any of their names', () => {
    expect(namesWith((directive) => directive.sensitive)).toEqual([
      'masterauth',
      'masteruser',
      'requirepass',
    ]);
    expect(isSensitive('RequirePass')).toBe(true);
    expect(isSensitive('port')).toBe(false);
    expect(isSensitive('nothing')).toBe(false);
  });

  it('are refused while loading where Redis says so', () => {
    expect(namesWith((directive) => directive.denyWhileLoading)).toEqual([
      'appendonly',
      'dir',
      'repl-diskless-load',
    ]);
  });

  it('stand in one chapter each', () => {
    const grouped = DIRECTIVE_GROUPS.flatMap(({ directives }) => Object.keys(directives));
    expect(grouped).toEqual(Object.keys(DIRECTIVES));
    expect(new Set(grouped).size).toBe(grouped.length);
  });

  it.each(all)('%s says what it is for in a sentence', (_name, directive) => {
    expect(directive.about).toMatch(/^[A-Z"].*\.$/s);
    expect(directive.note ?? 'A note.').toMatch(/^[A-Za-z].*\.$/s);
  });

  it.each(all)(
    "%s takes the text of its own default, and rewrites it to a line that isn't needed",
    (name, directive) => {
      const config = makeConfig();
      const before = config.textOf(name as keyof typeof DIRECTIVES);
      if (name === 'replicaof') return;
      const words = directive.kind.takesMany && before !== '' ? before.split(' ') : [before];
      expect(config.load(name, words)).toBeUndefined();
      expect(config.textOf(name as keyof typeof DIRECTIVES)).toBe(before);
      const alwaysWritten = ['dir', 'save', 'latency-tracking-info-percentiles'];
      const needed = config.rewriteLines(name as keyof typeof DIRECTIVES).some((l) => l.isNeeded);
      expect(needed).toBe(alwaysWritten.includes(name));
    },
  );

  it('are found by name, alias and old spelling in any case of letters', () => {
    expect(findDirective('MaxMemory')?.primary).toBe('maxmemory');
    expect(findDirective('slave-priority')?.primary).toBe('replica-priority');
    expect(findDirective('active-defrag-enabled')?.primary).toBe('activedefrag');
    expect(findDirective('constructor')).toBeUndefined();
  });
});
