/**
 * Finds the variables that can only hold numbers, so that no code has to look.
 *
 *     local s = 0                a number
 *     for i = 1, n do            i: a number
 *       s = s + i * 2            number + number * number: s stays one
 *     end
 *
 * All variables that are given some value are taken for numbers at first; then those that may be given
 * something else are struck out, until no more are.
 */
import type { Expression, FunctionNode, Statement, TableItem, Variable } from '../syntax/tree.js';

interface Assignment {
  readonly variable: Variable;
  readonly value: Expression;
}

/** Sets `isNumber` of all variables of a chunk. */
export function findNumbers(main: FunctionNode): void {
  const found: Assignment[] = [];
  const others = new Set<Variable>();
  new Collector(found, others).visitFunction(main);
  for (const { variable } of found) variable.isNumber = !others.has(variable);
  for (let changed = true; changed; ) {
    changed = false;
    for (const { variable, value } of found) {
      if (!variable.isNumber || isNumber(value)) continue;
      variable.isNumber = false;
      changed = true;
    }
  }
}

/** Whether an expression's value is a number for sure. */
export function isNumber(start: Expression): boolean {
  // Along the left side by a loop: sums may be long.
  for (let e = start; ; ) {
    switch (e.kind) {
      case 'number':
        return true;
      case 'local':
      case 'upvalue':
        return e.variable.isNumber;
      case 'paren':
        e = e.inner;
        break;
      case 'unary':
        if (e.operator !== '-') return false;
        e = e.operand;
        break;
      case 'binary':
        if (!'+-*/%^'.includes(e.operator) || !isNumber(e.right)) return false;
        e = e.left;
        break;
      default:
        return false;
    }
  }
}

/** Whether an expression is nil, true, false, a number or a string as such. */
export function isConstant({ kind }: Expression): boolean {
  return (
    kind === 'nil' || kind === 'true' || kind === 'false' || kind === 'number' || kind === 'string'
  );
}

class Collector {
  constructor(
    private readonly found: Assignment[],
    /** Variables that get what nobody knows. */
    private readonly others: Set<Variable>,
  ) {}

  visitFunction(node: FunctionNode): void {
    this.visitAll(node.body);
  }

  private visitAll(body: readonly Statement[]): void {
    for (const statement of body) this.visit(statement);
  }

  private visit(statement: Statement): void {
    switch (statement.kind) {
      case 'local':
        this.assign(statement.variables, statement.values);
        break;
      case 'localfunction':
        this.others.add(statement.variable);
        this.visitFunction(statement.node);
        break;
      case 'assign': {
        const variables = statement.targets.map((target) => {
          if (target.kind === 'local' || target.kind === 'upvalue') return target.variable;
          this.expression(target);
          return undefined;
        });
        this.assign(variables, statement.values);
        break;
      }
      case 'call':
        this.expression(statement.call);
        break;
      case 'do':
        this.visitAll(statement.body);
        break;
      case 'while':
      case 'repeat':
        this.expression(statement.condition);
        this.visitAll(statement.body);
        break;
      case 'if':
        for (const { condition, body } of statement.clauses) {
          this.expression(condition);
          this.visitAll(body);
        }
        this.visitAll(statement.otherwise ?? []);
        break;
      case 'numericfor':
        for (const e of [statement.from, statement.to, statement.step]) {
          if (e !== undefined) this.expression(e);
        }
        this.found.push({ variable: statement.variable, value: { kind: 'number', value: 0 } });
        this.visitAll(statement.body);
        break;
      case 'genericfor':
        this.expressions(statement.values);
        for (const variable of statement.variables) this.others.add(variable);
        this.visitAll(statement.body);
        break;
      case 'return':
        this.expressions(statement.values);
        break;
      case 'break':
        break;
    }
  }

  private assign(
    variables: readonly (Variable | undefined)[],
    values: readonly Expression[],
  ): void {
    this.expressions(values);
    variables.forEach((variable, i) => {
      if (variable === undefined) return;
      if (i < values.length) this.found.push({ variable, value: values[i] });
      else this.others.add(variable);
    });
  }

  private expressions(values: readonly Expression[]): void {
    for (const value of values) this.expression(value);
  }

  /** Only functions within expressions matter. */
  private expression(start: Expression): void {
    for (let e: Expression | undefined = start; e !== undefined; ) e = this.step(e);
  }

  /** @returns what is left to visit: the left side, which may be deep */
  private step(e: Expression): Expression | undefined {
    switch (e.kind) {
      case 'function':
        this.visitFunction(e.node);
        return undefined;
      case 'index':
        this.expression(e.key);
        return e.object;
      case 'call':
        this.expressions(e.args);
        return e.callee;
      case 'and':
      case 'or':
      case 'binary':
        this.expression(e.right);
        return e.left;
      case 'unary':
        return e.operand;
      case 'paren':
        return e.inner;
      case 'table':
        this.items(e.items);
        return undefined;
      default:
        return undefined;
    }
  }

  private items(items: readonly TableItem[]): void {
    for (const { key, value } of items) {
      if (key !== undefined) this.expression(key);
      this.expression(value);
    }
  }
}
