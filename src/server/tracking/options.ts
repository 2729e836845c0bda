/** Whether the options of CLIENT TRACKING ON fit each other, and what the client has set before. */
import { ReplyError } from '../../resp/reply-error.js';
import { untilNul } from '../../text/c-string.js';
import type { ClientTracking } from '../api/client-tracking.js';
import type { TrackingOptions } from '../api/tracking.js';

const PREFIX_WITHOUT_BCAST = new ReplyError('ERR PREFIX option requires BCAST mode to be enabled');
const BCAST_SWITCHED = new ReplyError(
  "ERR You can't switch BCAST mode on/off before disabling tracking for this client, and then re-enabling it with a different mode.",
);
const BCAST_WITH_CHOICE = new ReplyError('ERR OPTIN and OPTOUT are not compatible with BCAST');
const BOTH_CHOICES = new ReplyError("ERR You can't specify both OPTIN mode and OPTOUT mode");
const CHOICE_SWITCHED = new ReplyError(
  "ERR You can't switch OPTIN/OPTOUT mode before disabling tracking for this client, and then re-enabling it with a different mode.",
);

/** @param before what the client has set, if it tracks already @throws ReplyError */
export function checkOptions(before: ClientTracking | undefined, options: TrackingOptions): void {
  const { isBcast, optin, optout, prefixes } = options;
  if (!isBcast && prefixes.length > 0) throw PREFIX_WITHOUT_BCAST;
  if (before !== undefined && before.isBcast !== isBcast) throw BCAST_SWITCHED;
  if (isBcast && (optin || optout)) throw BCAST_WITH_CHOICE;
  if (optin && optout) throw BOTH_CHOICES;
  if ((optin && before?.mode === 'optout') || (optout && before?.mode === 'optin')) {
    throw CHOICE_SWITCHED;
  }
  if (isBcast) checkPrefixes(before?.prefixes ?? [], prefixes);
}

/** No key may have two of a client's prefixes: it would be told of it twice. */
function checkPrefixes(before: readonly Uint8Array[], added: readonly Uint8Array[]): void {
  added.forEach((prefix, i) => {
    const old = before.find((other) => overlaps(prefix, other));
    if (old !== undefined) throw overlap(prefix, 'an existing prefix', old);
    const twin = added.slice(i + 1).find((other) => overlaps(prefix, other));
    if (twin !== undefined) throw overlap(prefix, 'another provided prefix', twin);
  });
}

/** Whether one is the beginning of the other. */
function overlaps(a: Uint8Array, b: Uint8Array): boolean {
  const length = Math.min(a.length, b.length);
  return Buffer.compare(a.subarray(0, length), b.subarray(0, length)) === 0;
}

function overlap(prefix: Uint8Array, kind: string, other: Uint8Array): ReplyError {
  return new ReplyError(
    `ERR Prefix '${shown(prefix)}' overlaps with ${kind} '${shown(other)}'. Prefixes for a single client must not overlap.`,
  );
}

function shown(prefix: Uint8Array): string {
  return untilNul(Buffer.from(prefix).toString('latin1'));
}
