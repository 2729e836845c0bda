/** Reads values of any type: chooses who does. */
import type { LooseValue } from '../../keyspace/loose-value.js';
import { ModuleOpcode, moduleName, RdbType } from './format.js';
import type { RdbInput } from './input.js';
import { isBlob, loadBlob } from './load-blob.js';
import type { LoadContext } from './load-context.js';
import { HashLoader, TimedHashLoader } from './load-hash.js';
import { ListLoader } from './load-list.js';
import { SetLoader } from './load-set.js';
import { StreamLoader } from './load-stream.js';
import { ZsetLoader } from './load-zset.js';
import type { ValueLoader } from './value-loader.js';

/** Whether this byte stands before a value of a key. */
export function isValueType(type: number): boolean {
  return type <= RdbType.Module2 || (type >= RdbType.HashZipmap && type <= RdbType.HashListpackEx);
}

/** Reads a value that is one item. @throws SHORT, RdbFault */
export function readBlob(
  type: number,
  input: RdbInput,
  context: LoadContext,
  value: LooseValue,
): void {
  // The time of the first deadline, which the listpack has too.
  if (type === RdbType.HashListpackEx) input.take(8);
  value.setNothing();
  const { second } = context;
  input.string(second);
  try {
    loadBlob(type, input, second, context, value);
  } catch (error) {
    value.drop(context.db);
    throw error;
  }
}

/** Who reads a value of several items. @throws RdbFault */
export function loaderOf(type: number, input: RdbInput, context: LoadContext): ValueLoader {
  switch (type) {
    case RdbType.List:
    case RdbType.ListQuicklist:
    case RdbType.ListQuicklist2:
      return new ListLoader(type, context);
    case RdbType.Set:
      return new SetLoader(context);
    case RdbType.Zset:
    case RdbType.Zset2:
      return new ZsetLoader(type, context);
    case RdbType.Hash:
      return new HashLoader(context);
    case RdbType.HashMetadata:
    case RdbType.HashMetadataPreGa:
      return new TimedHashLoader(type, context);
    case RdbType.StreamListpacks:
    case RdbType.StreamListpacks2:
    case RdbType.StreamListpacks3:
      return new StreamLoader(type, context);
    case RdbType.Module2:
      throw input.fault(
        `the value is of the module type '${moduleName(BigInt.asUintN(64, input.signedExact()))}', and there are no modules`,
      );
    case RdbType.ModulePreGa:
      throw input.fault('Pre-release module format not supported');
    default:
      throw input.fault(`Unknown RDB encoding type ${type}`);
  }
}

/**
 * Reads all of a value of which all bytes are there, its type included.
 * @throws RdbFault; nothing is left of the value then
 */
export function readValue(input: RdbInput, context: LoadContext, value: LooseValue): void {
  const type = input.byte();
  value.setNothing();
  if (!isValueType(type)) throw input.fault(`Unknown RDB encoding type ${type}`);
  if (isBlob(type)) {
    readBlob(type, input, context, value);
    return;
  }
  const loader = loaderOf(type, input, context);
  try {
    loader.read(input);
  } catch (error) {
    loader.drop();
    throw error;
  }
  loader.finish(value);
}

/** Passes what a module has written over, up to its end. */
export class ModuleSkipper {
  /** @returns whether there is more @throws SHORT, RdbFault */
  next(input: RdbInput, { first }: LoadContext): boolean {
    const opcode = input.count();
    switch (opcode) {
      case ModuleOpcode.Eof:
        return false;
      case ModuleOpcode.Sint:
      case ModuleOpcode.Uint:
        input.words();
        return true;
      case ModuleOpcode.Float:
        input.take(4);
        return true;
      case ModuleOpcode.Double:
        input.take(8);
        return true;
      case ModuleOpcode.String:
        input.string(first);
        return true;
      default:
        throw input.fault(`${opcode} is nothing that a module writes`);
    }
  }
}
