/**
 * What messages call the operands of an operation: "local 'x'", "field 'y'". PUC finds out from the
 * instruction that has loaded the operand; the tree says the same, but for constants that decide an
 * `and` or `or`, of which PUC makes no code.
 */
import type { NameKind } from '../site.js';
import type { Expression } from '../syntax/tree.js';

/** Name and kind by which messages call an expression. */
export function describe(start: Expression): { kind: NameKind; name: string } {
  let e = start;
  for (let inner = sameAs(e); inner !== undefined; inner = sameAs(e)) e = inner;
  switch (e.kind) {
    case 'local':
    case 'upvalue':
      return { kind: e.kind, name: e.variable.name };
    case 'global':
      return { kind: 'global', name: e.name };
    case 'index':
      return { kind: 'field', name: constantKey(e.key) };
    default:
      return { kind: '', name: '' };
  }
}

function constantKey(key: Expression): string {
  let e = key;
  while (e.kind === 'paren') e = e.inner;
  return e.kind === 'string' ? e.value : '?';
}

/** The part of an expression that PUC makes code of, where it is not the whole: `1 and x`. */
function sameAs(e: Expression): Expression | undefined {
  if (e.kind === 'paren') return e.inner;
  if (e.kind === 'and') {
    const { kind } = e.left;
    return kind === 'number' || kind === 'string' || kind === 'true' ? e.right : undefined;
  }
  if (e.kind === 'or') {
    return e.left.kind === 'nil' || e.left.kind === 'false' ? e.right : undefined;
  }
  return undefined;
}

/** As messages have it: "local 'x'"; '': there is no name. */
export function title(e: Expression): string {
  const { kind, name } = describe(e);
  return kind === '' ? '' : `${kind} '${name}'`;
}
