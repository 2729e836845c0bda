/**
 * Transactions: commands are queued from MULTI on and run by EXEC, one after the other, with no other
 * client's command in between.
 *
 * A command that is refused while it is to be queued (unknown, wrong number of arguments, no
 * permission) has the whole transaction refused. One that fails while it runs fails alone: the
 * others are run, as Redis knows no rollback.
 *
 * Commands that may wait do not wait inside of a transaction. A script that runs long is gone on with
 * later (scripting/scripting.ts), and so is then the rest of its transaction.
 */
import type { Database } from '../keyspace/database.js';
import type { Args } from '../resp/args.js';
import { ReplyError } from '../resp/reply-error.js';
import type { Call } from './api/call.js';
import { type Client, ClientFlag, ClientGate } from './api/client.js';
import type { TransactionsApi } from './api/transactions.js';
import type { ClientImpl } from './client.js';
import type { RegisteredCommand } from './command-table.js';
import type { Propagation } from './propagation/propagation.js';
import { Transaction } from './transaction.js';
import type { Watches } from './watches.js';

const NESTED = new ReplyError('ERR MULTI calls can not be nested');
const WATCH_INSIDE = new ReplyError('ERR WATCH inside MULTI is not allowed');
const EXEC_OUTSIDE = new ReplyError('ERR EXEC without MULTI');
const DISCARD_OUTSIDE = new ReplyError('ERR DISCARD without MULTI');
const ABORTED = new ReplyError('EXECABORT Transaction discarded because of previous errors.');
export interface TransactionsParts {
  readonly call: Call;
  readonly watches: Watches;
  readonly propagation: Propagation;
  /** Runs a queued command, as if its request had come now. */
  run(client: ClientImpl, command: RegisteredCommand, args: Args): void;
}

/** A transaction whose script was left. */
interface Unfinished {
  readonly client: ClientImpl;
  readonly transaction: Transaction;
  /** The command to run next. */
  readonly next: number;
  /** EXEC. */
  readonly command: RegisteredCommand;
}

export class Transactions implements TransactionsApi {
  private unfinished: Unfinished | undefined;

  constructor(private readonly parts: TransactionsParts) {}

  begin(client: Client): void {
    const impl = client as ClientImpl;
    if (impl.transaction !== undefined) throw NESTED;
    impl.transaction = new Transaction();
    client.flags |= ClientFlag.Multi;
    client.gate |= ClientGate.Multi;
  }

  execute(caller: Client): void {
    const client = caller as ClientImpl;
    const { transaction } = client;
    if (transaction === undefined) throw EXEC_OUTSIDE;
    const isBroken = this.parts.watches.isBroken(client);
    // It is seen to be inside of the transaction (CLIENT INFO) until all is done.
    if (!isBroken && !transaction.isRefused) {
      this.parts.watches.remove(client);
      if (!this.runAll(client, transaction)) return;
    }
    this.reset(client);
    if (transaction.isRefused) throw ABORTED;
    if (isBroken) this.parts.call.reply.nilArray();
  }

  discard(client: Client): void {
    if ((client as ClientImpl).transaction === undefined) throw DISCARD_OUTSIDE;
    this.reset(client);
  }

  reset(client: Client): void {
    (client as ClientImpl).transaction = undefined;
    client.flags &= ~ClientFlag.Multi;
    client.gate &= ~ClientGate.Multi;
    this.parts.watches.remove(client);
  }

  watch(client: Client, db: Database, key: Uint8Array, isDue: boolean): void {
    if ((client as ClientImpl).transaction !== undefined) throw WATCH_INSIDE;
    this.parts.watches.add(client, db, key, isDue);
  }

  unwatch(client: Client): void {
    this.parts.watches.remove(client);
  }

  /** A script of the client's that was left is done: the rest of its transaction follows, if any. */
  goOn(client: ClientImpl): void {
    const { unfinished } = this;
    if (unfinished === undefined || unfinished.client !== client) return;
    this.unfinished = undefined;
    const { command, next, transaction } = unfinished;
    const { call, propagation } = this.parts;
    call.command = command;
    if (!this.runFrom(client, transaction, next)) return;
    this.reset(client);
    if (call.propagating) propagation.afterCommand(call, command);
  }

  /** @returns whether all of it is done: not when a script was left */
  private runAll(client: ClientImpl, transaction: Transaction): boolean {
    const { call, propagation } = this.parts;
    call.reply.array(transaction.queue.length);
    propagation.begin();
    return this.runFrom(client, transaction, 0);
  }

  private runFrom(client: ClientImpl, transaction: Transaction, first: number): boolean {
    const { call, propagation } = this.parts;
    const { queue } = transaction;
    const { args, canBlock } = call;
    const command = call.command as RegisteredCommand;
    call.canBlock = false;
    let i = first;
    while (i < queue.length) {
      const queued = queue[i++]!;
      this.parts.run(client, queued.command, queued.args);
      if (client.blockedBy?.kind === 'script') {
        this.unfinished = { client, transaction, next: i, command };
        break;
      }
    }
    const isDone = this.unfinished === undefined;
    if (isDone) propagation.end();
    call.canBlock = canBlock;
    call.args = args;
    call.command = command;
    call.db = client.db;
    return isDone;
  }
}
