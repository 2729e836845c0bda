/**
 * Which variable a name means, while a chunk is parsed; and PUC's limits on variables.
 */
import type { LuaError } from '../value.js';
import type { FunctionNode, Variable } from './tree.js';

const MAX_LOCALS = 200;
const MAX_UPVALUES = 60;
const MAX_REGISTERS = 250;

interface Level {
  readonly node: FunctionNode;
  readonly variables: Variable[];
  /** Variables that the blocks around have; those that loops keep to themselves are undefined. */
  readonly blocks: number[];
  readonly upvalues: Set<Variable>;
}

export class Scopes {
  private readonly levels: Level[] = [];
  private count = 0;

  /** @param fail makes an error of a message */
  constructor(private readonly fail: (message: string) => LuaError) {}

  get current(): FunctionNode {
    return this.top.node;
  }

  private get top(): Level {
    return this.levels[this.levels.length - 1];
  }

  openFunction(line: number): FunctionNode {
    const parent = this.levels.length === 0 ? undefined : this.current;
    if (parent !== undefined) parent.hasFunctions = true;
    const node: FunctionNode = {
      parent,
      parameters: [],
      line,
      endLine: line,
      isVararg: false,
      arg: undefined,
      usesVararg: false,
      usesGlobals: false,
      hasFunctions: false,
      hasLoops: false,
      body: [],
    };
    this.levels.push({ node, variables: [], blocks: [], upvalues: new Set() });
    return node;
  }

  closeFunction(): void {
    this.levels.pop();
  }

  open(): void {
    this.top.blocks.push(this.top.variables.length);
  }

  close(): void {
    this.top.variables.length = this.top.blocks.pop() ?? 0;
  }

  markLoop(): void {
    this.current.hasLoops = true;
  }

  declare(name: string): Variable {
    const owner = this.current;
    const id = ++this.count;
    const variable = {
      name,
      id,
      owner,
      isCaptured: false,
      isAssigned: false,
      isUsed: false,
      isNumber: false,
    };
    this.checkRoom(1);
    this.top.variables.push(variable);
    return variable;
  }

  /** Room for variables without a name that can be used. */
  reserve(count: number): void {
    for (let i = 0; i < count; i++) this.declare('(for)');
  }

  /** @throws LuaError if the function has no room for so many more variables */
  checkRoom(more: number): void {
    if (this.top.variables.length + more > MAX_LOCALS) {
      throw this.limitError(MAX_LOCALS, 'local variables');
    }
  }

  checkRegisters(more: number): void {
    if (this.top.variables.length + more + 1 > MAX_REGISTERS) {
      throw this.fail('function or expression too complex');
    }
  }

  limitError(limit: number, what: string): LuaError {
    const { line } = this.current;
    const where = line === 0 ? 'main function' : `function at line ${line}`;
    return this.fail(`${where} has more than ${limit} ${what}`);
  }

  find(name: string): Variable | undefined {
    for (let at = this.levels.length - 1; at >= 0; at--) {
      const { variables } = this.levels[at];
      for (let i = variables.length - 1; i >= 0; i--) {
        if (variables[i].name !== name) continue;
        variables[i].isUsed = true;
        if (at < this.levels.length - 1) this.capture(variables[i], at);
        return variables[i];
      }
    }
    this.current.usesGlobals = true;
    return undefined;
  }

  private capture(variable: Variable, at: number): void {
    variable.isCaptured = true;
    for (let level = at + 1; level < this.levels.length; level++) {
      const { upvalues, node } = this.levels[level];
      upvalues.add(variable);
      if (upvalues.size > MAX_UPVALUES) {
        const where = node.line === 0 ? 'main function' : `function at line ${node.line}`;
        throw this.fail(`${where} has more than ${MAX_UPVALUES} upvalues`);
      }
    }
  }
}
