/**
 * Reads an RDB file into a keyspace, as its bytes come in.
 *
 *     const reader = new RdbReader({ keyspace, now, totalBytes });
 *     for await (const chunk of file) if (reader.read(chunk) !== 'more') break;
 *     if (reader.fault !== undefined) …              // where, of which key, why
 *
 * One call reads all of what it is given, so the chunks' size says how long others have to wait (1 MB
 * takes about 10 ms). What was read before a fault stays in the keyspace: the caller throws it away, or
 * not. What follows the end (the rest of an append-only file) is left: `rest`.
 *
 * Keys that are due are left out unless told otherwise, and so are collections without members, which
 * old servers wrote by mistake; both are counted.
 */
import { DOUBLE_FIELD } from '../../datastructs/double-field.js';
import { lruClock, restoredLfuClock, restoredLruClock } from '../../keyspace/access-clock.js';
import type { Database } from '../../keyspace/database.js';
import type { Keyspace } from '../../keyspace/keyspace.js';
import { Kind } from '../../keyspace/kinds.js';
import { LooseValue } from '../../keyspace/loose-value.js';
import { BATCHED_MAX_BYTES, EntryBatch, FRESH_CLOCK } from './entry-batch.js';
import { RdbFault } from './fault.js';
import {
  ModuleOpcode,
  moduleName,
  RDB_HEADER_BYTES,
  RDB_MAGIC,
  RDB_VERSION_MAX,
  RdbOpcode,
  RdbVersion,
} from './format.js';
import { RdbInput, StringSlot } from './input.js';
import { ItemReader } from './item-reader.js';
import { isBlob } from './load-blob.js';
import { LoadContext } from './load-context.js';
import { isValueType, loaderOf, ModuleSkipper, readBlob } from './load-value.js';
import type { ValueLoader } from './value-loader.js';

export interface RdbReaderOptions {
  readonly keyspace: Keyspace;
  /** Unix ms. */
  readonly now: number;
  /** Bytes of the file; undefined: not known. */
  readonly totalBytes?: number;
  /** Whether keys that are due come in too (those of a master, or before an append-only log). */
  readonly keepsExpired?: boolean;
  /** Whether a key that is there already is replaced, and not a fault. */
  readonly replaces?: boolean;
  /** Whether the checksum is looked at: `rdbchecksum`. */
  readonly checksSum?: boolean;
  /** Whether members are looked for that are there twice: `sanitize-dump-payload`. */
  readonly isDeep?: boolean;
  /** Whether access clocks count uses (an LFU policy) and are not times. */
  readonly countsUses?: boolean;
  /** Whether what modules have written besides keys is a fault, and not passed over. */
  readonly needsModules?: boolean;
  /** A note about the file. */
  onNote?(name: string, value: string): void;
  /** A collection without members, which is left out. */
  onEmpty?(key: Buffer): void;
  /** A library of functions. @returns what is wrong with it, if anything */
  onFunctions?(code: Buffer): string | undefined;
}

const Stage = { Header: 0, Items: 1, Value: 2, Module: 3, Checksum: 4 } as const;

/** A key of a file takes at least so many bytes: type, key, value. */
const KEY_BYTES = 3;
/** Of a number that there may be: none. */
const NONE = -1;

export class RdbReader extends ItemReader {
  /** The file's version; 0 before its header was read. */
  version = 0;
  // Counters.
  keys = 0;
  expired = 0;
  /** Collections without members. */
  empty = 0;
  /** How many values of each type there were, by type. */
  readonly types = new Float64Array(256);

  private stage: number = Stage.Header;
  private readonly context = new LoadContext();
  private readonly value = new LooseValue();
  private readonly module = new ModuleSkipper();
  /** Small keys that were read and not yet stored. */
  private readonly batch = new EntryBatch();
  private db: Database;

  /** The key that is being read. */
  private readonly key = new StringSlot();
  private loader: ValueLoader | undefined = undefined;

  // What opcodes have said of the next key.
  private expiry = DOUBLE_FIELD;
  private exactExpiry: bigint | undefined = undefined;
  private hasExpiry = false;
  private idle = DOUBLE_FIELD;
  private uses = NONE;

  constructor(private readonly options: RdbReaderOptions) {
    super(new RdbInput(options.totalBytes, options.checksSum ?? true));
    this.expiry = 0;
    this.idle = NONE;
    this.db = options.keyspace.databases[0]!;
    this.context.db = this.db;
    this.context.isDeep = options.isDeep ?? false;
  }

  /** Leaves nothing undone of what was read. */
  protected override settle(): void {
    this.flush();
  }

  protected override blame(fault: RdbFault): void {
    if (this.key.len > 0 || this.loader !== undefined) fault.key = Buffer.from(this.key.view());
    this.loader?.drop();
    this.loader = undefined;
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
        this.store();
        return;
      case Stage.Module:
        if (!this.module.next(this.input, this.context)) this.stage = Stage.Items;
        return;
      default:
        this.readChecksum();
        this.isDone = true;
    }
  }

  private readHeader(): void {
    const { input } = this;
    const at = input.take(RDB_HEADER_BYTES);
    const text = Buffer.from(input.buf.subarray(at, at + RDB_HEADER_BYTES)).toString('latin1');
    if (!text.startsWith(RDB_MAGIC)) throw new RdbFault('this is no RDB file: it begins otherwise');
    const version = Number.parseInt(text.slice(RDB_MAGIC.length), 10);
    if (!(version >= RdbVersion.First && version <= RDB_VERSION_MAX)) {
      throw new RdbFault(`version ${text.slice(RDB_MAGIC.length)} of RDB is not known`);
    }
    this.version = version;
  }

  private readOpcode(): void {
    const { input } = this;
    const opcode = input.byte();
    if (opcode < RdbOpcode.SlotInfo) {
      this.readKey(opcode);
      return;
    }
    this.key.len = 0;
    switch (opcode) {
      case RdbOpcode.ExpireTimeMs:
        this.readExpiry();
        return;
      case RdbOpcode.ExpireTime:
        this.expiry = input.int32() * 1000;
        this.exactExpiry = undefined;
        this.hasExpiry = true;
        return;
      case RdbOpcode.Freq:
        this.uses = input.byte();
        return;
      case RdbOpcode.Idle:
        this.idle = input.count();
        return;
      case RdbOpcode.SelectDb:
        this.selectDatabase();
        return;
      case RdbOpcode.ResizeDb:
        this.expectKeys();
        return;
      case RdbOpcode.SlotInfo:
        for (let i = 0; i < 3; i++) input.words();
        return;
      case RdbOpcode.Aux:
        this.readNote();
        return;
      case RdbOpcode.Function2:
        this.readFunctions();
        return;
      case RdbOpcode.FunctionPreGa:
        throw input.fault('there are functions in the format of a pre-release');
      case RdbOpcode.ModuleAux:
        this.beginModule();
        return;
      default:
        this.flush();
        if (this.version >= RdbVersion.Checksummed) this.stage = Stage.Checksum;
        else this.isDone = true;
    }
  }

  private readExpiry(): void {
    const { input } = this;
    const before = input.at;
    this.expiry = input.int64();
    this.exactExpiry = undefined;
    if (!Number.isSafeInteger(this.expiry)) {
      input.at = before;
      this.exactExpiry = input.int64Exact();
    }
    this.hasExpiry = true;
  }

  private selectDatabase(): void {
    const { input } = this;
    const index = input.count();
    const db = this.options.keyspace.databases[index];
    if (db === undefined) {
      const { length } = this.options.keyspace.databases;
      throw input.fault(`the file has a database ${index}, and there are only ${length}`);
    }
    this.flush();
    this.db = db;
    this.context.db = db;
  }

  /** A hint about a database's size: as much of it is believed as the file can hold. */
  private expectKeys(): void {
    const { input } = this;
    const keys = input.count();
    input.count();
    const most = Math.min(input.remaining / KEY_BYTES, 1 << 24);
    if (keys > 0) this.db.dict.expand(Math.min(keys, most) + this.db.size);
  }

  private readNote(): void {
    const { first, second } = this.context;
    this.input.string(first);
    this.input.string(second);
    this.options.onNote?.(
      Buffer.from(first.view()).toString('latin1'),
      Buffer.from(second.view()).toString('latin1'),
    );
  }

  private readFunctions(): void {
    const { first } = this.context;
    this.input.string(first);
    const wrong = this.options.onFunctions?.(Buffer.from(first.view()));
    if (wrong !== undefined) throw this.input.fault(`Failed loading library, ${wrong}`);
  }

  private beginModule(): void {
    const { input } = this;
    const id = BigInt.asUintN(64, input.signedExact());
    const opcode = input.count();
    input.count();
    if (opcode !== ModuleOpcode.Uint) throw input.fault('the data of a module begins otherwise');
    if (this.options.needsModules ?? false) {
      throw input.fault(
        `there is data of the module '${moduleName(id)}', and there are no modules`,
      );
    }
    this.stage = Stage.Module;
  }

  private readKey(type: number): void {
    const { input, key } = this;
    if (!isValueType(type)) throw input.fault(`${type} is neither a type nor an opcode`);
    input.string(key);
    if (isBlob(type)) {
      readBlob(type, input, this.context, this.value);
      this.types[type]!++;
      this.store();
      return;
    }
    // The key must outlast the chunk.
    const copy = Buffer.from(key.view());
    key.set(copy, 0, copy.length);
    this.types[type]!++;
    this.loader = loaderOf(type, input, this.context);
    this.stage = Stage.Value;
  }

  /** Gives the value that was read to its key. */
  private store(): void {
    const { db, options, value } = this;
    if (value.kind === Kind.None) {
      this.empty++;
      options.onEmpty?.(Buffer.from(this.key.view()));
    } else if (this.hasExpiry && this.expiry < options.now && !(options.keepsExpired ?? false)) {
      value.drop(db);
      this.expired++;
    } else {
      this.keys++;
      if (this.isSmall()) this.gather();
      else this.storeAlone();
    }
    this.hasExpiry = false;
    this.idle = NONE;
    this.uses = NONE;
  }

  /** Whether key and value may wait for others to be stored together. */
  private isSmall(): boolean {
    const { key, value } = this;
    if (value.object !== undefined || this.exactExpiry !== undefined) return false;
    return value.kind < Kind.HashListpackEx && key.len + value.len <= BATCHED_MAX_BYTES;
  }

  private gather(): void {
    const { batch, db, key, value } = this;
    batch.add(
      key.buf,
      key.off,
      key.len,
      db.hasher.hash(key.buf, key.off, key.len),
      value.kind,
      value.buf,
      value.off,
      value.len,
      this.hasExpiry ? this.expiry : Number.NaN,
      this.clock(),
    );
    if (batch.isFull) this.flush();
  }

  /** Stores what was gathered, which is of the database selected. */
  private flush(): void {
    const { batch, db, input, options } = this;
    if (batch.count === 0) return;
    const twice = batch.flush(db, options.replaces ?? false);
    if (twice === undefined) return;
    this.key.set(twice, 0, twice.length);
    throw input.fault('the key is there twice');
  }

  private storeAlone(): void {
    const { db, input, key, options, value } = this;
    const copy = Buffer.from(key.view());
    this.flush();
    key.set(copy, 0, copy.length);
    const hash = db.hasher.hash(copy, 0, copy.length);
    const existing = db.dict.find(copy, 0, copy.length, hash);
    if (existing !== 0) {
      if (!(options.replaces ?? false)) {
        value.drop(db);
        throw input.fault('the key is there twice');
      }
      db.remove(existing);
    }
    const e = value.addTo(db, copy, 0, copy.length, hash);
    if (this.hasExpiry) db.setExpiry(e, this.exactExpiry ?? this.expiry);
    const clock = this.clock();
    if (clock !== FRESH_CLOCK) db.setClock(e, clock);
  }

  /** The access clock that the file gives the key. */
  private clock(): number {
    const { idle, options, uses } = this;
    if (idle === NONE && uses === NONE) return FRESH_CLOCK;
    if (options.countsUses ?? false) {
      return uses === NONE ? FRESH_CLOCK : restoredLfuClock(uses, options.now);
    }
    return idle === NONE ? FRESH_CLOCK : restoredLruClock(idle, lruClock(options.now));
  }

  private readChecksum(): void {
    const { input, options } = this;
    const { matches, found, expected } = input.checksum();
    if (matches || found === '0' || !(options.checksSum ?? true)) return;
    throw input.fault(`RDB CRC error: the file ends with ${found}, its bytes have ${expected}`);
  }
}
