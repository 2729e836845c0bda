/**
 * An error that knows where it was raised. If nobody catches it, the client is told: "… script:
 * <name>, on @user_script:1."
 *
 * Messages that begin with their place ("user_script:1: …") need no more than that; what is raised as
 * a table, or without a place, does.
 */
import type { LuaRuntime } from './runtime.js';
import { LuaError, type LuaValue } from './value.js';

export interface Place {
  /** The chunk's name as it was compiled: `@user_script`. */
  readonly source: string;
  readonly line: string;
}

export class PlacedError extends LuaError {
  constructor(
    value: LuaValue,
    readonly place: Place | undefined,
    isFinal = false,
  ) {
    super(value, isFinal);
  }

  /** An error at the place in the script that called the function which is running. */
  static here(lua: Pick<LuaRuntime, 'error'>, value: LuaValue, isFinal = false): PlacedError {
    return new PlacedError(value, placeHere(lua), isFinal);
  }
}

/** Where the function was called that is running. */
export function placeHere(lua: Pick<LuaRuntime, 'error'>): Place | undefined {
  const { value } = lua.error('');
  return typeof value === 'string' ? placeOf(value) : undefined;
}

/** The place that a message begins with. */
export function placeOf(message: string): Place | undefined {
  const found = /^([^:\n]+):(\d+): /.exec(message);
  return found === null ? undefined : { source: `@${found[1]}`, line: found[2]! };
}
