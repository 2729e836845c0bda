/** What CLIENT TRACKING has set for one client, until it is switched off. */
import type { BlockReason } from '../api/client.js';
import type { CachingMode, ClientTracking } from '../api/client-tracking.js';
import type { TrackingOptions } from '../api/tracking.js';
import type { Prefix } from './prefix-table.js';

/** What is asked of the client itself. */
interface Waiting {
  readonly blockedBy: BlockReason | undefined;
}

export type TrackedPrefix<C extends Waiting> = Prefix<TrackedClient<C>, C>;

/** What a prefix of a client takes besides its bytes: its places in the tables, about. */
const PREFIX_BYTES = 128;

export class TrackedClient<C extends Waiting> implements ClientTracking {
  redirect = 0;
  isBcast = false;
  mode: CachingMode = 'all';
  noLoop = false;
  /** Those that it listens to, in the order of their bytes. */
  joined: TrackedPrefix<C>[] = [];
  bytes = 0;
  private chosen = false;
  /** CLIENT CACHING was for the command that this is the waiting of. */
  private chosenFor: BlockReason | undefined = undefined;

  constructor(readonly client: C) {}

  set(options: TrackingOptions): void {
    this.redirect = options.redirect;
    this.isBcast = options.isBcast;
    this.mode = 'all';
    if (options.optin) this.mode = 'optin';
    if (options.optout) this.mode = 'optout';
    this.noLoop = options.noLoop;
  }

  get prefixes(): readonly Uint8Array[] {
    return this.joined.map(({ bytes }) => bytes);
  }

  joinedTo(prefix: TrackedPrefix<C>): void {
    if (this.joined.includes(prefix)) return;
    this.joined.push(prefix);
    this.joined.sort((a, b) => Buffer.compare(a.bytes, b.bytes));
    this.bytes += prefix.bytes.length + PREFIX_BYTES;
  }

  get hasChosen(): boolean {
    if (this.chosenFor !== undefined && this.chosenFor !== this.client.blockedBy) {
      this.chosenFor = undefined;
      this.chosen = false;
    }
    return this.chosen;
  }

  /** CLIENT CACHING: the next command is the exception. */
  chooseNext(): void {
    this.chosen = true;
    this.chosenFor = undefined;
  }

  /** That command is done; but while it waits, it may run again. */
  endChoice(): void {
    if (!this.chosen) return;
    this.chosenFor = this.client.blockedBy;
    if (this.chosenFor === undefined) this.chosen = false;
  }

  /** Whether the keys that a command reads now are to be remembered. */
  get remembers(): boolean {
    if (this.isBcast) return false;
    if (this.mode === 'all') return true;
    return this.hasChosen === (this.mode === 'optin');
  }
}
