/**
 * What is wrong with bytes that claim to be RDB: where, of which key, and why.
 *
 * A fault is thrown from deep within a value and caught where a file or payload is read, which gives
 * it to the caller as a result. It never leaves this folder as an exception.
 */
export class RdbFault extends Error {
  /** The key whose value it is in, if it is in one. */
  key: Buffer | undefined = undefined;
  /** Whether the data end too early. */
  isCutShort = false;

  constructor(
    readonly reason: string,
    /** Byte of the file or payload at which what is wrong begins, about. */
    public offset = 0,
  ) {
    super(reason);
  }
}

/** Thrown where an item needs more bytes than have come as yet: it is read anew when they have. */
export const SHORT = new RdbFault('more bytes are needed');
