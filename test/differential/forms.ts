/**
 * The forms of commands: each command that can be sent by itself, a container's subcommands among
 * them (`client|id`), with what the generator has to know of its arguments.
 */
import type { ArgSpec, CommandDeclaration } from '../../src/server/api/declaration.js';
import { isTtl } from './values.js';

export interface Form {
  /** `get`, `client|id`. */
  readonly name: string;
  /** What a request begins with: `['GET']`, `['CLIENT', 'ID']`. */
  readonly words: readonly string[];
  readonly spec: CommandDeclaration;
  /** Where a time to live may stand. */
  readonly ttl: TtlPlaces;
}

export interface TtlPlaces {
  /** Arguments' numbers, the command's name being 0. */
  readonly indexes: ReadonlySet<number>;
  /** Words after which it stands, in capitals. */
  readonly tokens: ReadonlySet<string>;
}

/** All forms of these commands, and of their subcommands. */
export function formsOf(specs: readonly CommandDeclaration[]): Form[] {
  return specs.flatMap((spec) => [
    formOf([spec.name.toUpperCase()], spec),
    ...(spec.subcommands ?? []).map((sub) =>
      formOf([spec.name.toUpperCase(), sub.name.toUpperCase()], sub),
    ),
  ]);
}

/** Forms by the requests that are taken for them. */
export class FormTable {
  private readonly byName: ReadonlyMap<string, Form>;

  constructor(forms: readonly Form[]) {
    this.byName = new Map(forms.map((form) => [form.name, form]));
  }

  /** What a server takes a request for: a container itself, if it has no such subcommand. */
  of(request: readonly Buffer[]): Form | undefined {
    const name = request[0]?.toString('latin1').toLowerCase() ?? '';
    const form = name.includes('|') ? undefined : this.byName.get(name);
    if (form?.spec.subcommands === undefined || request.length < 2) return form;
    return this.byName.get(`${name}|${request[1]!.toString('latin1').toLowerCase()}`) ?? form;
  }
}

/** Whether a version such as `7.0.15` has what is there since `since`. */
export function isSince(version: string, since: string): boolean {
  const has = version.split('.').map(Number);
  const needs = since.split('.').map(Number);
  for (let i = 0; i < needs.length; i++) {
    const difference = (has[i] ?? 0) - needs[i]!;
    if (difference !== 0) return difference > 0;
  }
  return true;
}

function formOf(words: readonly string[], spec: CommandDeclaration): Form {
  const args = spec.args ?? [];
  return {
    name: words.join('|').toLowerCase(),
    words,
    spec,
    ttl: { indexes: fixedTtls(args, words.length), tokens: new Set(ttlTokens(args)) },
  };
}

/** Times to live among the leading arguments, whose places are fixed. */
function fixedTtls(args: readonly ArgSpec[], from: number): Set<number> {
  const found = new Set<number>();
  let index = from;
  for (const arg of args) {
    if (arg.optional || arg.multiple || arg.token || arg.args !== undefined) break;
    if (isTtl(arg)) found.add(index);
    index++;
  }
  return found;
}

function ttlTokens(args: readonly ArgSpec[]): string[] {
  return args.flatMap((arg) => [
    ...(isTtl(arg) && arg.token !== undefined ? [arg.token.toUpperCase()] : []),
    ...ttlTokens(arg.args ?? []),
  ]);
}
