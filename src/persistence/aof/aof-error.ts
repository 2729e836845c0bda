/** Something with the append-only files went wrong; its text is what Redis logs. */
export class AofError extends Error {
  constructor(
    message: string,
    /** All messages, where there are more than one. */
    readonly messages: readonly string[] = [message],
  ) {
    super(message);
  }
}
