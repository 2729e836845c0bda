/** What CLIENT TRACKING has set for a client, as the client and the commands see it. */

/** Which of the keys that a client reads are remembered: all, or those that CLIENT CACHING chooses. */
export type CachingMode = 'all' | 'optin' | 'optout';

export interface ClientTracking {
  /** The client that gets the messages, by its number; 0: the client itself. */
  readonly redirect: number;
  readonly isBcast: boolean;
  readonly mode: CachingMode;
  readonly noLoop: boolean;
  /** Whether CLIENT CACHING has been given for the command that comes next. */
  readonly hasChosen: boolean;
  /** In the order of their bytes. */
  readonly prefixes: readonly Uint8Array[];
  /** Memory that the prefixes take. */
  readonly bytes: number;
}
