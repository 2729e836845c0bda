/** Answers of commands whose work may take until a later turn. */
import type { ReplyWriter } from '../resp/reply-writer.js';
import type { Call } from '../server/api/call.js';

/**
 * Answers with what is there, or when it has come: until then the client waits. To be called last.
 * @param outcome must not fail
 */
export function answerWith<T>(
  { client, reply }: Call,
  outcome: T | Promise<T>,
  answer: (reply: ReplyWriter, outcome: T) => void,
): void {
  if (!(outcome instanceof Promise)) {
    answer(reply, outcome);
    return;
  }
  client.block({ kind: 'async' });
  void outcome.then((late) => client.unblock((lateReply) => answer(lateReply, late)));
}
