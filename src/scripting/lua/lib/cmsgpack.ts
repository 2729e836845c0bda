/**
 * The library cmsgpack of Redis's scripts: MessagePack and Lua's values (lua-cmsgpack 0.4.0).
 *
 *     cmsgpack.pack({1, 'a'}, true)  ->  "\x92\x01\xa1a\xc3"      unpack  ->  {1, 'a'}, true
 *
 * Several values go one behind the other into one string, and unpack gives them all back;
 * unpack_one and unpack_limit read some, and say where to go on. See cmsgpack-encoder.ts and
 * cmsgpack-decoder.ts.
 */
import type { LuaRuntime } from '../runtime.js';
import { LuaTable, type LuaValue, type Steps } from '../value.js';
import { checkInteger, checkString, optInteger, toInt32 } from './arguments.js';
import { ByteSink } from './byte-sink.js';
import { MAX_C_STACK } from './c-stack.js';
import { MsgpackDecoder } from './cmsgpack-decoder.js';
import { MsgpackEncoder } from './cmsgpack-encoder.js';
import { inSteps } from './in-steps.js';

export function cmsgpackLibrary(lua: LuaRuntime): LuaTable {
  const library = new LuaTable();
  const encoder = new MsgpackEncoder(lua, new ByteSink(lua));
  const decoder = new MsgpackDecoder(lua);
  const pack = (...args: LuaValue[]) => {
    if (args.length === 0) throw lua.argError(0, 'MessagePack pack needs input.');
    if (args.length * 2 > MAX_C_STACK) {
      throw lua.argError(0, 'Too many arguments for MessagePack pack.');
    }
    encoder.begin(args);
    return inSteps(lua, encoder);
  };
  const unpack = (...args: LuaValue[]) => {
    const text = checkString(lua, args[0], 1, args.length);
    decoder.begin(text, args.length);
    return inSteps(lua, decoder);
  };
  const unpackOne = (...args: LuaValue[]) => {
    const offset = optInteger(lua, args[1], 2, 0);
    return unpackSome(lua, decoder, args, 1, offset);
  };
  const unpackLimit = (...args: LuaValue[]) => {
    const limit = checkInteger(lua, args[1], 2, args.length);
    const offset = optInteger(lua, args[2], 3, 0);
    return unpackSome(lua, decoder, args, limit, offset);
  };
  library.set('pack', lua.stepped('pack', pack));
  library.set('unpack', lua.stepped('unpack', unpack));
  library.set('unpack_one', lua.stepped('unpack_one', unpackOne));
  library.set('unpack_limit', lua.stepped('unpack_limit', unpackLimit));
  library.set('_NAME', 'cmsgpack');
  library.set('_VERSION', 'lua-cmsgpack 0.4.0');
  library.set('_COPYRIGHT', 'Copyright (C) 2012, Salvatore Sanfilippo');
  library.set('_DESCRIPTION', 'MessagePack C implementation for Lua');
  return library;
}

/** At most `limit` values from `offset` on; 0 and 0 mean all of them, without an offset in front. */
function unpackSome(
  lua: LuaRuntime,
  decoder: MsgpackDecoder,
  args: readonly LuaValue[],
  limit: number,
  offset: number,
): Steps {
  const text = checkString(lua, args[0], 1, args.length);
  const from = toInt32(offset);
  if (offset < 0 || limit < 0) {
    // The length stands where the limit should.
    const request = `Invalid request to unpack with offset of ${from} and limit of ${text.length}.`;
    throw lua.error(request);
  }
  if (offset > text.length) {
    throw lua.error(`Start offset ${from} greater than input length ${text.length}.`);
  }
  if (limit === 0 && offset === 0) decoder.begin(text, 1);
  else decoder.beginSome(text, limit, offset);
  return inSteps(lua, decoder);
}
