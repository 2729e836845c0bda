/**
 * Expressions as JavaScript: each operation becomes a statement of its own, which puts its value into
 * a variable; what is left is the name of that variable, or something as simple.
 *
 *     a + f(b) * 2       $1 = the call of f
 *                        if (typeof $1 === 'number') $2 = $1 * 2; else $2 = ...
 *                        if (typeof L1 === 'number' && typeof $2 === 'number') $3 = L1 + $2; else ...
 *
 * When operands are read matters: PUC reads a function's own variables when it operates on them, all
 * else when it comes by.
 */
import { FULL, LEAVE } from '../call.js';
import type { NameKind } from '../site.js';
import type {
  Binary,
  Call,
  Expression,
  FunctionNode,
  Index,
  TableNode,
  Unary,
} from '../syntax/tree.js';
import { floatingByte, recordKeys } from './constructors.js';
import { describe, title } from './names.js';
import { isConstant, isNumber } from './numbers.js';
import { number, type Output, text } from './output.js';
import type { PlainForm } from './plain-forms.js';

const JS_OPERATOR: Record<string, string> = { '+': '+', '-': '-', '*': '*', '/': '/' };
const COMPARISONS = new Set(['==', '~=', '<', '<=', '>', '>=']);
/** Positions in ARITHMETIC of operators.ts. */
const ARITHMETIC = '+-*/%^';
/** Items of a table that are stored at once, as PUC does. */
const ITEMS_PER_FLUSH = 50;

/** How a chunk is written. */
export interface ChunkOptions {
  /** Whether each function has a cell of its own for its globals, and says that it runs: frames.ts. */
  readonly isFramed: boolean;
  /** Whether what the main function returns is the reply: see Passing. */
  readonly isReply: boolean;
  /** Whether it tells of its steps: debug/tracer.ts. */
  readonly isTraced: boolean;
}

export abstract class ExpressionWriter {
  private temps = 0;
  maxTemps = 0;

  constructor(
    protected readonly out: Output,
    protected readonly node: FunctionNode,
    /** undefined: the generator is written. */
    protected readonly plain: PlainForm | undefined,
    protected readonly options: ChunkOptions,
  ) {}

  /** Writes a function and has it put into a variable. */
  protected abstract closure(node: FunctionNode, target: string): void;

  // --- variables of the code -----------------------------------------------------------------------

  protected temp(): string {
    this.temps++;
    if (this.temps > this.maxTemps) this.maxTemps = this.temps;
    return `$${this.temps}`;
  }

  /** Runs `write`, whose variables may be used again behind it. */
  protected scoped(write: () => void): void {
    const before = this.temps;
    write();
    this.temps = before;
  }

  /** What the code does where it takes a metamethod: `target = meta`, or the plain form gives up. */
  protected otherwise(test: string, meta: string, site: number): void {
    if (this.plain !== undefined) this.out.line(`if (${test}) return $B;`, site);
    else this.out.line(`if (${test}) ${meta};`, site);
  }

  // --- values --------------------------------------------------------------------------------------

  /** A name or literal for a value, which stays the same until it is used. */
  operand(e: Expression): string {
    return this.value(e, undefined);
  }

  /** As operand, where PUC would copy a variable at once: arguments, items. */
  copy(e: Expression): string {
    const value = this.operand(e);
    if (e.kind !== 'local' || !e.variable.isCaptured || !e.variable.isAssigned) return value;
    const target = this.temp();
    this.out.line(`${target} = ${value};`);
    return target;
  }

  /** Puts a value into a variable that no expression can see meanwhile. */
  into(target: string, e: Expression): void {
    const value = this.value(e, target);
    if (value !== target) this.out.line(`${target} = ${value};`);
  }

  /** @param target where to put it, if there is need to put it somewhere */
  private value(e: Expression, target: string | undefined): string {
    switch (e.kind) {
      case 'nil':
        return 'undefined';
      case 'true':
      case 'false':
        return e.kind;
      case 'number':
        return number(e.value);
      case 'string':
        return text(e.value);
      case 'local':
        return `L${e.variable.id}`;
      case 'upvalue':
        return this.upvalue(e.variable.id, e.variable.isAssigned, target);
      case 'vararg':
        return this.assigned('$V[0]', target);
      case 'paren':
        return this.value(e.inner, target);
      case 'global':
        return this.global(e.name, e.line, target);
      case 'index':
        return this.index(e, target);
      case 'call':
        this.call(e);
        return this.assigned('Array.isArray($r) ? $r[0] : $r', target);
      case 'function':
        return this.functionValue(e.node, target);
      case 'and':
      case 'or':
        return this.shortCircuit(e, target);
      case 'binary':
        return this.binary(e, target);
      case 'unary':
        return this.unary(e, target);
      case 'table':
        return this.table(e, target);
    }
  }

  private assigned(code: string, target: string | undefined): string {
    const variable = target ?? this.temp();
    this.out.line(`${variable} = ${code};`);
    return variable;
  }

  private upvalue(id: number, isAssigned: boolean, target: string | undefined): string {
    return isAssigned ? this.assigned(`L${id}`, target) : `L${id}`;
  }

  private functionValue(node: FunctionNode, target: string | undefined): string {
    const variable = target ?? this.temp();
    this.closure(node, variable);
    return variable;
  }

  private global(name: string, line: number, target: string | undefined): string {
    const variable = target ?? this.temp();
    const site = this.out.site(line);
    const cache = this.out.globalCache(name);
    const test = `(${variable} = $field($rt, $E.env, ${cache}, $S[${site}])) === $B`;
    this.otherwise(
      test,
      `${variable} = yield* $indexMeta($rt, $E.env, ${text(name)}, $S[${site}])`,
      site,
    );
    return variable;
  }

  private index(e: Index, target: string | undefined): string {
    const object = this.operand(e.object);
    const site = this.out.site(e.line, title(e.object));
    if (e.key.kind === 'string') return this.fieldOf(object, e.key.value, site, target);
    const key = this.operand(e.key);
    const variable = target ?? this.temp();
    // The variable may be one of the operands.
    const result = variable === object || variable === key ? this.temp() : variable;
    const test = `(${result} = $index($rt, ${object}, ${key}, $S[${site}])) === $B`;
    this.otherwise(
      test,
      `${result} = yield* $indexMeta($rt, ${object}, ${key}, $S[${site}])`,
      site,
    );
    if (result !== variable) this.out.line(`${variable} = ${result};`);
    return variable;
  }

  private fieldOf(object: string, name: string, site: number, target: string | undefined): string {
    const variable = target ?? this.temp();
    const result = variable === object ? this.temp() : variable;
    const test = `(${result} = $field($rt, ${object}, ${this.out.cache(name)}, $S[${site}])) === $B`;
    const meta = `${result} = yield* $indexMeta($rt, ${object}, ${text(name)}, $S[${site}])`;
    this.otherwise(test, meta, site);
    if (result !== variable) this.out.line(`${variable} = ${result};`);
    return variable;
  }

  private shortCircuit(e: Expression & { kind: 'and' | 'or' }, target: string | undefined): string {
    // The variable must not change before all of it is known.
    const result = this.temp();
    this.chain(
      e,
      (left) => this.into(result, left),
      () => {
        const test = isTrue(result);
        return e.kind === 'and' ? test : `!${test}`;
      },
    );
    return target === undefined ? result : this.assigned(result, target);
  }

  /**
   * `a or b or c`: writes the first, and the others each within what `test` says of those before.
   */
  private chain(
    e: Expression & { kind: 'and' | 'or' },
    write: (part: Expression) => void,
    test: () => string,
  ): void {
    const parts: Expression[] = [];
    let left: Expression = e;
    while (left.kind === e.kind) {
      parts.push(left.right);
      left = left.left;
    }
    write(left);
    const label = `$b${this.out.unique()}`;
    this.out.line(`${label}: {`);
    for (let i = parts.length - 1; i >= 0; i--) {
      this.out.line(`if (!(${test()})) break ${label};`);
      this.scoped(() => write(parts[i]));
    }
    this.out.line('}');
  }

  // --- conditions ----------------------------------------------------------------------------------

  /** A test for JavaScript, to be used at once. */
  condition(e: Expression): string {
    switch (e.kind) {
      case 'nil':
      case 'false':
        return 'false';
      case 'true':
      case 'number':
      case 'string':
        return 'true';
      case 'paren':
        return this.condition(e.inner);
      case 'unary':
        if (e.operator === 'not') return `!(${this.condition(e.operand)})`;
        break;
      case 'binary':
        if (isComparison(e.operator)) return this.compare(e, undefined);
        break;
      case 'and':
      case 'or':
        return this.logic(e);
    }
    return isNumber(e) ? this.discard(e) : isTrue(this.operand(e));
  }

  private discard(e: Expression): string {
    this.operand(e);
    return 'true';
  }

  private logic(e: Expression & { kind: 'and' | 'or' }): string {
    const result = this.temp();
    this.chain(
      e,
      (part) => this.out.line(`${result} = ${this.condition(part)};`),
      () => (e.kind === 'and' ? result : `!${result}`),
    );
    return result;
  }

  // --- operators -----------------------------------------------------------------------------------

  private binary(e: Binary, target: string | undefined): string {
    if (e.operator === '..') return this.concat(e, target);
    if (isComparison(e.operator)) return this.compare(e, target);
    // Sums may be long: down the left side by a loop.
    const spine: Binary[] = [];
    let left: Expression = e;
    while (left.kind === 'binary' && ARITHMETIC.includes(left.operator)) {
      spine.push(left);
      left = left.left;
    }
    let value = this.operand(left);
    for (let i = spine.length - 1; i >= 0; i--) {
      value = this.arithmetic(spine[i], value, i === 0 ? target : undefined);
    }
    return value;
  }

  private arithmetic(e: Binary, left: string, target: string | undefined): string {
    const right = this.operand(e.right);
    const code = arithmeticCode(e.operator, left, right);
    const tests: string[] = [];
    if (!isNumber(e.left)) tests.push(`typeof ${left} === 'number'`);
    if (!isNumber(e.right) && right !== left) tests.push(`typeof ${right} === 'number'`);
    if (tests.length === 0) {
      this.out.onLine?.(e.line);
      return this.assigned(code, target);
    }
    const variable = target ?? this.temp();
    const result = variable === left || variable === right ? this.temp() : variable;
    const site = this.out.site(e.line, title(e.left), title(e.right));
    const args = `$rt, ${ARITHMETIC.indexOf(e.operator)}, ${left}, ${right}`;
    this.out.line(`if (${tests.join(' && ')}) ${result} = ${code};`);
    this.otherwiseElse(
      result,
      `$arith(${args}, $S[${site}])`,
      `$arithMeta(${args}, $S[${site}])`,
      site,
    );
    if (result !== variable) this.out.line(`${variable} = ${result};`);
    return variable;
  }

  /** The `else` of a fast way. */
  private otherwiseElse(result: string, slow: string, meta: string, site: number): void {
    this.out.line(`else if ((${result} = ${slow}) === $B)`, site);
    if (this.plain !== undefined) this.out.line('return $B;', site);
    else this.out.line(`${result} = yield* ${meta};`, site);
  }

  private concat(e: Binary, target: string | undefined): string {
    const parts: Expression[] = [e.left];
    let last = e.right;
    while (last.kind === 'binary' && last.operator === '..') {
      parts.push(last.left);
      last = last.right;
    }
    parts.push(last);
    const values = parts.map((part) => this.copy(part));
    let result = values[values.length - 1];
    for (let i = parts.length - 2; i >= 0; i--) {
      // PUC keeps the right side's result where its first operand was, and calls it by that name.
      const site = this.out.site(e.line, title(parts[i]), title(parts[i + 1]));
      const args = `$rt, ${values[i]}, ${result}, $S[${site}]`;
      const next = this.temp();
      this.otherwise(
        `(${next} = $concat(${args})) === $B`,
        `${next} = yield* $concatMeta(${args})`,
        site,
      );
      result = next;
    }
    return target === undefined ? result : this.assigned(result, target);
  }

  private compare(e: Binary, target: string | undefined): string {
    const left = this.operand(e.left);
    const right = this.operand(e.right);
    if (e.operator === '==' || e.operator === '~=') return this.equality(e, left, right, target);
    const areNumbers = isNumber(e.left) && isNumber(e.right);
    if (areNumbers) this.out.onLine?.(e.line);
    if (areNumbers) return this.assigned(`${left} ${e.operator} ${right}`, target);
    const tests: string[] = [];
    if (!isNumber(e.left)) tests.push(`typeof ${left} === 'number'`);
    if (!isNumber(e.right)) tests.push(`typeof ${right} === 'number'`);
    const variable = target ?? this.temp();
    const result = variable === left || variable === right ? this.temp() : variable;
    const site = this.out.site(e.line);
    const name = e.operator === '<' || e.operator === '>' ? 'less' : 'lessEqual';
    const isSwapped = e.operator === '>' || e.operator === '>=';
    const args = isSwapped ? `$rt, ${right}, ${left}` : `$rt, ${left}, ${right}`;
    this.out.line(`if (${tests.join(' && ')}) ${result} = ${left} ${e.operator} ${right};`);
    this.otherwiseElse(
      result,
      `$${name}(${args}, $S[${site}])`,
      `$${name}Meta(${args}, $S[${site}])`,
      site,
    );
    if (result !== variable) this.out.line(`${variable} = ${result};`);
    return variable;
  }

  private equality(e: Binary, left: string, right: string, target: string | undefined): string {
    const isSure =
      isConstant(e.left) || isConstant(e.right) || isNumber(e.left) || isNumber(e.right);
    if (isSure) {
      this.out.onLine?.(e.line);
      return this.assigned(`${left} ${e.operator === '==' ? '===' : '!=='} ${right}`, target);
    }
    const result = this.temp();
    const site = this.out.site(e.line);
    this.out.line(`${result} = ${left} === ${right};`);
    const test = `!${result} && typeof ${left} === 'object' && typeof ${right} === 'object' && $takesEq(${left}, ${right})`;
    this.otherwise(
      test,
      `${result} = yield* $equalMeta($rt, ${left}, ${right}, $S[${site}])`,
      site,
    );
    if (e.operator === '~=') return this.assigned(`!${result}`, target);
    return target === undefined ? result : this.assigned(result, target);
  }

  private unary(e: Unary, target: string | undefined): string {
    if (e.operator === 'not') return this.assigned(`!(${this.condition(e.operand)})`, target);
    const operand = this.operand(e.operand);
    if (isNumber(e.operand)) this.out.onLine?.(e.line);
    if (e.operator === '-' && isNumber(e.operand)) return this.assigned(`-${operand}`, target);
    const variable = target ?? this.temp();
    const result = variable === operand ? this.temp() : variable;
    const site = this.out.site(e.line, title(e.operand));
    const name = e.operator === '-' ? 'negate' : 'length';
    const args = `$rt, ${operand}, $S[${site}]`;
    if (e.operator === '-') {
      this.out.line(`if (typeof ${operand} === 'number') ${result} = -${operand};`);
      this.otherwiseElse(result, `$${name}(${args})`, `$${name}Meta(${args})`, site);
    } else {
      const test = `(${result} = $${name}(${args})) === $B`;
      this.otherwise(test, `${result} = yield* $${name}Meta(${args})`, site);
    }
    if (result !== variable) this.out.line(`${variable} = ${result};`);
    return variable;
  }

  // --- several values ------------------------------------------------------------------------------

  protected isMulti(e: Expression | undefined): e is Call | (Expression & { kind: 'vararg' }) {
    return e !== undefined && (e.kind === 'call' || e.kind === 'vararg');
  }

  /** An array of values, the last of which may stand for several. */
  protected listOf(values: readonly Expression[]): string {
    const last = values[values.length - 1];
    if (!this.isMulti(last)) return `[${values.map((e) => this.copy(e)).join(', ')}]`;
    const fixed = values.slice(0, -1).map((e) => `${this.copy(e)}, `);
    if (last.kind === 'vararg') return fixed.length === 0 ? '$V' : `[${fixed.join('')}...$V]`;
    this.call(last);
    if (fixed.length === 0) return 'Array.isArray($r) ? $r : [$r]';
    const before = fixed.join('');
    return `Array.isArray($r) ? [${before}...$r] : [${before}$r]`;
  }

  // --- calls ---------------------------------------------------------------------------------------

  /** Writes a call, whose results are in $r then. */
  protected call(e: Call): void {
    const { callee, args } = this.callParts(e);
    this.emitCall(e, callee, args, this.callSite(e, false));
  }

  /** `return f(x)` */
  protected tailCall(e: Call): void {
    const { callee, args } = this.callParts(e);
    const site = this.callSite(e, true);
    if (this.options.isReply && this.node.parent === undefined && Array.isArray(args)) {
      this.out.line(`if (${callee} === $rt.passing.fn) {`);
      this.out.line(`$r = $rt.passing.body(${args.join(', ')});`, site);
      this.leave();
      this.out.line('return $r;');
      this.out.line('}');
    }
    if (this.plain !== undefined) {
      this.emitCall(e, callee, args, site);
      this.leave();
      this.out.line('return $r;');
      return;
    }
    if (this.options.isTraced) this.out.line('$D.leave($d);');
    if (this.options.isFramed) {
      this.out.line(`if ($isOfLua($rt, ${callee})) $leaveByTail($rt, $fr);`);
    }
    const list = Array.isArray(args) ? `[${args.join(', ')}]` : args;
    this.emitFast(callee, args, site);
    this.out.line('{', site);
    const body = Array.isArray(args)
      ? `${callee}.body(${args.join(', ')})`
      : `${callee}.body(...${args})`;
    this.out.line(
      `if (${callee} instanceof $F && ($rt.depth & 63) < 48) { ++$rt.depth; $r = yield* ${body}; --$rt.depth; }`,
      site,
    );
    this.out.line(`else $r = $TailCall.of1(${callee}, ${list}, $S[${site}]);`, site);
    this.out.line('}', site);
    this.leave();
    this.out.line('return $r;');
  }

  private callSite(e: Call, isTail: boolean): number {
    const { kind, name }: { kind: NameKind; name: string } =
      e.method === undefined ? describe(e.callee) : { kind: 'method', name: e.method };
    const left = kind === '' ? '' : `${kind} '${name}'`;
    if (this.options.isTraced) {
      this.out.line(`$d.call = ${kind === '' ? 'undefined' : text(name)};`);
    }
    return this.out.site(e.line, left, '', kind, name, isTail);
  }

  /** What is called, and its arguments: a list, or the code of an array. */
  private callParts(e: Call): { callee: string; args: string[] | string } {
    const before: string[] = [];
    let callee: string;
    if (e.method !== undefined) {
      const object = this.copy(e.callee);
      const site = this.out.site(e.methodLine, title(e.callee));
      callee = this.fieldOf(object, e.method, site, undefined);
      before.push(object);
    } else callee = this.copy(e.callee);
    if (!this.isMulti(e.args[e.args.length - 1]) && e.args.length < 12) {
      return {
        callee: this.named(callee),
        args: [...before, ...e.args.map((arg) => this.copy(arg))],
      };
    }
    const list = this.listOf(e.args);
    const array = this.temp();
    this.out.line(`${array} = ${list};`);
    if (before.length > 0) this.out.line(`${array} = [${before[0]}, ...${array}];`);
    return { callee: this.named(callee), args: array };
  }

  /** A literal can't be called by its own name: `("x")()`. */
  private named(value: string): string {
    return /^[$L]/.test(value) ? value : this.assigned(value, undefined);
  }

  /** The ways of a call that need no generator; an `else` is left open. */
  private emitFast(callee: string, args: string[] | string, site: number): void {
    const spread = Array.isArray(args) ? args.join(', ') : `...${args}`;
    this.out.line(
      `if (${callee} instanceof $F && !${callee}.isStepped) $r = ${callee}.body(${spread});`,
      site,
    );
    let attempt: string;
    if (Array.isArray(args) && args.length <= 3) {
      attempt = `$rt.tryPlain${args.length}(${[callee, ...args].join(', ')})`;
    } else {
      attempt = `$rt.tryPlain(${callee}, ${Array.isArray(args) ? `[${spread}]` : args})`;
    }
    this.out.line(`else if (($r = ${attempt}) === $B)`, site);
  }

  private emitCall(e: Call, callee: string, args: string[] | string, site: number): void {
    const spread = Array.isArray(args) ? args.join(', ') : `...${args}`;
    if (this.plain !== undefined) {
      const { isReplayed, pureCalls } = this.plain;
      const isFree = !pureCalls.has(e);
      const isKept = isReplayed && !isFree ? ` && !${callee}.isReplayed` : '';
      const isPure = isFree ? '' : ` || (!${callee}.isPure${isKept})`;
      this.out.line(
        `if (!(${callee} instanceof $F) || ${callee}.raw === undefined${isPure}) return $B;`,
      );
      this.out.line(`if (($r = ${callee}.raw(${spread})) === $B) return $B;`, site);
      if (isKept !== '') this.out.line('if ($rt.budget < 0 && $rt.mustPause()) return $B;');
      return;
    }
    this.emitFast(callee, args, site);
    if (!Array.isArray(args)) {
      this.out.line(`$r = yield* $rt.enterDeep(${callee}, ${args}, $S[${site}]);`, site);
      return;
    }
    this.out.line('{', site);
    this.out.line(`if (${callee} instanceof $F && (++$rt.depth & 63) !== 0) {`, site);
    this.out.line(`$r = yield* ${callee}.body(${spread});`, site);
    this.out.line('--$rt.depth;');
    this.out.line(
      'if (Array.isArray($r) && $r instanceof $TailCall) $r = yield* $rt.finishTail($r);',
      site,
    );
    this.out.line(
      `} else $r = yield* $rt.enterDeepCounted(${callee}, [${spread}], $S[${site}]);`,
      site,
    );
    this.out.line('}');
  }

  /** The end of a plain form that counts its depth, or of a function that says that it runs. */
  protected leave(): void {
    if (this.options.isFramed) this.out.line('$rt.frame = $fr.caller;');
    if (this.plain?.hasCalls) this.out.line(`$rt.plainCount -= ${LEAVE};`);
  }

  protected get fullTest(): string {
    return `($rt.plainCount += ${LEAVE + 1}) & ${FULL}`;
  }

  // --- tables --------------------------------------------------------------------------------------

  private table(e: TableNode, target: string | undefined): string {
    const { items } = e;
    this.out.onLine?.(e.line);
    if (items.length === 0) return this.assigned('$newTable($rt)', target);
    const keys = recordKeys(e);
    if (keys !== undefined && !this.options.isTraced) {
      const values = items.map(({ value }) => this.copy(value));
      return this.assigned(
        `$record($rt, ${this.out.record(keys)}, [${values.join(', ')}])`,
        target,
      );
    }
    const result = this.temp();
    this.tableInSteps(e, result);
    return target === undefined ? result : this.assigned(result, target);
  }

  private tableInSteps(e: TableNode, result: string): void {
    const { items } = e;
    const last = items[items.length - 1];
    const tail = last.key === undefined && this.isMulti(last.value) ? last.value : undefined;
    const positional = items.filter((item) => item.key === undefined).length;
    const arraySize = floatingByte(tail === undefined ? positional : positional - 1);
    const hashSize = floatingByte(items.length - positional);
    this.out.line(`${result} = $sizedTable($rt, ${arraySize}, ${hashSize});`);
    let pending: string[] = [];
    let stored = 0;
    const flush = () => {
      if (pending.length > 0)
        this.out.line(`$setItems($rt, ${result}, ${stored}, [${pending.join(', ')}]);`);
      stored += pending.length;
      pending = [];
    };
    const temps = this.temps;
    for (const { key, value, line } of items) {
      if (value === tail) break;
      if (key === undefined) {
        if (pending.length === ITEMS_PER_FLUSH) {
          flush();
          this.temps = temps;
        }
        this.out.onLine?.(line);
        pending.push(this.copy(value));
      } else {
        const site = this.out.site(line);
        const name = this.operand(key);
        const item = this.operand(value);
        this.out.line(`$setItem($rt, ${result}, ${name}, ${item}, $S[${site}]);`, site);
      }
    }
    if (tail === undefined) flush();
    else {
      if (pending.length === ITEMS_PER_FLUSH) flush();
      const values = this.listOf([tail]);
      const array = this.assigned(values, undefined);
      const before = pending.map((item) => `${item}, `).join('');
      this.out.line(`$setItems($rt, ${result}, ${stored}, [${before}...${array}], true);`);
    }
  }
}

function isComparison(operator: string): boolean {
  return COMPARISONS.has(operator);
}

function arithmeticCode(operator: string, left: string, right: string): string {
  if (operator === '%') return `$mod(${left}, ${right})`;
  if (operator === '^') return `$pow(${left}, ${right})`;
  return `${left} ${JS_OPERATOR[operator]} ${right}`;
}

/** The test whether a value counts as true. */
export function isTrue(value: string): string {
  return `(${value} !== undefined && ${value} !== false)`;
}
