/**
 * Finds the functions that get a plain form beside the generator: see call.ts.
 *
 * A plain form that meets what it cannot do gives up, and the generator does all of it again. So it
 * must have changed nothing by then. From the end of the function backwards: once something has been
 * passed that may make it give up, nothing before that may have an effect.
 *
 *     function f(t, x)
 *       local y = x + 1        may meet a metamethod: gives up
 *       t.n = y                may give up, else has an effect
 *       return y               so: nothing behind the effect gives up. A plain form it gets.
 *     end
 *
 * A call may do both. Where something behind it may give up, the plain form calls only functions
 * that are pure; in a script's main function also redis.call, whose results are kept (replay.ts).
 * Functions with loops or functions in them get no plain form.
 */
import type { Call, Expression, FunctionNode, Statement } from '../syntax/tree.js';
import { isConstant, isNumber } from './numbers.js';

export interface PlainForm {
  /** Whether it has no effect at all. */
  readonly isPure: boolean;
  /** Calls that only pure functions may answer. */
  readonly pureCalls: ReadonlySet<Call>;
  readonly hasCalls: boolean;
  /** Whether those calls may also be answered by functions whose results are kept. */
  readonly isReplayed: boolean;
}

/** Functions larger than so many nodes of the tree get none: the code is there twice. */
const MAX_NODES = 400;

/**
 * @param isReplayed whether its calls of redis.call need not be made again by the generator
 * @returns undefined: it can have none
 */
export function findPlainForm(node: FunctionNode, isReplayed: boolean): PlainForm | undefined {
  if (node.hasLoops || node.hasFunctions) return undefined;
  const finder = new Finder();
  finder.visitAll(node.body);
  if (finder.fails || finder.nodes > MAX_NODES) return undefined;
  const { isPure, pureCalls, hasCalls } = finder;
  return { isPure, pureCalls, hasCalls, isReplayed };
}

/** Whether an operation takes no metamethod for sure. */
function isSure(e: Expression & { kind: 'binary' }): boolean {
  if (e.operator === '==' || e.operator === '~=') {
    if (isConstant(e.left) || isConstant(e.right)) return true;
  }
  return isNumber(e.left) && isNumber(e.right) && e.operator !== '..';
}

class Finder {
  fails = false;
  isPure = true;
  hasCalls = false;
  nodes = 0;
  readonly pureCalls = new Set<Call>();
  /** Whether something behind this point may give up. */
  private givesUpLater = false;

  visitAll(body: readonly Statement[]): void {
    for (let i = body.length - 1; i >= 0 && !this.isTooMuch(); i--) this.visit(body[i]);
  }

  private isTooMuch(): boolean {
    return this.fails || this.nodes > MAX_NODES;
  }

  private effect(): void {
    this.isPure = false;
    if (this.givesUpLater) this.fails = true;
  }

  private visit(statement: Statement): void {
    this.nodes++;
    switch (statement.kind) {
      case 'local':
        this.expressions(statement.values);
        break;
      case 'assign':
        for (const target of statement.targets) this.store(target);
        this.expressions(statement.values);
        for (const target of statement.targets) this.targetParts(target);
        break;
      case 'call':
        this.expression(statement.call);
        break;
      case 'do':
        this.visitAll(statement.body);
        break;
      case 'if':
        this.visitIf(statement);
        break;
      case 'return':
        this.givesUpLater = false;
        this.expressions(statement.values);
        break;
      default:
        this.fails = true;
    }
  }

  private visitIf(statement: Statement & { kind: 'if' }): void {
    const after = this.givesUpLater;
    this.visitAll(statement.otherwise ?? []);
    for (let i = statement.clauses.length - 1; i >= 0; i--) {
      const orElse = this.givesUpLater;
      this.givesUpLater = after;
      this.visitAll(statement.clauses[i].body);
      this.givesUpLater ||= orElse;
      this.expression(statement.clauses[i].condition);
    }
  }

  private store(target: Expression): void {
    if (target.kind === 'local') return;
    this.effect();
    if (target.kind !== 'upvalue') this.givesUpLater = true;
  }

  private targetParts(target: Expression): void {
    if (target.kind !== 'index') return;
    this.expression(target.key);
    this.expression(target.object);
  }

  private expressions(values: readonly Expression[]): void {
    for (let i = values.length - 1; i >= 0; i--) this.expression(values[i]);
  }

  private expression(start: Expression): void {
    for (let e: Expression | undefined = start; e !== undefined && !this.isTooMuch(); ) {
      e = this.step(e);
    }
  }

  /** @returns what is evaluated before it */
  private step(e: Expression): Expression | undefined {
    this.nodes++;
    switch (e.kind) {
      case 'global':
        this.givesUpLater = true;
        return undefined;
      case 'index':
        this.givesUpLater = true;
        this.expression(e.key);
        return e.object;
      case 'call':
        this.call(e);
        return e.callee;
      case 'binary':
        if (!isSure(e)) this.givesUpLater = true;
        this.expression(e.right);
        return e.left;
      case 'and':
      case 'or':
        this.expression(e.right);
        return e.left;
      case 'unary':
        if (e.operator !== 'not' && !isNumber(e.operand)) this.givesUpLater = true;
        return e.operand;
      case 'paren':
        return e.inner;
      case 'table':
        for (let i = e.items.length - 1; i >= 0; i--) {
          this.expression(e.items[i].value);
          const { key } = e.items[i];
          if (key !== undefined) this.expression(key);
        }
        return undefined;
      default:
        return undefined;
    }
  }

  private call(call: Call): void {
    this.hasCalls = true;
    if (this.givesUpLater) this.pureCalls.add(call);
    else this.isPure = false;
    this.givesUpLater = true;
    this.expressions(call.args);
  }
}
