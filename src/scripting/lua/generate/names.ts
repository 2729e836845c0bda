/**
 * What messages call the operands of an operation: "local 'x'", "field 'y'". PUC finds out from the
 * instruction that has loaded the operand; the tree says the same, but for constants that decide an
 * `and` or `or`, of which PUC makes no code.
 */
import { cString, type NameKind } from '../site.js';
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
  for (let inner = foldedInto(e); inner !== undefined; inner = foldedInto(e)) e = inner;
  return e.kind === 'string' ? cString(e.value) : '?';
}

/** What is left of an expression when constants have decided it, if they have. */
function foldedInto(e: Expression): Expression | undefined {
  if (e.kind === 'paren') return e.inner;
  if (e.kind === 'and' && isTrueConstant(e.left)) return e.right;
  const isDecided = e.kind === 'or' && (e.left.kind === 'nil' || e.left.kind === 'false');
  return isDecided ? e.right : undefined;
}

function isTrueConstant(start: Expression): boolean {
  let e = start;
  for (let inner = foldedInto(e); inner !== undefined; inner = foldedInto(e)) e = inner;
  if (e.kind === 'unary' && e.operator === 'not') {
    return e.operand.kind === 'nil' || e.operand.kind === 'false';
  }
  return e.kind === 'string' || e.kind === 'true' || isNumeral(e);
}

/** Whether PUC computes an expression when it compiles it. */
function isNumeral(e: Expression): boolean {
  if (e.kind === 'number') return true;
  if (e.kind === 'paren') return isNumeral(e.inner);
  if (e.kind === 'unary') return e.operator === '-' && isNumeral(e.operand);
  if (e.kind !== 'binary' || !'+-*/%^'.includes(e.operator)) return false;
  const divides = e.operator === '/' || e.operator === '%';
  if (divides && e.right.kind === 'number' && e.right.value === 0) return false;
  return isNumeral(e.left) && isNumeral(e.right);
}

/** The part of an expression that PUC makes code of, where it is not the whole: `1 and x`. */
function sameAs(e: Expression): Expression | undefined {
  if (e.kind === 'paren') return e.inner;
  if (e.kind === 'and') {
    if (isTrueConstant(e.left)) return e.right;
    return beginsWithJump(e.left, 'or') ? e.right : undefined;
  }
  if (e.kind === 'or') {
    if (e.left.kind === 'nil' || e.left.kind === 'false') return e.right;
    return beginsWithJump(e.left, 'and') ? e.right : undefined;
  }
  return undefined;
}

/**
 * Whether the first jump in the code of `e` leads behind it: in `p and q or r`, that of p leads to r.
 * PUC follows jumps when it looks for what has loaded a value, and so finds r.
 */
function beginsWithJump(e: Expression, kind: 'and' | 'or'): boolean {
  let inner = e;
  while (inner.kind === 'paren') inner = inner.inner;
  if (inner.kind !== kind) return false;
  let first = inner.left;
  while (first.kind === 'paren') first = first.inner;
  return !WITHOUT_JUMP.has(first.kind);
}

/** Constants make no code here; for operands that are `and` or `or` themselves it is not known. */
const WITHOUT_JUMP = new Set(['number', 'string', 'true', 'nil', 'false', 'and', 'or']);

/** As messages have it: "local 'x'"; '': there is no name. */
export function title(e: Expression): string {
  const { kind, name } = describe(e);
  return kind === '' ? '' : `${kind} '${name}'`;
}
