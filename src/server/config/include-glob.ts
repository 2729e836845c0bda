/**
 * The files that an `include` names: one path, or all that match a shell pattern, sorted.
 *
 * Patterns are those of glob(3): `*`, `?` and `[...]` match within one path component, and none of
 * them matches a leading dot.
 */
import { join, parse } from 'node:path';
import { globMatchText } from '../../text/glob.js';
import type { ConfigFiles } from './host.js';

const PATTERN_CHARACTERS = /[*?[]/;

/** Whether a path is a pattern, which may match nothing without that being an error. */
export function isPathPattern(path: string): boolean {
  return PATTERN_CHARACTERS.test(path);
}

/** The existing paths that an absolute pattern matches, in the order of their names. */
export function matchingPaths(pattern: string, files: ConfigFiles): string[] {
  const { root } = parse(pattern);
  const components = pattern
    .slice(root.length)
    .split(/[\\/]/)
    .filter((part) => part !== '');
  let paths = [root];
  for (const component of components) {
    paths = paths.flatMap((path) => entriesMatching(path, component, files));
  }
  return paths;
}

function entriesMatching(directory: string, component: string, files: ConfigFiles): string[] {
  if (!isPathPattern(component)) {
    const path = join(directory, component);
    return files.exists(path) ? [path] : [];
  }
  // glob(3) negates a class with `!`, Redis's own patterns with `^`.
  const pattern = component.replaceAll('[!', '[^');
  return files
    .list(directory)
    .filter((name) => !name.startsWith('.') || component.startsWith('.'))
    .filter((name) => globMatchText(pattern, name))
    .sort()
    .map((name) => join(directory, name));
}
