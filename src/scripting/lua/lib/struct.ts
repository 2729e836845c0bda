/**
 * The library struct of Redis's scripts: C's structures as strings (lua_struct.c 0.2).
 *
 *     struct.pack('>Hs', 258, 'ab')  ->  "\1\2ab\0"      struct.unpack  ->  258, 'ab', 6
 *
 * struct-format.ts reads the options. A format may be of any length, so each of the functions is a
 * loop that can stop and go on.
 *
 * Integers are 64-bit, whatever their size: a wider one has zeros in front when it is packed, and
 * when it is unpacked only its last 64 bits count. They pass through C's casts of doubles, whose
 * results beyond the limits are x86-64's (see toInt64).
 */
import { untilNul } from '../../../text/c-string.js';
import type { LuaRuntime } from '../runtime.js';
import { LuaTable, type LuaValue } from '../value.js';
import { checkString } from './arguments.js';
import { ByteSink } from './byte-sink.js';
import { inSteps } from './in-steps.js';
import { BATCH, STEPS_PER_OPTION, StructFormat } from './struct-format.js';
import { StructPacker } from './struct-packer.js';
import { StructUnpacker } from './struct-unpacker.js';

export function structLibrary(lua: LuaRuntime): LuaTable {
  const library = new LuaTable();
  const packer = new StructPacker(lua, new ByteSink(lua));
  const unpacker = new StructUnpacker(lua);
  const sizer = new StructSizer(lua);
  const pack = (...args: LuaValue[]) => {
    packer.begin(formatArgument(lua, args), args);
    return inSteps(lua, packer);
  };
  const unpack = (...args: LuaValue[]) => {
    unpacker.begin(formatArgument(lua, args), args);
    return inSteps(lua, unpacker);
  };
  const size = (...args: LuaValue[]) => {
    sizer.begin(formatArgument(lua, args));
    return inSteps(lua, sizer);
  };
  library.set('pack', lua.stepped('pack', pack));
  library.set('unpack', lua.stepped('unpack', unpack));
  library.set('size', lua.stepped('size', size));
  return library;
}

function formatArgument(lua: LuaRuntime, args: readonly LuaValue[]): string {
  return untilNul(checkString(lua, args[0], 1, args.length));
}

/** The size of a format that has one, which is the work of struct.size. */
class StructSizer {
  private readonly format: StructFormat;
  private size = 0;
  private work = 0;

  constructor(private readonly lua: LuaRuntime) {
    this.format = new StructFormat(lua);
  }

  begin(format: string): void {
    this.format.begin(format);
    this.size = this.work = 0;
  }

  finish(): number {
    return this.size;
  }

  get steps(): number {
    return this.work * STEPS_PER_OPTION;
  }

  run(): boolean {
    while (this.format.next()) {
      this.add();
      if (++this.work < BATCH) continue;
      this.work = 0;
      if (this.lua.spend(BATCH * STEPS_PER_OPTION)) return false;
    }
    return true;
  }

  private add(): void {
    const { format } = this;
    const { option } = format;
    this.size += format.padding(this.size);
    if (option === 's') throw this.lua.argError(1, "option 's' has no fixed size");
    if (option === 'c' && format.size === 0) {
      throw this.lua.argError(1, "option 'c0' has no fixed size");
    }
    // Letters and digits that mean nothing pass for options without size.
    const { size } = format;
    if (!/[0-9A-Za-z]/.test(option)) format.control();
    this.size += size;
  }
}
