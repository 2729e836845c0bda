/**
 * The tree of a chunk, as the parser makes it: names are resolved to variables, and each place that
 * can fail knows its line, which is the one PUC's code generator would give to its instruction.
 */

/** A local variable. */
export interface Variable {
  readonly name: string;
  /** Unique in the chunk. */
  readonly id: number;
  readonly owner: FunctionNode;
  /** Whether a function within its owner uses it. */
  isCaptured: boolean;
  /** Whether it is assigned to after its declaration. */
  isAssigned: boolean;
  /** Whether its name occurs. */
  isUsed: boolean;
  /** Whether all that it can hold are numbers: see generate/numbers.ts. */
  isNumber: boolean;
}

export interface FunctionNode {
  readonly parent: FunctionNode | undefined;
  readonly parameters: Variable[];
  /** Line of `function`; 0: the chunk itself. */
  readonly line: number;
  /** Line of its `end`; of the chunk: its last. */
  endLine: number;
  isVararg: boolean;
  /** The variable `arg` of a vararg function that doesn't use `...`. */
  arg: Variable | undefined;
  usesVararg: boolean;
  usesGlobals: boolean;
  hasFunctions: boolean;
  hasLoops: boolean;
  body: Statement[];
}

export type Expression =
  | { readonly kind: 'nil' | 'true' | 'false' }
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'vararg' }
  | { readonly kind: 'function'; readonly node: FunctionNode }
  | { readonly kind: 'local' | 'upvalue'; readonly variable: Variable }
  | Global
  | Index
  | Call
  | Binary
  | Unary
  | { readonly kind: 'and' | 'or'; readonly left: Expression; readonly right: Expression }
  | TableNode
  | { readonly kind: 'paren'; readonly inner: Expression };

export interface Global {
  readonly kind: 'global';
  readonly name: string;
  line: number;
}
export interface Index {
  readonly kind: 'index';
  readonly object: Expression;
  readonly key: Expression;
  line: number;
}
export interface Call {
  readonly kind: 'call';
  readonly callee: Expression;
  /** Of `object:method()`; the callee is the object then. */
  readonly method: string | undefined;
  readonly args: Expression[];
  readonly line: number;
  /** Where the method is looked up. */
  readonly methodLine: number;
}
export interface Binary {
  readonly kind: 'binary';
  readonly operator: BinaryOperator;
  readonly left: Expression;
  readonly right: Expression;
  line: number;
}
export interface Unary {
  readonly kind: 'unary';
  readonly operator: '-' | 'not' | '#';
  readonly operand: Expression;
  readonly line: number;
}
export interface TableNode {
  readonly kind: 'table';
  readonly items: TableItem[];
  readonly line: number;
}
/** key: undefined: the next index. */
export interface TableItem {
  readonly key: Expression | undefined;
  readonly value: Expression;
  readonly line: number;
}

export type BinaryOperator =
  | '+'
  | '-'
  | '*'
  | '/'
  | '%'
  | '^'
  | '..'
  | '=='
  | '~='
  | '<'
  | '<='
  | '>'
  | '>=';

export type Statement =
  | {
      readonly kind: 'local';
      readonly variables: Variable[];
      readonly values: Expression[];
      readonly line: number;
    }
  | { readonly kind: 'localfunction'; readonly variable: Variable; readonly node: FunctionNode }
  | {
      readonly kind: 'assign';
      readonly targets: Expression[];
      readonly values: Expression[];
      readonly line: number;
    }
  | { readonly kind: 'call'; readonly call: Call }
  | { readonly kind: 'do'; readonly body: Statement[] }
  | ConditionLoop
  | {
      readonly kind: 'if';
      readonly clauses: { readonly condition: Expression; readonly body: Statement[] }[];
      readonly otherwise: Statement[] | undefined;
    }
  | NumericFor
  | GenericFor
  | { readonly kind: 'return'; readonly values: Expression[]; readonly line: number }
  | { readonly kind: 'break' };

export interface ConditionLoop {
  readonly kind: 'while' | 'repeat';
  readonly condition: Expression;
  readonly body: Statement[];
  /** Where the jump back is: the last token before the end of `while`, or the condition. */
  readonly lastLine: number;
}
export interface NumericFor {
  readonly kind: 'numericfor';
  readonly variable: Variable;
  readonly from: Expression;
  readonly to: Expression;
  readonly step: Expression | undefined;
  readonly body: Statement[];
  readonly line: number;
}
export interface GenericFor {
  readonly kind: 'genericfor';
  readonly variables: Variable[];
  readonly values: Expression[];
  readonly body: Statement[];
  readonly line: number;
}
