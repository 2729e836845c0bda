/**
 * A client as one line of `name=value` fields: CLIENT LIST and INFO answer with it, and the log uses
 * it. Tools split it at blanks and look for fields by name, so each is there, in Redis's order, even
 * where Redis's word means something else here: all clients share one reply buffer, so `rbp` is the
 * most that one turn has put there for the client of late, and `rbs` that as the size of a buffer.
 *
 * Source: https://redis.io/docs/latest/commands/client-list/ and catClientInfoString in networking.c.
 */
import { untilNul } from '../../text/c-string.js';
import type { Client } from './client.js';
import { ClientFlag } from './client.js';

/** The letters of the `flags` field, in the order in which they stand there. */
const LETTERS: readonly (readonly [flag: number, letter: string])[] = [
  [ClientFlag.Master, 'M'],
  [ClientFlag.Pubsub, 'P'],
  [ClientFlag.Multi, 'x'],
  [ClientFlag.Blocked, 'b'],
  [ClientFlag.Tracking, 't'],
  [ClientFlag.TrackingBroken, 'R'],
  [ClientFlag.TrackingBcast, 'B'],
  [ClientFlag.WatchBroken, 'd'],
  [ClientFlag.CloseAfterReply, 'c'],
  [ClientFlag.CloseAsap, 'A'],
  [ClientFlag.UnixSocket, 'U'],
  [ClientFlag.NoEvict, 'e'],
  [ClientFlag.NoTouch, 'T'],
];

/** What only the command that asks knows of the client it runs for. */
export interface RunningCommand {
  /** Full name, such as `client|list`. */
  name: string;
  /** Bytes of its arguments. */
  argumentBytes: number;
  /** Bytes of replies written before it in the same batch. */
  replyBytes: number;
}

/**
 * The line, without a line break.
 * @param nowMs Unix ms
 * @param running for the client whose command is under way
 */
export function clientInfo(client: Client, nowMs: number, running?: RunningCommand): string {
  const fresh = client.freshOutputBytes;
  const { subscriptions: subscribed } = client;
  return (
    `id=${client.id} addr=${client.addr} laddr=${client.laddr} fd=${client.fd}` +
    ` name=${untilNul(client.name)} age=${seconds(client.createdMs, nowMs)}` +
    ` idle=${seconds(client.lastInteractionMs, nowMs)} flags=${clientFlags(client.flags)}` +
    ` db=${client.db.index} sub=${subscribed?.channels.size ?? 0} psub=${subscribed?.patterns.size ?? 0}` +
    ` ssub=${subscribed?.shardChannels.size ?? 0} multi=${client.queuedCommands}` +
    ` qbuf=${client.queryBufferBytes} qbuf-free=${client.queryBufferFree}` +
    ` argv-mem=${running?.argumentBytes ?? client.argumentBytes} multi-mem=${client.queuedBytes}` +
    ` rbs=${client.replyShareBytes} rbp=${client.replyPeakBytes}` +
    ` obl=${fresh + (running?.replyBytes ?? 0)} oll=${client.outputChunks}` +
    ` omem=${client.outputBytes - fresh} tot-mem=${client.memoryBytes + (running?.argumentBytes ?? 0)}` +
    ` events=${eventsOf(client)} cmd=${running?.name ?? client.lastCommand}` +
    ` user=${untilNul(client.user.name)} redir=${client.tracking?.redirect ?? -1} resp=${client.resp}` +
    ` lib-name=${untilNul(client.libName)} lib-ver=${untilNul(client.libVer)}`
  );
}

/** The `flags` field: `N` for none. */
export function clientFlags(flags: number): string {
  let letters = '';
  if ((flags & ClientFlag.Replica) !== 0) letters += (flags & ClientFlag.Monitor) !== 0 ? 'O' : 'S';
  else if ((flags & ClientFlag.Monitor) !== 0) letters += 'O';
  for (const [flag, letter] of LETTERS) if ((flags & flag) !== 0) letters += letter;
  return letters === '' ? 'N' : letters;
}

/** What is waited for: bytes to read, room to write. */
function eventsOf(client: Client): string {
  const reads = client.isReading ? 'r' : '';
  return client.outputChunks > 0 ? `${reads}w` : reads;
}

/** Whole seconds between two times, as clocks that tick in seconds count them. */
function seconds(sinceMs: number, nowMs: number): number {
  return Math.floor(nowMs / 1000) - Math.floor(sinceMs / 1000);
}
