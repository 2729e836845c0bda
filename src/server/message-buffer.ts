/**
 * Where messages to many clients lie until the turn's end, one behind the other, once for each
 * protocol:
 *
 *     RESP2 lane:  [message][message][message]······
 *                  ^start            ^end               what a client is to be sent is a stretch
 *
 * A client that gets successive messages has one stretch that grows: no copy, no object, and one
 * write. Only who got one message and not the next has the first copied to its own queue (client.ts).
 *
 * The bytes of a lane stay as they are until everybody has been sent theirs: then the turn calls
 * `rewind`. A large message gets a buffer of its own, which the queues of those that are behind share.
 */

/** Size of a lane's buffer, in bytes: many turns' messages fit, and it stays in the L2 cache. */
const LANE_SIZE = 128 * 1024;
/** A message beyond this has a buffer of its own, in bytes. */
const LANE_MESSAGE_MAX = 16 * 1024;
const NO_BYTES = Buffer.alloc(0);

/** The messages of one protocol. */
export class MessageLane {
  /** The last message: `buf[start..end)`. */
  buf: Buffer = NO_BYTES;
  start = 0;
  end = 0;
  /** Bytes of all messages since `rewind`. */
  bytes = 0;
  /** The lane itself, made when it is first needed. */
  private shared: Buffer = NO_BYTES;
  private pos = 0;

  /** Makes `buf[start..end)` the place of a new message. */
  reserve(size: number): void {
    this.bytes += size;
    if (size > LANE_MESSAGE_MAX) {
      this.buf = Buffer.allocUnsafeSlow(size);
      this.start = 0;
      this.end = size;
      return;
    }
    // Who refers to the old buffer goes on doing so.
    if (this.pos + size > this.shared.length) {
      this.shared = Buffer.allocUnsafeSlow(LANE_SIZE);
      this.pos = 0;
    }
    this.buf = this.shared;
    this.start = this.pos;
    this.pos += size;
    this.end = this.pos;
  }

  /** Nobody refers to the messages any more. */
  rewind(): void {
    this.buf = NO_BYTES;
    this.start = 0;
    this.end = 0;
    this.bytes = 0;
    this.pos = 0;
  }
}

export class MessageBuffer {
  readonly resp2 = new MessageLane();
  readonly resp3 = new MessageLane();

  /** Bytes of all messages since `rewind`: no client has more of them. */
  get bytes(): number {
    return this.resp2.bytes + this.resp3.bytes;
  }

  /** All messages have been sent, or copied. */
  rewind(): void {
    this.resp2.rewind();
    this.resp3.rewind();
  }
}
