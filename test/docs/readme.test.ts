/**
 * The README's table of commands is made from the declarations. After a change:
 * `UPDATE_README=1 npx vitest run test/docs`.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { allCommands } from '../../src/commands/index.js';
import type { CommandSpec } from '../../src/server/api/command.js';
import { RESPD_VERSION } from '../../src/server/api/version.js';

const README = new URL('../../README.md', import.meta.url);
const SECTION = /(<!-- commands -->\n)[\s\S]*?(<!-- \/commands -->)/;

test('the README lists every command', () => {
  const text = readFileSync(README, 'utf8');
  const wanted = text.replace(SECTION, `$1${commandTable(allCommands)}$2`);
  if (process.env['UPDATE_README']) writeFileSync(README, wanted);
  else expect(text).toBe(wanted);
});

test('the version in package.json is the one the server tells', () => {
  const pkg = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  expect(JSON.parse(pkg).version).toBe(RESPD_VERSION);
});

function commandTable(specs: readonly CommandSpec[]): string {
  const groups = new Map<string, string[]>();
  for (const spec of specs) {
    const names = groups.get(spec.group) ?? [];
    names.push(spec.name.toUpperCase() + subcommands(spec));
    groups.set(spec.group, names);
  }
  const rows = [...groups]
    .sort()
    .map(([group, names]) => `| ${group} | ${names.sort().join(', ')} |`);
  return `| group | commands |\n| --- | --- |\n${rows.join('\n')}\n`;
}

function subcommands({ subcommands: subs }: CommandSpec): string {
  if (subs === undefined) return '';
  return ` (${subs
    .map((sub) => sub.name.toUpperCase())
    .sort()
    .join(' ')})`;
}
