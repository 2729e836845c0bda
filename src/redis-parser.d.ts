/** The package redis-parser, which has no types of its own, as far as it is used here. */
declare module 'redis-parser' {
  interface ParserOptions {
    /** A Buffer, an Error, an integer, null, or an array of these. */
    returnReply(reply: unknown): void;
    returnError(error: Error): void;
    /** The bytes can't be understood; the connection is of no more use. */
    returnFatalError?(error: Error): void;
    returnBuffers?: boolean;
    stringNumbers?: boolean;
  }

  export default class Parser {
    constructor(options: ParserOptions);
    execute(bytes: Buffer): void;
  }
}
