/** Sending keys to another server, as MIGRATE sees it. */
import type { WaitingCall } from './blocking.js';

export interface MigrationTarget {
  readonly host: string;
  readonly port: number;
  readonly database: number;
  /** The arguments of AUTH; empty: none is sent. */
  readonly credentials: readonly Uint8Array[];
  /** How long nothing may happen on the connection, in ms. */
  readonly timeoutMs: number;
}

export interface MigrationResult {
  /** By request: whether the target has carried it out. Shorter, if the connection has failed. */
  readonly accepted: readonly boolean[];
  /** The first error that the target has answered with. */
  readonly error: string | undefined;
  /** What could not be done. */
  readonly failure: LinkFailure | undefined;
}

export type LinkFailure = 'connect' | 'write' | 'read';

export interface MigrationApi {
  /** Connections that are kept for the next time. */
  readonly linkCount: number;
  /**
   * Sends requests to another server while this client, and whoever wants to write, waits.
   * @param requests RESP-encoded, each with one reply
   * @param finish goes on with the command once all is known, and replies; `call` is then as it was
   */
  send(
    call: WaitingCall,
    target: MigrationTarget,
    requests: readonly Uint8Array[],
    finish: (result: MigrationResult) => void,
  ): void;
}
