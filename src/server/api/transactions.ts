/**
 * Transactions, as commands see them: MULTI, EXEC, DISCARD, WATCH, UNWATCH.
 *
 * Source: https://redis.io/docs/latest/develop/interact/transactions/
 */
import type { Database } from '../../keyspace/database.js';
import type { Client } from './client.js';

export interface TransactionsApi {
  /** Begins to queue the client's commands. @throws ReplyError inside a transaction */
  begin(client: Client): void;
  /** Runs what is queued, and writes the reply. @throws ReplyError outside of a transaction */
  execute(client: Client): void;
  /** Forgets what is queued and watched. @throws ReplyError outside of a transaction */
  discard(client: Client): void;
  /** As `discard`, inside of a transaction or not. */
  reset(client: Client): void;
  /**
   * Has the client's transaction fail if this key is changed before it is executed.
   * @param isDue whether the key is due and only still there
   * @throws ReplyError inside a transaction
   */
  watch(client: Client, db: Database, key: Uint8Array, isDue: boolean): void;
  unwatch(client: Client): void;
}
