/**
 * Statements and functions as JavaScript. A block of Lua is one of JavaScript, a local variable a
 * `let`: so each turn of a loop has its own, as closures expect.
 */
import type {
  ConditionLoop,
  Expression,
  FunctionNode,
  GenericFor,
  NumericFor,
  Statement,
  Variable,
} from '../syntax/tree.js';
import { type ChunkOptions, ExpressionWriter } from './expressions.js';
import { title } from './names.js';
import { isNumber } from './numbers.js';
import { type Output, text } from './output.js';
import { findPlainForm, type PlainForm } from './plain-forms.js';

/** Turns of loops between two looks at the budget. */
const TURNS = 200;

/** Where an assignment goes, once what it needs is known. */
type Target = (value: string) => void;

/** Writes a function that makes the chunk's main function. */
export function writeChunk(out: Output, main: FunctionNode, options: ChunkOptions): void {
  new StatementWriter(out, main, undefined, options).chunk(main);
}

class StatementWriter extends ExpressionWriter {
  /** Whether anything of the function has been traced. */
  private hasTraced = false;
  /** Variables that the code which is written now can see, as the debugger shows them, and where. */
  private readonly visible: (readonly [name: string, place: string])[] = [];

  chunk(main: FunctionNode): void {
    this.out.line('let $f;');
    this.closure(main, '$f');
    this.out.line('return $f;');
  }

  // --- functions -----------------------------------------------------------------------------------

  protected override closure(node: FunctionNode, target: string): void {
    const isMain = node.parent === undefined;
    const isReply = isMain && this.options.isReply;
    const { isFramed, isTraced } = this.options;
    const plain = isTraced || isFramed ? undefined : findPlainForm(node, isReply);
    this.out.onLine?.(node.endLine);
    const parameters = node.parameters.map(({ id }) => `L${id}`);
    const usesRest = node.isVararg && (node.usesVararg || node.arg?.isUsed || isTraced);
    if (usesRest) parameters.push('...$V');
    const list = parameters.join(', ');
    const maker = `$fn($E, ${plain?.isPure === true}, ${isFramed}, `;
    // A function in parentheses is compiled at once by V8: that which is called first.
    const [open, close] = isMain && plain === undefined ? ['(', ')'] : ['', ''];
    const [openPlain, closePlain] = isMain ? ['(', ')'] : ['', ''];
    this.out.line(`${target} = ${isFramed ? '(($E) => ' : ''}${maker}${open}function* (${list}) {`);
    this.nested(node, undefined);
    this.out.line(`}${close},`);
    if (plain !== undefined) {
      this.out.line(`${openPlain}function (${list}) {`);
      this.nested(node, plain);
      this.out.line(`}${closePlain}`);
    } else this.out.line('undefined');
    this.out.line(isFramed ? '))({ env: $E.env, chunk: $E.chunk });' : ');');
  }

  private nested(node: FunctionNode, plain: PlainForm | undefined): void {
    const writer = new StatementWriter(this.out, node, plain, this.options);
    const variables = this.out.reserve();
    const { onLine } = this.out;
    if (this.options.isTraced) writer.tracedBody();
    else writer.body();
    this.out.onLine = onLine;
    let names = 'let $r, $n = 0';
    for (let i = 1; i <= writer.maxTemps; i++) names += `, $${i}`;
    this.out.fill(variables, `${names};`);
  }

  /** The body of a function for the debugger. */
  private tracedBody(): void {
    const { arg, parameters } = this.node;
    for (const { name, id } of parameters) this.visible.push([name, `L${id}`]);
    if (arg !== undefined) {
      const unused = this.node.usesVararg ? 'undefined' : '$argTable($V)';
      this.visible.push(['arg', arg.isUsed ? `L${arg.id}` : unused]);
    }
    this.out.line('const $d = $D.enter(); try {');
    this.out.onLine = (line) => this.trace(line);
    this.body();
    this.out.line('} finally { $D.leave($d); }');
  }

  /** Something is about to happen in a line. */
  private trace(line: number): void {
    this.hasTraced = true;
    const list = this.visible.map(([name, place]) => `[${text(name)}, ${place}]`).join(', ');
    this.out.line(`if ($D.isNew($d, ${line})) {`);
    this.out.line(`$d.variables = () => [${list}]; if ($D.stops($d)) yield $P;`);
    this.out.line('}');
  }

  /** A loop's turn begins. */
  private traceTurn(): void {
    if (this.options.isTraced) this.out.line('$d.back();');
  }

  /** A loop has ended, and not by a jump back. */
  private traceEnd(): void {
    if (this.options.isTraced) this.out.line('$d.forth();');
  }

  private body(): void {
    const { node, plain } = this;
    if (plain === undefined)
      this.out.line(
        'if (--$rt.budget < 0 && $rt.spend(0)) yield $P;',
        this.out.laterSite(node.line),
      );
    else if (plain.hasCalls) this.out.line(`if (${this.fullTest} && !$rt.mayGoOn()) return $B;`);
    if (this.options.isFramed) this.out.line('const $fr = $enter($rt, $E);');
    const { arg } = node;
    if (arg?.isUsed) {
      this.out.line(`let L${arg.id}${node.usesVararg ? '' : ' = $argTable($V)'};`);
    }
    this.block(node.body);
    if (!isLeft(node.body)) this.out.onLine?.(node.endLine);
    this.leave();
    this.out.line('return $N;');
  }

  // --- statements ----------------------------------------------------------------------------------

  private block(body: readonly Statement[]): void {
    const before = this.visible.length;
    for (const statement of body) this.scoped(() => this.statement(statement));
    this.visible.length = before;
  }

  private statement(statement: Statement): void {
    switch (statement.kind) {
      case 'local':
        // At a function's begin PUC needs no instruction for variables that are nil.
        if (statement.values.length > 0 || this.hasTraced) this.out.onLine?.(statement.line);
        this.local(statement.variables, statement.values);
        for (const { name, id } of statement.variables) this.visible.push([name, `L${id}`]);
        break;
      case 'localfunction':
        this.out.line(`let L${statement.variable.id};`);
        this.closure(statement.node, `L${statement.variable.id}`);
        this.visible.push([statement.variable.name, `L${statement.variable.id}`]);
        break;
      case 'assign':
        this.assign(statement);
        break;
      case 'call':
        this.call(statement.call);
        break;
      case 'do':
        this.out.line('{');
        this.block(statement.body);
        this.out.line('}');
        break;
      case 'while': {
        this.out.line('for (;;) {');
        this.scoped(() => {
          this.out.line(`if (!(${this.condition(statement.condition)})) break;`);
        });
        this.out.line('{');
        this.block(statement.body);
        this.endLoop(statement.lastLine);
        this.out.line('}');
        break;
      }
      case 'repeat':
        this.repeat(statement);
        break;
      case 'if':
        this.if(statement);
        break;
      case 'numericfor':
        this.numericFor(statement);
        break;
      case 'genericfor':
        this.genericFor(statement);
        break;
      case 'return':
        this.return(statement.values, statement.line);
        break;
      case 'break':
        this.out.line('break;');
        break;
    }
  }

  /** The end of a loop's body: pauses if it is time. */
  private endLoop(line: number): void {
    this.out.line('}');
    this.out.line(
      `if (++$n > ${TURNS} || $rt.budget < 0) { $n = 0; if ($rt.spend(${TURNS})) yield $P; }`,
      this.out.site(line),
    );
    this.traceTurn();
  }

  private local(variables: readonly Variable[], values: readonly Expression[]): void {
    const names = variables.map(({ id }) => `L${id}`);
    this.out.line(`let ${names.join(', ')};`);
    const last = values[values.length - 1];
    if (this.isMulti(last) && values.length <= names.length) {
      const fixed = values.length - 1;
      for (let i = 0; i < fixed; i++) this.into(names[i], values[i]);
      this.spread(last, names.slice(fixed));
      return;
    }
    values.forEach((value, i) => {
      if (i < names.length) this.into(names[i], value);
      else this.evaluate(value);
    });
  }

  /** Only for what it does. */
  private evaluate(e: Expression): void {
    this.operand(e);
  }

  /** Gives the values of a call or `...` to variables that nothing can see yet. */
  private spread(e: Expression, names: readonly string[]): void {
    if (names.length === 1) {
      this.into(names[0], e);
      return;
    }
    if (e.kind === 'vararg') {
      this.out.line(names.map((name, i) => `${name} = $V[${i}];`).join(' '));
      return;
    }
    if (e.kind !== 'call') return;
    this.call(e);
    const several = names.map((name, i) => `${name} = $r[${i}];`).join(' ');
    const others = names
      .slice(1)
      .map((name) => `${name} = `)
      .join('');
    this.out.line(`if (Array.isArray($r)) { ${several} }`);
    this.out.line(`else { ${names[0]} = $r; ${others}undefined; }`);
  }

  private assign(statement: Statement & { kind: 'assign' }): void {
    const { targets, values, line } = statement;
    if (targets.length === 1 && values.length === 1) {
      const [target] = targets;
      if (target.kind === 'local' && !target.variable.isCaptured) {
        this.out.onLine?.(line);
        this.into(`L${target.variable.id}`, values[0]);
        return;
      }
      const store = this.target(target, line, []);
      const value = this.operand(values[0]);
      this.out.onLine?.(line);
      store(value);
      return;
    }
    const stores = targets.map((target, i) => this.target(target, line, targets.slice(i + 1)));
    const results = this.temporaries(values, targets.length);
    this.out.onLine?.(line);
    for (let i = stores.length - 1; i >= 0; i--) stores[i](results[i]);
  }

  /** Values for so many targets, in variables of the code. */
  private temporaries(values: readonly Expression[], count: number): string[] {
    const last = values[values.length - 1];
    const results: string[] = [];
    const isSpread = this.isMulti(last) && values.length <= count;
    values.forEach((value, i) => {
      if (isSpread && i === values.length - 1) return;
      const name = this.temp();
      this.into(name, value);
      if (i < count) results.push(name);
    });
    if (isSpread) {
      const names: string[] = [];
      while (results.length + names.length < count) names.push(this.temp());
      this.spread(last, names);
      results.push(...names);
    }
    while (results.length < count) results.push('undefined');
    return results;
  }

  /** @param later targets of the same assignment: a variable among them is copied where it is used */
  private target(target: Expression, line: number, later: readonly Expression[]): Target {
    switch (target.kind) {
      case 'local':
      case 'upvalue': {
        const { id } = target.variable;
        return (value) => this.out.line(`L${id} = ${value};`);
      }
      case 'global': {
        const site = this.out.laterSite(line);
        const cache = this.out.globalCache(target.name);
        return (value) => {
          const test = `!$setField($rt, $E.env, ${cache}, ${value}, $S[${site}])`;
          const args = `$rt, $E.env, ${text(target.name)}, ${value}, $S[${site}]`;
          this.otherwise(test, `yield* $setMeta(${args})`, site);
        };
      }
      case 'index':
        return this.indexTarget(target, line, later);
      default:
        throw new Error('Not a target of an assignment.');
    }
  }

  private indexTarget(
    target: Expression & { kind: 'index' },
    line: number,
    later: readonly Expression[],
  ): Target {
    const part = (e: Expression): string => {
      const value = this.operand(e);
      const isChanged = later.some((other) => {
        return other.kind === 'local' && e.kind === 'local' && other.variable === e.variable;
      });
      if (!isChanged) return value;
      const copy = this.temp();
      this.out.line(`${copy} = ${value};`);
      return copy;
    };
    const object = part(target.object);
    const site = this.out.laterSite(line, title(target.object));
    if (target.key.kind === 'string') {
      const cache = this.out.cache(target.key.value);
      const key = text(target.key.value);
      return (value) => {
        const test = `!$setField($rt, ${object}, ${cache}, ${value}, $S[${site}])`;
        this.otherwise(
          test,
          `yield* $setMeta($rt, ${object}, ${key}, ${value}, $S[${site}])`,
          site,
        );
      };
    }
    const key = part(target.key);
    return (value) => {
      const args = `$rt, ${object}, ${key}, ${value}, $S[${site}]`;
      this.otherwise(`!$setIndex(${args})`, `yield* $setMeta(${args})`, site);
    };
  }

  private repeat(statement: ConditionLoop): void {
    this.out.line('for (;;) {');
    this.out.line('{');
    this.block(statement.body);
    if (!isLeft(statement.body)) {
      this.scoped(() => this.out.line(`if (${this.condition(statement.condition)}) break;`));
    }
    this.endLoop(statement.lastLine);
    this.out.line('}');
  }

  /** Flat, for there may be many clauses: each leaves the whole by its label. */
  private if(statement: Statement & { kind: 'if' }): void {
    const { clauses, otherwise } = statement;
    const label = `$b${this.out.unique()}`;
    const isSingle = clauses.length === 1;
    if (!isSingle) this.out.line(`${label}: {`);
    for (const { condition, body } of clauses) {
      this.scoped(() => this.out.line(`if (${this.condition(condition)}) {`));
      this.block(body);
      if (!isSingle && !isLeft(body)) this.out.line(`break ${label};`);
      this.out.line('}');
    }
    if (otherwise !== undefined) {
      this.out.line(isSingle ? 'else {' : '{');
      this.block(otherwise);
      this.out.line('}');
    }
    if (!isSingle) this.out.line('}');
  }

  private return(values: readonly Expression[], line: number): void {
    if (values.length === 0) {
      this.out.onLine?.(line);
      this.leave();
      this.out.line('return $N;');
      return;
    }
    const [first] = values;
    if (values.length === 1 && first.kind === 'call') {
      this.tailCall(first);
      return;
    }
    let result: string;
    if (values.length === 1 && first.kind !== 'vararg') result = this.operand(first);
    else {
      result = this.temp();
      this.out.line(`${result} = ${this.listOf(values)};`);
    }
    this.out.onLine?.(line);
    this.leave();
    this.out.line(`return ${result};`);
  }

  // --- for -----------------------------------------------------------------------------------------

  /** The body of a loop with variables, and the end of its turn, where only its own are seen. */
  private loopBody(
    { body, line }: NumericFor | GenericFor,
    variables: readonly Variable[],
    own: readonly (readonly [name: string, place: string])[],
  ): void {
    const before = this.visible.length;
    this.visible.push(...own);
    const inside = this.visible.length;
    for (const { name, id } of variables) this.visible.push([name, `L${id}`]);
    this.block(body);
    this.visible.length = inside;
    this.endLoop(line);
    this.visible.length = before;
  }

  private numericFor(statement: NumericFor): void {
    const n = this.out.unique();
    const { variable, from, to, step, line } = statement;
    const names = [`$i${n}`, `$e${n}`, `$s${n}`];
    this.out.line('{');
    this.out.line(`let ${names.join(', ')};`);
    const [index, end, by] = names;
    this.into(index, from);
    this.into(end, to);
    if (step === undefined) this.out.line(`${by} = 1;`);
    else this.into(by, step);
    const site = this.out.site(line);
    const check = (e: Expression | undefined, name: string, what: string) => {
      if (e === undefined || isNumber(e)) return;
      this.out.line(
        `if (typeof ${name} !== 'number') ${name} = $forNumber(${name}, '${what}', $S[${site}]);`,
        site,
      );
    };
    check(from, index, 'initial value');
    check(to, end, 'limit');
    check(step, by, 'step');
    if (step !== undefined || from.kind !== 'number' || !Number.isInteger(from.value)) {
      // As PUC, which steps before the first turn too.
      this.out.line(`${index} = ${index} - ${by} + ${by};`);
    }
    let test = `${by} > 0 ? ${index} <= ${end} : ${end} <= ${index}`;
    if (step === undefined || (step.kind === 'number' && step.value > 0))
      test = `${index} <= ${end}`;
    else if (step.kind === 'number') test = `${end} <= ${index}`;
    this.traceTurn();
    this.out.line(`for (; ${test}; ${index} += ${by}) {`);
    this.out.line(`{ let L${variable.id} = ${index};`);
    this.loopBody(
      statement,
      [variable],
      [
        ['(for index)', index],
        ['(for limit)', end],
        ['(for step)', by],
      ],
    );
    this.out.line('}');
    this.traceEnd();
    this.out.line('}');
  }

  private genericFor(statement: GenericFor): void {
    const n = this.out.unique();
    const [f, s, c, way, at, version] = ['f', 's', 'c', 'w', 'p', 'v'].map(
      (name) => `$${name}${n}`,
    );
    this.out.line('{');
    this.out.line(`let ${f}, ${s}, ${c}, ${way} = 0, ${at} = 0, ${version} = 0;`);
    this.local3(statement.values, [f, s, c]);
    // pairs and ipairs need no calls.
    this.out.line(`if (${s} instanceof $T) {`);
    this.out.line(
      `if (${f} === $next && ${c} === undefined) { ${way} = 1; ${version} = ${s}.version; }`,
    );
    this.out.line(`else if (${f} === $ipairs && ${c} === 0) ${way} = 2;`);
    this.out.line('}');
    const names = statement.variables.map(({ id }) => `L${id}`);
    const key = names[0];
    const value = names[1] ?? '$r';
    this.out.line('for (;;) {');
    this.out.line(`{ let ${names.join(', ')};`);
    this.out.line(`if (${way} === 1) {`);
    this.out.line(
      `if (${s}.version !== ${version}) { ${at} = $positionBehind(${s}, ${c}); ${version} = ${s}.version; }`,
    );
    this.out.line(`${at} = ${s}.seek(${at}); if (${at} < 0) break;`);
    this.out.line(`${c} = ${key} = ${s}.keyAt(${at}); ${value} = ${s}.valueAt(${at}); ${at}++;`);
    this.out.line(`} else if (${way} === 2) {`);
    this.out.line(`${value} = ${s}.getIndex(++${at}); if (${value} === undefined) break;`);
    this.out.line(`${key} = ${at};`);
    this.out.line('} else {');
    const site = this.out.site(statement.line);
    this.out.line('++$rt.libraryDepth;');
    this.out.line(`$r = yield* $rt.enter(${f}, [${s}, ${c}], $S[${site}]);`, site);
    this.out.line('--$rt.libraryDepth;');
    const several = names.map((name, i) => `${name} = $r[${i}];`).join(' ');
    this.out.line(`if (Array.isArray($r)) { ${several} } else ${key} = $r;`);
    this.out.line(`if (${key} === undefined) break;`);
    this.out.line(`${c} = ${key};`);
    this.out.line('}');
    this.traceTurn();
    this.loopBody(statement, statement.variables, [
      ['(for generator)', f],
      ['(for state)', s],
      ['(for control)', `${way} === 2 ? ${at} : ${c}`],
    ]);
    this.out.line('}');
    this.traceEnd();
    this.out.line('}');
  }

  private local3(values: readonly Expression[], names: readonly string[]): void {
    const results = this.temporaries(values, 3);
    this.out.line(names.map((name, i) => `${name} = ${results[i]};`).join(' '));
  }
}

function isLeft(body: readonly Statement[]): boolean {
  const kind = body[body.length - 1]?.kind;
  return kind === 'return' || kind === 'break';
}
