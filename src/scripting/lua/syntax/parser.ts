/**
 * Tokens to a tree (tree.ts): the grammar of Lua 5.1, by recursive descent.
 *
 * Besides errors, what takes care are lines. PUC makes the instruction for `a.b` only when it learns
 * what is done with it, and gives it the line of the token that was read last by then. `settle` is
 * called where PUC does that.
 */
import type { LuaError } from '../value.js';
import { Lexer, tokenText } from './lexer.js';
import { Scopes } from './scopes.js';
import type {
  BinaryOperator,
  Call,
  Expression,
  FunctionNode,
  Statement,
  TableItem,
  Variable,
} from './tree.js';

/** Statements and expressions within each other; PUC's LUAI_MAXCCALLS, less its own calls. */
const MAX_LEVELS = 196;
const MAX_TARGETS = 196;

/** How tightly an operator binds what is left and right of it. */
const PRIORITY: Record<string, readonly [number, number]> = {
  '+': [6, 6],
  '-': [6, 6],
  '*': [7, 7],
  '/': [7, 7],
  '%': [7, 7],
  '^': [10, 9],
  '..': [5, 4],
  '~=': [3, 3],
  '==': [3, 3],
  '<': [3, 3],
  '<=': [3, 3],
  '>': [3, 3],
  '>=': [3, 3],
  and: [2, 2],
  or: [1, 1],
};
const UNARY_PRIORITY = 8;

/** @throws LuaError */
export function parse(source: string, chunkName: string): FunctionNode {
  return new Parser(source, chunkName).parseChunk();
}

class Parser {
  private readonly lexer: Lexer;
  private readonly scopes: Scopes;
  private levels = 0;
  /** Loops of the current function around what is parsed. */
  private loops = 0;

  constructor(source: string, chunkName: string) {
    this.lexer = new Lexer(source, chunkName);
    this.scopes = new Scopes((message) => this.lexer.error(message, undefined));
  }

  parseChunk(): FunctionNode {
    const main = this.scopes.openFunction(0);
    main.isVararg = true;
    this.lexer.next();
    main.body = this.parseBlock();
    if (this.type !== 'eof') throw this.expected('eof');
    main.endLine = this.lexer.lastLine;
    this.scopes.closeFunction();
    return main;
  }

  // --- tokens --------------------------------------------------------------------------------------

  private get type(): string {
    return this.lexer.token.type;
  }

  private syntaxError(message: string): LuaError {
    return this.lexer.error(message, this.type);
  }

  private expected(type: string): LuaError {
    return this.syntaxError(`'${tokenText(type)}' expected`);
  }

  private accept(type: string): boolean {
    if (this.type !== type) return false;
    this.lexer.next();
    return true;
  }

  private expect(type: string): void {
    if (!this.accept(type)) throw this.expected(type);
  }

  /** The end of what was begun by another token. */
  private expectMatch(type: string, opener: string, line: number): void {
    if (this.accept(type)) return;
    if (line === this.lexer.line) throw this.expected(type);
    throw this.syntaxError(`'${type}' expected (to close '${opener}' at line ${line})`);
  }

  private expectName(): string {
    if (this.type !== 'name') throw this.expected('name');
    const { text } = this.lexer.token;
    this.lexer.next();
    return text;
  }

  private enterLevel(): void {
    if (++this.levels > MAX_LEVELS) {
      throw this.lexer.error('chunk has too many syntax levels', undefined);
    }
  }

  // --- statements ----------------------------------------------------------------------------------

  /** Statements up to what ends a block, in a scope of their own. */
  private parseScope(): Statement[] {
    this.scopes.open();
    const body = this.parseBlock();
    this.scopes.close();
    return body;
  }

  private parseBlock(): Statement[] {
    const body: Statement[] = [];
    this.enterLevel();
    while (!this.isBlockEnd()) {
      const isLast = this.type === 'return' || this.type === 'break';
      body.push(this.parseStatement());
      this.accept(';');
      if (isLast) break;
    }
    this.levels--;
    return body;
  }

  private isBlockEnd(): boolean {
    const { type } = this;
    return (
      type === 'else' || type === 'elseif' || type === 'end' || type === 'until' || type === 'eof'
    );
  }

  private parseStatement(): Statement {
    const { line } = this.lexer;
    switch (this.type) {
      case 'if':
        return this.parseIf(line);
      case 'while':
        return this.parseWhile(line);
      case 'do': {
        this.lexer.next();
        const body = this.parseScope();
        this.expectMatch('end', 'do', line);
        return { kind: 'do', body };
      }
      case 'for':
        return this.parseFor(line);
      case 'repeat':
        return this.parseRepeat(line);
      case 'function':
        return this.parseFunctionStatement(line);
      case 'local':
        this.lexer.next();
        return this.accept('function') ? this.parseLocalFunction() : this.parseLocal(line);
      case 'return':
        return this.parseReturn(line);
      case 'break':
        this.lexer.next();
        if (this.loops === 0) throw this.syntaxError('no loop to break');
        return { kind: 'break' };
      default:
        return this.parseExpressionStatement();
    }
  }

  private parseCondition(): Expression {
    return this.settle(this.parseExpression());
  }

  private parseIf(line: number): Statement {
    const clauses: { condition: Expression; body: Statement[] }[] = [];
    do {
      this.lexer.next();
      const condition = this.parseCondition();
      this.expect('then');
      clauses.push({ condition, body: this.parseScope() });
    } while (this.type === 'elseif');
    const otherwise = this.accept('else') ? this.parseScope() : undefined;
    this.expectMatch('end', 'if', line);
    return { kind: 'if', clauses, otherwise };
  }

  private parseLoopBody(): Statement[] {
    this.loops++;
    this.scopes.markLoop();
    const body = this.parseScope();
    this.loops--;
    return body;
  }

  private parseWhile(line: number): Statement {
    this.lexer.next();
    const condition = this.parseCondition();
    this.expect('do');
    const body = this.parseLoopBody();
    const { lastLine } = this.lexer;
    this.expectMatch('end', 'while', line);
    return { kind: 'while', condition, body, lastLine };
  }

  private parseRepeat(line: number): Statement {
    this.lexer.next();
    this.loops++;
    this.scopes.markLoop();
    this.scopes.open();
    const body = this.parseBlock();
    this.expectMatch('until', 'repeat', line);
    // The condition sees the body's variables.
    const condition = this.parseCondition();
    this.scopes.close();
    this.loops--;
    return { kind: 'repeat', condition, body, lastLine: this.lexer.lastLine };
  }

  private parseFor(line: number): Statement {
    this.lexer.next();
    const name = this.expectName();
    this.scopes.open();
    let statement: Statement;
    if (this.type === '=') statement = this.parseNumericFor(name);
    else if (this.type === ',' || this.type === 'in') statement = this.parseGenericFor(name);
    else throw this.syntaxError("'=' or 'in' expected");
    this.expectMatch('end', 'for', line);
    this.scopes.close();
    return statement;
  }

  private parseNumericFor(name: string): Statement {
    this.scopes.reserve(3);
    this.scopes.checkRoom(1);
    this.lexer.next();
    const from = this.parseCondition();
    this.expect(',');
    const to = this.parseCondition();
    const step = this.accept(',') ? this.parseCondition() : undefined;
    this.expect('do');
    const doLine = this.lexer.lastLine;
    this.scopes.open();
    const variable = this.scopes.declare(name);
    const body = this.parseLoopBody();
    this.scopes.close();
    return { kind: 'numericfor', variable, from, to, step, body, line: doLine };
  }

  private parseGenericFor(name: string): Statement {
    this.scopes.reserve(3);
    const names = [name];
    this.scopes.checkRoom(1);
    while (this.accept(',')) {
      names.push(this.expectName());
      this.scopes.checkRoom(names.length);
    }
    this.expect('in');
    const { line } = this.lexer;
    const values = this.parseExpressions();
    this.settleLast(values);
    this.expect('do');
    this.scopes.open();
    const variables = names.map((each) => this.scopes.declare(each));
    const body = this.parseLoopBody();
    this.scopes.close();
    return { kind: 'genericfor', variables, values, body, line };
  }

  private parseFunctionStatement(line: number): Statement {
    this.lexer.next();
    let target = this.variable(this.expectName());
    let isMethod = false;
    while (this.type === '.' || this.type === ':') {
      isMethod = this.type === ':';
      this.settle(target);
      this.lexer.next();
      const key: Expression = { kind: 'string', value: this.expectName() };
      target = { kind: 'index', object: target, key, line: 0 };
      if (isMethod) break;
    }
    const node = this.parseFunctionBody(isMethod, line);
    this.markAssigned(target);
    return { kind: 'assign', targets: [target], values: [{ kind: 'function', node }], line };
  }

  private parseLocalFunction(): Statement {
    const name = this.expectName();
    this.scopes.checkRoom(1);
    const variable = this.scopes.declare(name);
    const node = this.parseFunctionBody(false, this.lexer.line);
    return { kind: 'localfunction', variable, node };
  }

  private parseLocal(line: number): Statement {
    const names: string[] = [];
    do {
      names.push(this.expectName());
      this.scopes.checkRoom(names.length);
    } while (this.accept(','));
    let values: Expression[] = [];
    if (this.accept('=')) {
      values = this.parseExpressions();
      this.settleLast(values);
    }
    const variables: Variable[] = names.map((name) => this.scopes.declare(name));
    return { kind: 'local', variables, values, line };
  }

  private parseReturn(line: number): Statement {
    this.lexer.next();
    if (this.isBlockEnd() || this.type === ';') return { kind: 'return', values: [], line };
    const values = this.parseExpressions();
    this.settleLast(values);
    return { kind: 'return', values, line: this.lexer.lastLine };
  }

  private parseExpressionStatement(): Statement {
    const first = this.parseSuffixed();
    if (first.kind === 'call') return { kind: 'call', call: first };
    const targets: Expression[] = [first];
    for (;;) {
      const { kind } = targets[targets.length - 1];
      if (kind !== 'local' && kind !== 'upvalue' && kind !== 'global' && kind !== 'index') {
        throw this.syntaxError('syntax error');
      }
      if (!this.accept(',')) break;
      targets.push(this.parseSuffixed());
      if (targets.length > MAX_TARGETS) {
        throw this.scopes.limitError(MAX_TARGETS, 'variables in assignment');
      }
    }
    this.expect('=');
    const values = this.parseExpressions();
    this.settleLast(values);
    for (const target of targets) this.markAssigned(target);
    return { kind: 'assign', targets, values, line: this.lexer.lastLine };
  }

  private markAssigned(target: Expression): void {
    if (target.kind === 'local' || target.kind === 'upvalue') target.variable.isAssigned = true;
  }

  // --- expressions ---------------------------------------------------------------------------------

  /** Gives an expression that is a variable or a field its line, if it has none yet. */
  private settle(expression: Expression): Expression {
    let e = expression;
    while (e.kind === 'and' || e.kind === 'or') e = e.right;
    if ((e.kind === 'global' || e.kind === 'index') && e.line === 0) e.line = this.lexer.lastLine;
    return expression;
  }

  private settleLast(values: Expression[]): void {
    this.settle(values[values.length - 1]);
  }

  private parseExpressions(): Expression[] {
    const values = [this.parseExpression()];
    while (this.accept(',')) {
      this.settleLast(values);
      values.push(this.parseExpression());
    }
    return values;
  }

  private parseExpression(): Expression {
    return this.parseOperation(0);
  }

  /** Operators that bind tighter than `limit`. */
  private parseOperation(limit: number): Expression {
    this.enterLevel();
    let left = this.parseOperand();
    for (;;) {
      const operator = this.type;
      const priority = PRIORITY[operator];
      if (priority === undefined || priority[0] <= limit) break;
      this.lexer.next();
      this.settle(left);
      const right = this.settle(this.parseOperation(priority[1]));
      left = this.combine(operator, left, right);
    }
    this.levels--;
    return left;
  }

  private combine(operator: string, left: Expression, right: Expression): Expression {
    if (operator === 'and' || operator === 'or') return { kind: operator, left, right };
    const line = this.lexer.lastLine;
    return { kind: 'binary', operator: operator as BinaryOperator, left, right, line };
  }

  private parseOperand(): Expression {
    const { type } = this;
    if (type === 'not' || type === '-' || type === '#') {
      this.lexer.next();
      const operand = this.settle(this.parseOperation(UNARY_PRIORITY));
      if (type === '-' && operand.kind === 'number' && operand.value !== 0) {
        return { kind: 'number', value: -operand.value };
      }
      return { kind: 'unary', operator: type, operand, line: this.lexer.lastLine };
    }
    return this.parseSimple();
  }

  private parseSimple(): Expression {
    const { token } = this.lexer;
    let simple: Expression;
    switch (token.type) {
      case 'number':
        simple = { kind: 'number', value: token.number };
        break;
      case 'string':
        simple = { kind: 'string', value: token.text };
        break;
      case 'nil':
      case 'true':
      case 'false':
        simple = { kind: token.type };
        break;
      case '...':
        if (!this.scopes.current.isVararg) {
          throw this.syntaxError("cannot use '...' outside a vararg function");
        }
        this.scopes.current.usesVararg = true;
        simple = { kind: 'vararg' };
        break;
      case '{':
        return this.parseTable();
      case 'function': {
        this.lexer.next();
        const node = this.parseFunctionBody(false, this.lexer.line);
        return { kind: 'function', node };
      }
      default:
        return this.parseSuffixed();
    }
    this.lexer.next();
    return simple;
  }

  private variable(name: string): Expression {
    const variable = this.scopes.find(name);
    if (variable === undefined) return { kind: 'global', name, line: 0 };
    return { kind: variable.owner === this.scopes.current ? 'local' : 'upvalue', variable };
  }

  private parsePrefix(): Expression {
    if (this.type === '(') {
      const { line } = this.lexer;
      this.lexer.next();
      const inner = this.parseExpression();
      this.expectMatch(')', '(', line);
      return { kind: 'paren', inner: this.settle(inner) };
    }
    if (this.type !== 'name') throw this.syntaxError('unexpected symbol');
    return this.variable(this.expectName());
  }

  private parseSuffixed(): Expression {
    let e = this.parsePrefix();
    for (;;) {
      switch (this.type) {
        case '.': {
          this.settle(e);
          this.lexer.next();
          const key: Expression = { kind: 'string', value: this.expectName() };
          e = { kind: 'index', object: e, key, line: 0 };
          break;
        }
        case '[': {
          this.settle(e);
          this.lexer.next();
          const key = this.settle(this.parseExpression());
          this.expect(']');
          e = { kind: 'index', object: e, key, line: 0 };
          break;
        }
        case ':': {
          this.lexer.next();
          const method = this.expectName();
          this.settle(e);
          e = this.parseCall(e, method, this.lexer.lastLine);
          break;
        }
        case '(':
        case 'string':
        case '{':
          this.settle(e);
          e = this.parseCall(e, undefined, 0);
          break;
        default:
          return e;
      }
    }
  }

  private parseCall(callee: Expression, method: string | undefined, methodLine: number): Call {
    const { line } = this.lexer;
    let args: Expression[] = [];
    switch (this.type) {
      case '(':
        if (line !== this.lexer.lastLine) {
          throw this.syntaxError('ambiguous syntax (function call x new statement)');
        }
        this.lexer.next();
        if (this.lexer.token.type !== ')') args = this.parseExpressions();
        this.expectMatch(')', '(', line);
        if (args.length > 0) this.settleLast(args);
        break;
      case '{':
        args = [this.parseTable()];
        break;
      case 'string':
        args = [{ kind: 'string', value: this.lexer.token.text }];
        this.lexer.next();
        break;
      default:
        throw this.syntaxError('function arguments expected');
    }
    this.scopes.checkRegisters(args.length);
    return { kind: 'call', callee, method, args, line, methodLine };
  }

  private parseTable(): Expression {
    const { line } = this.lexer;
    const items: TableItem[] = [];
    this.expect('{');
    while (this.type !== '}') {
      items.push(this.parseTableItem());
      if (!this.accept(',') && !this.accept(';')) break;
      this.settle(items[items.length - 1].value);
    }
    this.expectMatch('}', '{', line);
    if (items.length > 0) this.settle(items[items.length - 1].value);
    return { kind: 'table', items, line };
  }

  private parseTableItem(): TableItem {
    let key: Expression | undefined;
    if (this.type === '[') {
      this.lexer.next();
      key = this.settle(this.parseExpression());
      this.expect(']');
    } else if (this.type === 'name' && this.lexer.peek() === '=') {
      key = { kind: 'string', value: this.expectName() };
    }
    if (key === undefined) return { key, value: this.parseExpression(), line: this.lexer.lastLine };
    this.expect('=');
    const value = this.settle(this.parseExpression());
    return { key, value, line: this.lexer.lastLine };
  }

  private parseFunctionBody(isMethod: boolean, line: number): FunctionNode {
    const node = this.scopes.openFunction(line);
    const { loops } = this;
    this.loops = 0;
    this.expect('(');
    if (isMethod) node.parameters.push(this.scopes.declare('self'));
    this.parseParameters(node);
    this.expect(')');
    node.body = this.parseBlock();
    this.expectMatch('end', 'function', line);
    node.endLine = this.lexer.lastLine;
    this.scopes.closeFunction();
    this.loops = loops;
    return node;
  }

  private parseParameters(node: FunctionNode): void {
    if (this.type === ')') return;
    const names: string[] = [];
    do {
      if (this.accept('...')) {
        node.isVararg = true;
        break;
      }
      if (this.type !== 'name') throw this.syntaxError("<name> or '...' expected");
      names.push(this.expectName());
      this.scopes.checkRoom(names.length);
    } while (this.accept(','));
    for (const name of names) node.parameters.push(this.scopes.declare(name));
    if (node.isVararg) node.arg = this.scopes.declare('arg');
  }
}
