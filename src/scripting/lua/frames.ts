/**
 * The functions that are running, for getfenv and setfenv, which mean them by their level.
 *
 *     lua.frame ──caller──> pcall ──caller──> f ──caller──> the script
 *     level        1          2              3, 4               5
 *                                   (4: f was reached by a tail call, whose caller is lost)
 *
 * Only chunks that may have to do with the two keep account of it: those that name them, or load other
 * chunks, and those that are loaded by these. Their functions have a cell each for their globals, and
 * no plain form (call.ts). In all others `frame` stays undefined, and the functions of a chunk
 * share a cell; a script that gets at getfenv without naming it finds no level at all.
 */
import { CallFrame, type EnvCell } from './value.js';

/** Also `_G["get" .. "fenv"]`. */
const FRAMED = /fenv|loadstring|\bload\s*\(/;

/** Whether a chunk has to keep account of its functions, by what it names. */
export function namesEnvironments(source: string): boolean {
  return FRAMED.test(source);
}

/** Where an interpreter keeps it. */
export interface FrameHolder {
  /** What runs; undefined: nothing that keeps account. */
  frame: CallFrame | undefined;
  /** Callers that are lost to tail calls, of the function that is about to begin. */
  lostCallers: number;
}

/** Below the first function of a coroutine; it is no level. */
export const BOTTOM = new CallFrame(undefined, undefined, 0);

/** A function of Lua begins. It ends by putting its caller back in `frame`, unless by an error. */
export function enterFrame(rt: FrameHolder, cell: EnvCell): CallFrame {
  const frame = new CallFrame(rt.frame, cell, rt.lostCallers);
  rt.lostCallers = 0;
  rt.frame = frame;
  return frame;
}

/** A function makes way for another one of Lua. */
export function leaveByTail(rt: FrameHolder, frame: CallFrame): void {
  rt.frame = frame.caller;
  rt.lostCallers = frame.lostCallers + 1;
}

/** @returns 'lost' to a tail call; undefined: there are not so many */
export function frameAt(top: CallFrame | undefined, level: number): CallFrame | 'lost' | undefined {
  let frame = top;
  let left = level - 1;
  while (left > 0 && frame !== undefined && frame !== BOTTOM) {
    left -= 1 + frame.lostCallers;
    frame = frame.caller;
  }
  if (left < 0) return 'lost';
  return left === 0 && frame !== BOTTOM ? frame : undefined;
}
