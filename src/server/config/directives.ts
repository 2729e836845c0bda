/**
 * All directives: the table that everything else about configuration is derived from.
 *
 * The groups are the chapters of redis.conf.example, in its order. `DirectiveValues` is the type
 * of `config.values`, `DirectiveOptions` the one of createServer's options; both are computed
 * from the declarations, so neither can be out of date.
 */
import type { AnyDirective, NaturalOf, ValueOf } from './directive.js';
import { clusterDirectives } from './directives-cluster.js';
import { encodingDirectives } from './directives-encoding.js';
import { generalDirectives } from './directives-general.js';
import { defragDirectives, lazyFreeDirectives, memoryDirectives } from './directives-memory.js';
import { networkDirectives } from './directives-network.js';
import { observeDirectives, scriptingDirectives } from './directives-observe.js';
import { appendOnlyDirectives, snapshotDirectives } from './directives-persistence.js';
import { replicationDirectives } from './directives-replication.js';
import { securityDirectives } from './directives-security.js';
import { systemDirectives } from './directives-system.js';
import { tlsDirectives } from './directives-tls.js';

/** A chapter of directives. */
export interface DirectiveGroup {
  readonly title: string;
  readonly directives: Readonly<Record<string, AnyDirective>>;
}

export const DIRECTIVE_GROUPS: readonly DirectiveGroup[] = [
  { title: 'Network', directives: networkDirectives },
  { title: 'TLS', directives: tlsDirectives },
  { title: 'General', directives: generalDirectives },
  { title: 'Snapshots', directives: snapshotDirectives },
  { title: 'Append-only file', directives: appendOnlyDirectives },
  { title: 'Replication', directives: replicationDirectives },
  { title: 'Security', directives: securityDirectives },
  { title: 'Memory', directives: memoryDirectives },
  { title: 'Lazy freeing', directives: lazyFreeDirectives },
  { title: 'Defragmentation', directives: defragDirectives },
  { title: 'Encodings', directives: encodingDirectives },
  { title: 'Scripts', directives: scriptingDirectives },
  { title: 'Cluster', directives: clusterDirectives },
  { title: 'Slow log, latency, events', directives: observeDirectives },
  { title: 'System', directives: systemDirectives },
];

export const DIRECTIVES = {
  ...networkDirectives,
  ...tlsDirectives,
  ...generalDirectives,
  ...snapshotDirectives,
  ...appendOnlyDirectives,
  ...replicationDirectives,
  ...securityDirectives,
  ...memoryDirectives,
  ...lazyFreeDirectives,
  ...defragDirectives,
  ...encodingDirectives,
  ...scriptingDirectives,
  ...clusterDirectives,
  ...observeDirectives,
  ...systemDirectives,
};

type Directives = typeof DIRECTIVES;
export type DirectiveName = keyof Directives;
/** Every directive's value, by its first name. */
export type DirectiveValues = { [Name in DirectiveName]: ValueOf<Directives[Name]> };
/** What createServer takes: any directive by its first name, in any form that is natural. */
export type DirectiveOptions = { [Name in DirectiveName]?: NaturalOf<Directives[Name]> };

/** One name that a directive answers to. */
export interface RegisteredName {
  readonly name: string;
  readonly primary: DirectiveName;
  readonly directive: AnyDirective;
  readonly isPrimary: boolean;
  /** Whether CONFIG GET shows it to a pattern. */
  readonly isListed: boolean;
}

const REGISTERED: ReadonlyMap<string, RegisteredName> = new Map(
  Object.entries(DIRECTIVES).flatMap(([primary, directive]) =>
    namesOf(primary as DirectiveName, directive as AnyDirective).map(
      (registered): [string, RegisteredName] => [registered.name, registered],
    ),
  ),
);

/** The directive of that name, in any case of letters, an alias included. */
export function findDirective(name: string): RegisteredName | undefined {
  return REGISTERED.get(name.toLowerCase());
}

/** Every name there is: each directive's first one, then its others. */
export function registeredNames(): IterableIterator<RegisteredName> {
  return REGISTERED.values();
}

/** Whether CONFIG SET's value of that name must not be shown to anyone. */
export function isSensitive(name: string): boolean {
  return findDirective(name)?.directive.sensitive === true;
}

function namesOf(primary: DirectiveName, directive: AnyDirective): RegisteredName[] {
  const isShown = directive.hidden !== true;
  const aliases = directive.alias === undefined ? [] : [directive.alias];
  return [
    { name: primary, primary, directive, isPrimary: true, isListed: isShown },
    ...aliases.map((name) => ({ name, primary, directive, isPrimary: false, isListed: isShown })),
    ...(directive.alsoRead ?? []).map((name) => ({
      name,
      primary,
      directive,
      isPrimary: false,
      isListed: false,
    })),
  ];
}
