/**
 * Waiting for keys, as commands see it: BLPOP, BZMPOP, XREAD BLOCK and their like.
 *
 * Source: https://redis.io/docs/latest/commands/blpop/
 */
import type { Database } from '../../keyspace/database.js';
import type { Args } from '../../resp/args.js';
import type { Client } from './client.js';
import type { Command } from './command-table.js';

export interface KeyWait {
  /** Numbers of the arguments that are the keys. */
  readonly keys: readonly number[];
  /** Until when, Unix ms, fractions included; 0: for ever. */
  readonly deadlineMs: number;
  /** The null that the deadline answers with: a string's or an array's (they differ in RESP2). */
  readonly nullReply: 'bulk' | 'array';
  /** Whether the command is to run again also when a key goes away (XREADGROUP). */
  readonly onDeletion?: boolean;
  /** What runs again in place of the request, with the keys in the same places. */
  readonly request?: Args;
}

/** Whose command waits: what a Call says of it. */
export interface WaitingCall {
  readonly args: Args;
  readonly client: Client;
  readonly command: Command;
  readonly db: Database;
}

export interface BlockingApi {
  block(call: WaitingCall, wait: KeyWait): void;
}
