/**
 * Client-side caching, as commands see it: CLIENT TRACKING, CACHING, TRACKINGINFO, GETREDIR.
 *
 * Source: https://redis.io/docs/latest/develop/reference/client-side-caching/
 */
import type { Client } from './client.js';

/** What CLIENT TRACKING ON is given. */
export interface TrackingOptions {
  /** The client that gets the messages, by its number; 0: the client itself. */
  readonly redirect: number;
  /** Told of every change of a key with one of the prefixes, whether it has read it or not. */
  readonly isBcast: boolean;
  /** The keys of a command are remembered only if CLIENT CACHING YES stands before it. */
  readonly optin: boolean;
  /** … unless CLIENT CACHING NO stands before it. */
  readonly optout: boolean;
  /** Not told of what it changes itself. */
  readonly noLoop: boolean;
  /** In broadcasting mode; none: all keys. */
  readonly prefixes: readonly Uint8Array[];
}

export interface TrackingApi {
  /** @throws ReplyError when the options do not fit each other, or what the client has set before */
  enable(client: Client, options: TrackingOptions): void;
  /** Off, if it was on. */
  disable(client: Client): void;
  /** Whether messages can be sent to a client of this number. */
  canRedirect(id: number): boolean;
  /** CLIENT CACHING: the next command's keys are the exception. The client must be tracking. */
  chooseNext(client: Client): void;
}

/** What INFO tells. */
export interface TrackingCounts {
  readonly clientCount: number;
  /** Keys that are remembered, and for how many clients altogether. */
  readonly keyCount: number;
  readonly itemCount: number;
  readonly prefixCount: number;
}
