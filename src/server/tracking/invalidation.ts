/**
 * Messages of client-side caching, encoded once for each protocol and shared by all who get them.
 *
 * In RESP3 they are pushes of their own kind. In RESP2 only a client that is subscribed to something
 * can be told of anything, and what it gets looks like a message of the channel
 * `__redis__:invalidate`.
 *
 *     >2                       *3
 *     $10 invalidate           $7  message
 *     *1                       $20 __redis__:invalidate
 *     $3  key                  *1
 *                              $3  key
 *
 * A null instead of the array of keys says that all are invalid.
 */
const HEAD_RESP3 = Buffer.from('>2\r\n$10\r\ninvalidate\r\n');
const HEAD_RESP2 = Buffer.from('*3\r\n$7\r\nmessage\r\n$20\r\n__redis__:invalidate\r\n');
const NULL_RESP3 = Buffer.from('_\r\n');
const NULL_RESP2 = Buffer.from('$-1\r\n');
const CRLF = Buffer.from('\r\n');

/** Keys that have changed, or all. */
export class Invalidation {
  private resp2: Buffer | undefined;
  private resp3: Buffer | undefined;

  /** @param keys an array of keys as RESP; undefined: all keys */
  private constructor(private readonly keys: Buffer | undefined) {}

  static ofAll(): Invalidation {
    return new Invalidation(undefined);
  }

  static ofKey(key: Uint8Array): Invalidation {
    return new Invalidation(Buffer.concat([Buffer.from(`*1\r\n$${key.length}\r\n`), key, CRLF]));
  }

  /** @param keys each as latin1 */
  static ofKeys(keys: readonly string[]): Invalidation {
    let text = `*${keys.length}\r\n`;
    for (const key of keys) text += `$${key.length}\r\n${key}\r\n`;
    return new Invalidation(Buffer.from(text, 'latin1'));
  }

  /** The message's bytes. @param resp the receiver's protocol */
  encoded(resp: number): Buffer {
    if (resp === 3) {
      this.resp3 ??= Buffer.concat([HEAD_RESP3, this.keys ?? NULL_RESP3]);
      return this.resp3;
    }
    this.resp2 ??= Buffer.concat([HEAD_RESP2, this.keys ?? NULL_RESP2]);
    return this.resp2;
  }
}

/** Tells a client that the one its messages go to is gone. RESP3 only. */
export function redirectBroken(id: number): Buffer {
  return Buffer.from(`>2\r\n$21\r\ntracking-redir-broken\r\n:${id}\r\n`);
}
