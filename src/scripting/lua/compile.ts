/**
 * Source of Lua to a function: parses it, finds out what can be known of its variables, writes
 * JavaScript and has V8 compile that.
 */
import { BAIL, NO_VALUES, TailCall } from './call.js';
import { enterFrame, leaveByTail } from './frames.js';
import type { ChunkOptions } from './generate/expressions.js';
import { findNumbers } from './generate/numbers.js';
import { Output } from './generate/output.js';
import { writeChunk } from './generate/statements.js';
import {
  argTable,
  forNumber,
  makeFunction,
  makeRecord,
  newTable,
  positionBehind,
  Record,
  setItem,
  setItems,
  sizedTable,
} from './generate/support.js';
import type { Interpreter } from './interpreter.js';
import * as meta from './metamethods.js';
import * as operators from './operators.js';
import { FieldCache } from './operators.js';
import { PAUSE } from './runtime.js';
import { type Chunk, chunkTitle, type Site } from './site.js';
import { parse } from './syntax/parser.js';
import { type EnvCell, LuaError, LuaFunction, LuaTable } from './value.js';

/** A chunk of bytecode begins so. PUC's parser, which it is given to, says this of it. */
const SIGNATURE = '\x1b';

/** A chunk that was compiled: its main function can be made any number of times. */
export interface Compiled {
  readonly name: string;
  /** See frames.ts. */
  readonly isFramed: boolean;
  /** Kept, for messages find it only while somebody does. */
  readonly chunk: Chunk;
  readonly make: (helpers: object, own: ChunkParts) => LuaFunction;
  readonly caches: FieldCache[];
  readonly records: Record[];
  readonly sites: Site[];
}

/**
 * @param newChunk makes a chunk known, by the title that messages give it, and its name as it is
 * @throws LuaError with the parser's message
 */
export function compile(
  newChunk: (title: string, source: string) => Chunk,
  source: string,
  name: string,
  options: ChunkOptions,
): Compiled {
  const chunk = newChunk(chunkTitle(name), name);
  if (source[0] === SIGNATURE) {
    throw new LuaError(`${chunk.name}:1: unexpected symbol near 'char(27)'`);
  }
  try {
    const main = parse(source, chunk.name);
    findNumbers(main);
    const out = new Output(chunk);
    const constants = out.reserve();
    writeChunk(out, main, options);
    out.fill(constants, declarations(out));
    const code = `${out.code}\n//# sourceURL=${chunk.scriptName}`;
    return {
      name,
      isFramed: options.isFramed,
      chunk,
      make: new Function('$h', '$k', code) as Compiled['make'],
      caches: out.fieldNames.map((field) => new FieldCache(field)),
      records: out.records.map((keys) => new Record(keys)),
      sites: out.sites,
    };
  } catch (error) {
    throw tooComplex(error, chunk);
  }
}

/**
 * The main function of a chunk.
 * @param tracer what code that is traced tells of its steps
 * @throws LuaError: V8 can't compile it
 */
export function makeMain(
  rt: Interpreter,
  compiled: Compiled,
  env: LuaTable,
  tracer?: object,
): LuaFunction {
  const { caches, chunk, make, records, sites } = compiled;
  try {
    return make(HELPERS, {
      $rt: rt,
      $D: tracer,
      $next: rt.iterators.next,
      $ipairs: rt.iterators.ipairs,
      $E: { env, chunk },
      $S: sites,
      $caches: caches,
      $records: records,
    });
  } catch (error) {
    throw tooComplex(error, chunk);
  }
}

/** V8's refusal as the parser would put it; any other error as it is. */
function tooComplex(error: unknown, { name }: Chunk): unknown {
  const isRefusal = error instanceof RangeError || error instanceof SyntaxError;
  return isRefusal ? new LuaError(`${name}:1: function or expression too complex`) : error;
}

const HELPERS = {
  $F: LuaFunction,
  $T: LuaTable,
  $B: BAIL,
  $N: NO_VALUES,
  $P: PAUSE,
  $TailCall: TailCall,
  $fn: makeFunction,
  $enter: enterFrame,
  $isOfLua: operators.isOfLua,
  $leaveByTail: leaveByTail,
  $newTable: newTable,
  $sizedTable: sizedTable,
  $record: makeRecord,
  $setItem: setItem,
  $setItems: setItems,
  $argTable: argTable,
  $forNumber: forNumber,
  $positionBehind: positionBehind,
  $field: operators.field,
  $index: operators.index,
  $indexMeta: meta.indexMeta,
  $setField: operators.setField,
  $setIndex: operators.setIndex,
  $setMeta: meta.setMeta,
  $arith: operators.arith,
  $arithMeta: meta.arithMeta,
  $mod: operators.mod,
  $pow: operators.pow,
  $negate: operators.negate,
  $negateMeta: meta.negateMeta,
  $length: operators.lengthOf,
  $lengthMeta: meta.lengthMeta,
  $concat: operators.concat,
  $concatMeta: meta.concatMeta,
  $less: operators.less,
  $lessMeta: meta.lessMeta,
  $lessEqual: operators.lessEqual,
  $lessEqualMeta: meta.lessEqualMeta,
  $takesEq: operators.takesEq,
  $equalMeta: meta.equalMeta,
};

const HELPER_NAMES = Object.keys(HELPERS).join(', ');

/** What generated code gets that is its chunk's own. */
interface ChunkParts {
  readonly $rt: Interpreter;
  readonly $D: object | undefined;
  readonly $next: LuaFunction | undefined;
  readonly $ipairs: LuaFunction | undefined;
  readonly $E: EnvCell;
  readonly $S: Site[];
  readonly $caches: FieldCache[];
  readonly $records: Record[];
}

/** The line of the code that names what it may use. */
function declarations(out: Output): string {
  let line = `const { ${HELPER_NAMES} } = $h, { $rt, $D, $next, $ipairs, $E, $S } = $k`;
  out.fieldNames.forEach((_, i) => {
    line += `, $C${i} = $k.$caches[${i}]`;
  });
  out.records.forEach((_, i) => {
    line += `, $R${i} = $k.$records[${i}]`;
  });
  return `${line};`;
}
