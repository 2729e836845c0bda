/**
 * Reads an RDB file without keeping anything: where it is wrong, if it is, and what is in it.
 *
 *     const check = new RdbCheck({ totalBytes, now, onInfo });
 *     while (check.read(next chunk) === 'more');
 *     check.fault, check.doing, check.keyType …
 *
 * Values are read as a load reads them, with everything that `sanitize-dump-payload yes` looks at, into
 * a database that holds one key at a time; so memory is for the biggest value. What is told on the way,
 * in which state, and at which offset is as redis-check-rdb does it, so that whoever reads its output
 * can read this.
 *
 * Two things are taken as the server takes them, and not as redis-check-rdb does: a collection without
 * members is no error (a load leaves it out), and RDB up to version 12 is known.
 *
 * Source: redis-check-rdb.c of Redis 7.2.
 */
import { DOUBLE_FIELD } from '../../datastructs/double-field.js';
import { Keyspace } from '../../keyspace/keyspace.js';
import { LooseValue } from '../../keyspace/loose-value.js';
import { RdbFault } from '../../persistence/rdb/fault.js';
import {
  ModuleOpcode,
  moduleName,
  RDB_HEADER_BYTES,
  RDB_MAGIC,
  RDB_VERSION_MAX,
  RdbOpcode,
  RdbType,
  RdbVersion,
} from '../../persistence/rdb/format.js';
import { RdbInput, StringSlot } from '../../persistence/rdb/input.js';
import { ItemReader } from '../../persistence/rdb/item-reader.js';
import { isBlob } from '../../persistence/rdb/load-blob.js';
import { LoadContext } from '../../persistence/rdb/load-context.js';
import {
  isValueType,
  loaderOf,
  ModuleSkipper,
  readBlob,
} from '../../persistence/rdb/load-value.js';
import type { ValueLoader } from '../../persistence/rdb/value-loader.js';
import { untilNul } from '../../text/c-string.js';
import { ElementCounter } from './element-counter.js';

/** What the check was about to do when something was wrong, in redis-check-rdb's words. */
export type Doing =
  | 'start'
  | 'read-type'
  | 'read-expire'
  | 'read-key'
  | 'read-object-value'
  | 'check-sum'
  | 'read-len'
  | 'read-aux'
  | 'read-module-aux'
  | 'read-functions';

export interface RdbCheckOptions {
  readonly totalBytes: number;
  /** Unix ms. */
  readonly now: number;
  /** Numbers in [0, 1): for the hash, which a file must not be able to foresee. */
  random(): number;
  /** Something that is right, and worth a line. Texts are latin1. */
  onInfo(offset: number, text: string): void;
  onNote?(name: string, value: string): void;
  onDatabase?(index: number): void;
  onFunctions?(code: Uint8Array): void;
  /** A key was read. */
  onKey?(key: CheckedKey): void;
}

/** A key that was read: valid for the call. */
export interface CheckedKey {
  /** How it is kept: an RdbType. */
  readonly type: number;
  readonly name: Uint8Array;
  /** Members, fields, entries; 1 for a string; 0 for what can't be looked into. */
  readonly elements: number;
  /** Bytes in the file, name and deadline included. */
  readonly bytes: number;
  readonly isVolatile: boolean;
  readonly isDue: boolean;
}

/** Something wrong outside of values: the text stands for itself. */
class PlainFault extends RdbFault {}

const Stage = { Header: 0, Items: 1, Value: 2, ModuleAux: 3, ModuleValue: 4, Checksum: 5 } as const;

/** A line of information is cut to so many bytes. */
const INFO_MAX = 1023;
/** No key at hand. */
const NO_TYPE = -1;
const NO_OFFSET = -1;

export class RdbCheck extends ItemReader {
  /** The file's version; 0 before its header was read. */
  version = 0;
  // Counters.
  keys = 0;
  expires = 0;
  alreadyExpired = 0;
  doing: Doing = 'start';
  /** The key that is being read, once its name was. */
  key: Buffer | undefined = undefined;
  /** Its type; before the first key 0, which redis-check-rdb shows as well. */
  keyType = 0;
  /** What the file says of its bytes. */
  checksum: 'none' | 'right' | 'wrong' | undefined = undefined;

  private stage: number = Stage.Header;
  private readonly context = new LoadContext();
  private readonly value = new LooseValue();
  private readonly module = new ModuleSkipper();
  private readonly counter = new ElementCounter();
  private readonly name = new StringSlot();
  private loader: ValueLoader | undefined = undefined;
  private expiry = DOUBLE_FIELD;
  private isVolatile = false;
  /** Where the key begins, with what stands before it. */
  private keyAt = NO_OFFSET;

  constructor(private readonly options: RdbCheckOptions) {
    super(new RdbInput(options.totalBytes, true));
    this.expiry = 0;
    // Of a file that was cut off, the place is of interest where it was.
    this.input.doubtsCounts = false;
    const keyspace = new Keyspace({ databases: 1, random: options.random });
    this.context.db = keyspace.databases[0]!;
    this.context.isDeep = true;
  }

  get totalBytes(): number {
    return this.options.totalBytes;
  }

  /** What is wrong, in redis-check-rdb's words; empty if nothing is. */
  get faultText(): string {
    const { doing, fault } = this;
    if (fault === undefined) return '';
    if (fault instanceof PlainFault) return fault.reason;
    if (fault.isCutShort) {
      if (doing === 'read-functions') {
        return 'Failed loading library, Failed loading library payload';
      }
      return 'Unexpected EOF reading RDB file';
    }
    return `Internal error in RDB reading offset ${fault.offset} -> ${fault.reason}`;
  }

  protected override readItem(): void {
    switch (this.stage) {
      case Stage.Header:
        this.readHeader();
        this.stage = Stage.Items;
        return;
      case Stage.Items:
        this.readOpcode();
        return;
      case Stage.Value:
        this.loader!.read(this.input);
        this.loader!.finish(this.value);
        this.loader = undefined;
        this.stage = Stage.Items;
        this.countKey();
        return;
      case Stage.ModuleAux:
        if (!this.module.next(this.input, this.context)) this.stage = Stage.Items;
        return;
      case Stage.ModuleValue:
        if (this.module.next(this.input, this.context)) return;
        this.stage = Stage.Items;
        this.countKey();
        return;
      default:
        this.readChecksum();
        this.isDone = true;
    }
  }

  protected override blame(fault: RdbFault): void {
    fault.key = this.key;
    // A key whose name was read counts.
    if (this.key !== undefined) this.keys++;
    this.loader?.drop();
    this.loader = undefined;
  }

  private info(text: string): void {
    this.options.onInfo(this.input.offset, text.slice(0, INFO_MAX));
  }

  private plain(reason: string): PlainFault {
    return new PlainFault(reason, this.input.offset);
  }

  private readHeader(): void {
    const { input } = this;
    const at = input.take(RDB_HEADER_BYTES);
    const text = Buffer.from(input.buf.subarray(at, at + RDB_HEADER_BYTES)).toString('latin1');
    if (!text.startsWith(RDB_MAGIC)) {
      throw this.plain('Wrong signature trying to load DB from file');
    }
    const version = Number.parseInt(text.slice(RDB_MAGIC.length), 10) || 0;
    if (version < RdbVersion.First || version > RDB_VERSION_MAX) {
      throw this.plain(`Can't handle RDB format version ${version}`);
    }
    this.version = version;
  }

  private readOpcode(): void {
    const { input } = this;
    this.doing = 'read-type';
    const at = input.offset;
    const opcode = input.byte();
    switch (opcode) {
      case RdbOpcode.ExpireTime:
      case RdbOpcode.ExpireTimeMs:
        this.doing = 'read-expire';
        this.expiry = opcode === RdbOpcode.ExpireTimeMs ? input.int64() : input.int32() * 1000;
        this.isVolatile = this.expiry !== -1;
        this.beginKey(at);
        return;
      case RdbOpcode.Freq:
        input.byte();
        this.beginKey(at);
        return;
      case RdbOpcode.Idle:
        input.words();
        this.beginKey(at);
        return;
      case RdbOpcode.SelectDb:
        this.selectDatabase();
        return;
      case RdbOpcode.ResizeDb:
        this.doing = 'read-len';
        input.words();
        input.words();
        return;
      case RdbOpcode.SlotInfo:
        this.doing = 'read-len';
        for (let i = 0; i < 3; i++) input.words();
        return;
      case RdbOpcode.Aux:
        this.readNote();
        return;
      case RdbOpcode.ModuleAux:
        this.beginModule();
        return;
      case RdbOpcode.FunctionPreGa:
        throw this.plain(`Pre-release function format not supported ${this.version}`);
      case RdbOpcode.Function2:
        this.doing = 'read-functions';
        input.string(this.context.first);
        this.options.onFunctions?.(this.context.first.view());
        return;
      case RdbOpcode.Eof:
        if (this.version >= RdbVersion.Checksummed) this.stage = Stage.Checksum;
        else this.isDone = true;
        return;
      default:
        this.readKey(opcode, at);
    }
  }

  private selectDatabase(): void {
    const { input } = this;
    this.doing = 'read-len';
    input.words();
    const index = (BigInt(input.high) << 32n) | BigInt(input.low);
    this.info(`Selecting DB ID ${index}`);
    this.options.onDatabase?.(Number(index));
  }

  private readNote(): void {
    const { first, second } = this.context;
    this.doing = 'read-aux';
    this.input.string(first);
    this.input.string(second);
    const name = latin1(first);
    const value = latin1(second);
    this.info(`AUX FIELD ${untilNul(name)} = '${untilNul(value)}'`);
    this.options.onNote?.(name, value);
  }

  private beginModule(): void {
    const { input } = this;
    this.doing = 'read-module-aux';
    const id = BigInt.asUintN(64, input.signedExact());
    const opcode = input.count();
    input.words();
    if (opcode !== ModuleOpcode.Uint) throw this.plain('bad when_opcode');
    this.info(`MODULE AUX for: ${moduleName(id)}`);
    this.stage = Stage.ModuleAux;
  }

  private beginKey(at: number): void {
    if (this.keyAt === NO_OFFSET) this.keyAt = at;
  }

  private readKey(type: number, at: number): void {
    const { input, name } = this;
    if (!isValueType(type)) throw this.plain(`Invalid object type: ${type}`);
    this.beginKey(at);
    this.keyType = type;
    this.doing = 'read-key';
    this.key = undefined;
    input.string(name);
    this.key = Buffer.from(name.view());
    this.doing = 'read-object-value';
    if (type === RdbType.Module2) {
      input.words();
      this.stage = Stage.ModuleValue;
    } else if (isBlob(type)) {
      readBlob(type, input, this.context, this.value);
      this.countKey();
    } else {
      this.loader = loaderOf(type, input, this.context);
      this.stage = Stage.Value;
    }
  }

  /** A key with its value was read. */
  private countKey(): void {
    const { context, input, options, value } = this;
    const name = this.key!;
    const isDue = this.isVolatile && this.expiry < options.now;
    this.keys++;
    if (this.isVolatile) this.expires++;
    if (isDue) this.alreadyExpired++;
    const isModule = this.keyType === RdbType.Module2;
    const elements = isModule ? 0 : this.counter.take(context.db, value);
    options.onKey?.({
      type: this.keyType,
      name,
      elements,
      bytes: input.offset - this.keyAt,
      isVolatile: this.isVolatile,
      isDue,
    });
    this.key = undefined;
    this.keyType = NO_TYPE;
    this.isVolatile = false;
    this.keyAt = NO_OFFSET;
  }

  private readChecksum(): void {
    const { input } = this;
    this.doing = 'check-sum';
    const { matches, found } = input.checksum();
    if (found === '0') {
      this.checksum = 'none';
      this.info('RDB file was saved with checksum disabled: no check performed.');
    } else if (matches) {
      this.checksum = 'right';
      this.info('Checksum OK');
    } else {
      this.checksum = 'wrong';
      throw this.plain('RDB CRC error');
    }
  }
}

function latin1(slot: StringSlot): string {
  return Buffer.from(slot.view()).toString('latin1');
}
