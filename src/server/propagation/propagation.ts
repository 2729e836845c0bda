/**
 * Passes on what commands have changed: to the append-only file, and to replicas.
 *
 *     SET k v        changed something                    -> SET k v, from the request's own bytes
 *     EXPIRE k 10    said what is to be told instead      -> PEXPIREAT k 1700000010000
 *     GET k          k was due, and is removed            -> DEL k
 *     EXEC           three commands changed something     -> MULTI, the three, EXEC
 *
 * A command is passed on if it has raised `call.dirty`, as it was sent or as `propagateAs` has it; an
 * empty rewritten form is none. What a command brought about by itself (keys that were due, keys that
 * had to make room) goes in front of it. All that one command has brought about is a unit, and so are a
 * transaction and a script with all they have run: who gets a unit of more than one command gets it
 * between MULTI and EXEC, for it must be carried out whole or not at all. Clients that a command has
 * served (BLPOP) ran commands of their own, which are units of their own.
 *
 * SCAN, which may remove a thousand keys that were due, is excepted: these have nothing to do with each
 * other; nor have those that the expire cycle removes.
 *
 * While there is no sink, `call.propagating` is false and nothing of this is ever called. With one, a
 * command that stands for itself is encoded from the request's bytes to the sink's, without a copy in
 * between and without allocating.
 *
 * Source: propagatePendingCommands and call in Redis 7.2's server.c.
 */
import { DOUBLE_FIELD } from '../../datastructs/double-field.js';
import type { Database } from '../../keyspace/database.js';
import type { RemovalListener } from '../../keyspace/events.js';
import type { Keyspace } from '../../keyspace/keyspace.js';
import type { Args } from '../../resp/args.js';
import type { Call } from '../api/call.js';
import { type Command, CommandBit } from '../api/command-table.js';
import { PropagateTo, type PropagationApi } from '../api/propagation.js';
import { EffectQueue } from './effects.js';

/** Where commands go. */
export interface PropagationSink {
  /** Which bit of PropagateTo it is. */
  readonly target: number;
  /** @param db the number of the database @param args to be encoded or copied at once */
  command(db: number, args: Args): void;
  /** The commands up to `exec` are to be carried out together. */
  multi(): void;
  exec(): void;
}

export interface PropagationParts {
  readonly call: Call;
  readonly keyspace: Keyspace;
  /** `lazyfree-lazy-expire`, `lazyfree-lazy-eviction`: how a removal is told. */
  frees(isEvicted: boolean): 'lazily' | 'at once';
  /** Something was passed on though no command runs: the turn should end. */
  scheduleTurn(): void;
}

export class Propagation implements PropagationApi, RemovalListener {
  targets: number = PropagateTo.All;
  offset = DOUBLE_FIELD;

  private readonly sinks: PropagationSink[] = [];
  /** What the command, or unit, that runs has brought about so far. */
  private readonly effects = new EffectQueue();
  /** How many units are under way, one within the other. */
  private depth = 0;
  /** `call.dirty` as of the last command: if it differs, the next one has changed something. */
  private seenDirty = DOUBLE_FIELD;

  constructor(private readonly parts: PropagationParts) {
    this.offset = 0;
    this.seenDirty = 0;
  }

  /** From now on this sink gets all there is, or does so no more. */
  feed(sink: PropagationSink, isFed: boolean): void {
    const { call, keyspace } = this.parts;
    const at = this.sinks.indexOf(sink);
    if (at >= 0 === isFed) return;
    if (isFed) this.sinks.push(sink);
    else this.sinks.splice(at, 1);
    const isAny = this.sinks.length > 0;
    if (isAny !== call.propagating) {
      // What has changed so far is nobody's business.
      this.seenDirty = call.dirty;
      this.effects.clear();
      call.rewritten = undefined;
    }
    call.propagating = isAny;
    keyspace.removals = isAny ? this : undefined;
  }

  // ---- commands

  /** A command is done. To be called only while `call.propagating`. */
  afterCommand(call: Call, command: Command): void {
    const { dirty, rewritten } = call;
    const changed = dirty > this.seenDirty;
    this.seenDirty = dirty;
    const isAlone = this.effects.count === 0;
    if (rewritten === undefined && isAlone) {
      if (!changed) return;
      if (this.depth === 0) {
        this.pass(call.db.index, call.args);
        call.client.writeOffset = this.offset;
        return;
      }
    }
    this.note(call, changed);
    if (this.depth > 0) return;
    this.flush((command.bits & CommandBit.TouchesArbitraryKeys) === 0);
    call.client.writeOffset = this.offset;
  }

  /** Whether a transaction or a script is under way. */
  get isInUnit(): boolean {
    return this.depth > 0;
  }

  begin(): void {
    this.depth++;
  }

  end(): void {
    this.depth--;
  }

  also(db: Database, request: readonly (string | Uint8Array)[], to: number): void {
    if (!this.parts.call.propagating || !this.reaches(to)) return;
    this.effects.addWords(db.index, to, request);
  }

  /**
   * Passes on, one by one, what was removed outside of commands: to be called when the expire cycle
   * has run, and before a turn's bytes are sent.
   */
  settle(): void {
    if (this.effects.count === 0 || this.depth > 0) return;
    this.flush(false);
    this.parts.scheduleTurn();
  }

  // ---- what the keyspace tells

  keyRemoved(db: Database, key: Uint8Array, isEvicted: boolean): void {
    const name = this.parts.frees(isEvicted) === 'lazily' ? UNLINK : DEL;
    this.effects.addWords(db.index, PropagateTo.All, [name, key]);
  }

  fieldRemoved(db: Database, key: Uint8Array, field: Uint8Array): void {
    this.effects.addWords(db.index, PropagateTo.All, [HDEL, key, field]);
  }

  // ---- passing on

  /** Passes a command on to all, from its request's bytes. */
  private pass(db: number, args: Args): void {
    const { sinks } = this;
    for (let i = 0; i < sinks.length; i++) sinks[i]!.command(db, args);
    this.offset++;
  }

  /** Keeps the command that is done for the end of the unit. */
  private note(call: Call, changed: boolean): void {
    const { effects, targets } = this;
    const { rewritten } = call;
    call.rewritten = undefined;
    if (targets === PropagateTo.None || !this.reaches(targets)) return;
    if (rewritten !== undefined) {
      for (const request of rewritten) effects.addWords(call.db.index, targets, request);
    } else if (changed) {
      effects.add(call.db.index, targets, call.args);
    }
  }

  private reaches(to: number): boolean {
    for (const sink of this.sinks) if ((sink.target & to) !== 0) return true;
    return false;
  }

  /** @param asOne whether more than one command has to be carried out together */
  private flush(asOne: boolean): void {
    const { effects, sinks } = this;
    for (const sink of sinks) {
      const wraps = asOne && this.hasSeveral(sink.target);
      if (wraps) sink.multi();
      for (let i = 0; i < effects.count; i++) {
        if ((effects.targetsOf(i) & sink.target) !== 0)
          sink.command(effects.dbOf(i), effects.at(i));
      }
      if (wraps) sink.exec();
    }
    this.offset += effects.count;
    effects.clear();
  }

  private hasSeveral(target: number): boolean {
    const { effects } = this;
    let count = 0;
    for (let i = 0; i < effects.count && count < 2; i++) {
      if ((effects.targetsOf(i) & target) !== 0) count++;
    }
    return count > 1;
  }
}

const DEL = 'DEL';
const UNLINK = 'UNLINK';
const HDEL = 'HDEL';
