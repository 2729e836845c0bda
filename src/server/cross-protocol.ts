/**
 * A guard against cross-protocol scripting: a web page can have a browser send a request to any port
 * of the machine it runs on, and since a Redis server passes over lines that it doesn't know, the
 * lines of such a request's body would be run as commands. Every such request has a line that begins
 * with `POST` (or has `Host:` before its body), so a client that sends one of these is cut off.
 */
import type { Args } from '../resp/args.js';
import { type Client, ClientFlag } from './api/client.js';
import type { Clock } from './api/clock.js';
import type { Log } from './api/log.js';

/** The log tells of it so often at most, or the attack would be one on the disk. */
const LOG_PERIOD_MS = 60_000;
/** First words of the lines that no client of ours sends. */
const HTTP_WORDS = ['post', 'host:'];

/** Whether a request, which names no command, is a line of HTTP. */
export function isHttp(args: Args): boolean {
  const length = args.len(0);
  return (length === 4 || length === 5) && HTTP_WORDS.includes(args.text(0).toLowerCase());
}

export class CrossProtocolGuard {
  private toldMs = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly clock: Clock,
    private readonly log: Log,
  ) {}

  /** Ends the connection at the end of this turn, without a word. */
  refuse(client: Client): void {
    const now = this.clock.now();
    if (now - this.toldMs > LOG_PERIOD_MS) {
      this.toldMs = now;
      const isUnix = (client.flags & ClientFlag.UnixSocket) !== 0;
      const from = isUnix ? '' : ` from ${client.addr.replace(/[[\]]/g, '')}`;
      this.log.warning(
        'Possible SECURITY ATTACK detected. It looks like somebody is sending POST or Host: ' +
          'commands to Redis. This is likely due to an attacker attempting to use Cross Protocol ' +
          `Scripting to compromise your Redis instance. Connection${from} aborted.`,
      );
    }
    client.flags |= ClientFlag.CloseAsap;
    client.close(true);
  }
}
