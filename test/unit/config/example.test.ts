/**
 * redis.conf.example is written from the declarations: this test holds it against them, and
 * `npx vitest run test/unit/config/example.test.ts --update` writes it anew.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { AnyDirective } from '../../../src/server/config/directive.js';
import { DIRECTIVE_GROUPS, type DirectiveName } from '../../../src/server/config/directives.js';
import { loadConfig } from '../../../src/server/config/file.js';
import { MemoryFiles, makeConfig } from './memory-files.js';

const PATH = fileURLToPath(new URL('../../../redis.conf.example', import.meta.url));
const WIDTH = 96;

const HEAD = `# respd: all directives, each with what it is for and its default
#
# Start the server with a file like this one as its first argument:
#
#     respd /path/to/redis.conf
#
# A line is a directive: its name, then its values, separated by blanks. A value with blanks in it
# stands in quotes ("with \\n, \\" and \\x00 escapes" or 'as it is'); "" is the empty text. Sizes take
# a unit in any case: 1k is 1000 bytes, 1kb is 1024; likewise m, mb, g and gb. The last line about
# a directive wins. A "#" begins a comment, at the beginning of a line or behind a complete
# directive.
#
# Everything here may also be given on the command line (--port 7000), most of it be changed while
# the server runs (CONFIG SET), and be written back to the file (CONFIG REWRITE); what can only be
# set at the start says so.

# ---------------------------------------------------------------------------------- Other files

# include reads another file at this place; its path is relative to dir, and may be a pattern that
# matches several files or none.
#
# include /etc/redis/local.conf
# include /etc/redis/conf.d/*.conf

# ------------------------------------------------------------------------- Users and commands

# user declares a user with its access rules, unless an aclfile does. rename-command gives a
# command another name, or takes it away ("").
#
# user alice on >secret ~cache:* +@read +@write -@dangerous
# rename-command FLUSHALL ""
`;

/** What says a default that CONFIG REWRITE says by leaving the directive out. */
const LEFT_OUT: Readonly<Record<string, string>> = {
  bind: '* -::*',
  'http-bind': '127.0.0.1 -::1',
  replicaof: 'no one',
};

function comment(text: string): string {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    const fits = last !== undefined && last.length + word.length < WIDTH;
    if (fits) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(`# ${word}`);
  }
  return lines.join('\n');
}

function entry(name: string, directive: AnyDirective): string {
  const remarks = [
    directive.about,
    directive.immutable ? 'Only at the start.' : '',
    directive.alias === undefined ? '' : `Also called ${directive.alias}.`,
    directive.note ?? '',
  ];
  const text = comment(remarks.filter((remark) => remark !== '').join(' '));
  const lines = defaultLines(name).map((line) => `${name} ${line}\n`);
  return `${text}\n${lines.join('')}`;
}

function defaultLines(name: string): string[] {
  if (name === 'dir') return ['./'];
  const lines = makeConfig().rewriteLines(name as DirectiveName);
  return lines.length > 0 ? lines.map((line) => line.text) : [LEFT_OUT[name] ?? '""'];
}

function exampleText(): string {
  const chapters = DIRECTIVE_GROUPS.map(({ title, directives }) => {
    const shown = Object.entries(directives).filter(([, directive]) => !directive.hidden);
    const rule = `# ${'-'.repeat(WIDTH - title.length - 3)} ${title}`;
    return [rule, ...shown.map(([name, directive]) => entry(name, directive))].join('\n\n');
  });
  return [HEAD, ...chapters].join('\n').replace(/\n{3,}/g, '\n\n');
}

describe('redis.conf.example', () => {
  it('says of every directive what its declaration says', async () => {
    await expect(exampleText()).toMatchFileSnapshot(PATH);
  });

  it('names every directive that is not hidden, with its default', () => {
    const lines = readFileSync(PATH, 'utf8').split('\n');
    for (const { directives } of DIRECTIVE_GROUPS)
      for (const [name, directive] of Object.entries(directives)) {
        const isNamed = lines.some((line) => line.startsWith(`${name} `));
        expect([name, isNamed]).toEqual([name, !directive.hidden]);
      }
  });

  it('is read without error and changes nothing', () => {
    const config = makeConfig();
    const files = new MemoryFiles({ '/example': readFileSync(PATH, 'utf8') });
    const extras = loadConfig(config, files, { configFile: '/example' });
    expect(config.values).toEqual(makeConfig().values);
    expect(extras).toEqual({ renames: [], users: [], sentinel: [], warnings: [] });
  });

  it('keeps to 100 columns', () => {
    const long = readFileSync(PATH, 'utf8')
      .split('\n')
      .filter((line) => line.length > 100);
    expect(long).toEqual([]);
  });
});
