/**
 * Who called whom, read off V8's stack when a message needs it.
 *
 *     body of string.rep          the function that fails: level 0
 *     lua:7, line 12              a frame of generated code: level 1, its line leads to the site
 *     callFromLibrary             a function of a library called that: level 2, which has no line
 *     body of pcall
 *     lua:7, line 30              level 3
 *     LuaRun.resume               the driver: here a stack of its own begins
 *
 * A frame at a tail call that was made by another one of Lua's counts as level without a line: in
 * PUC it has made way for the function it called.
 */
import type { Chunk, Site } from './site.js';

/** Names of the scripts that generated code is known by begin so. */
export const SCRIPT_PREFIX = 'respd-lua:';

/** Name of the function through which libraries call: see Lua.callFromLibrary. */
const LIBRARY_CALL = 'callFromLibrary';
/** Frames that are looked at first, for each level. */
const FRAMES_PER_LEVEL = 5;
/** `new Function` puts so many lines before the code. */
const LINES_BEFORE = 2;

/** undefined: a function of a library, or one lost by a tail call. */
export type Level = { readonly site: Site } | undefined;

/**
 * The levels above the function of a library that is running.
 * @param chunks those that a script name leads to
 * @param count how many levels are wanted; there may be fewer, and more
 */
export function stackLevels(
  chunks: (scriptName: string) => Chunk | undefined,
  count: number,
): Level[] {
  // Frames are costly: first as many as will do nearly always.
  for (let limit = FRAMES_PER_LEVEL * (count + 1); ; limit *= 8) {
    const found = frames(limit);
    const levels = levelsOf(found, chunks);
    if (levels.length >= count || found.length < limit) return levels;
  }
}

function levelsOf(
  found: readonly NodeJS.CallSite[],
  chunks: (scriptName: string) => Chunk | undefined,
): Level[] {
  const levels: Level[] = [];
  let isAfterLua = false;
  for (const frame of found) {
    const script = frame.getScriptNameOrSourceURL();
    if (script?.startsWith(SCRIPT_PREFIX)) {
      const site = chunks(script)?.sites[(frame.getLineNumber() ?? 0) - LINES_BEFORE - 1];
      const isLost = site === undefined || (site.isTail && isAfterLua);
      levels.push(isLost ? undefined : { site });
      isAfterLua = true;
    } else if (frame.getFunctionName()?.endsWith(LIBRARY_CALL)) {
      levels.push(undefined);
      isAfterLua = false;
    }
  }
  return levels;
}

function frames(limit: number): NodeJS.CallSite[] {
  const { prepareStackTrace, stackTraceLimit } = Error;
  const holder: { stack?: unknown } = {};
  try {
    Error.prepareStackTrace = (_error, sites) => sites;
    Error.stackTraceLimit = limit;
    Error.captureStackTrace(holder, stackLevels);
    return holder.stack as NodeJS.CallSite[];
  } finally {
    Error.prepareStackTrace = prepareStackTrace;
    Error.stackTraceLimit = stackTraceLimit;
  }
}
