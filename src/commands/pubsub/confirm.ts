/**
 * How a client is told that it listens to something, or does no more: by a message (a push in
 * RESP3), one for each name, in place of a reply. As messages, they come even when replies are off.
 */
import type { Call } from '../../server/api/call.js';
import { ClientFlag } from '../../server/api/client.js';

/**
 * @param word such as `subscribe` @param name what it is about; undefined: nothing was listened to
 * @param count how many of this sort the client listens to now
 */
export function confirm(call: Call, word: string, name: Buffer | undefined, count: number): void {
  const { client, reply, server } = call;
  if ((client.flags & (ClientFlag.ReplyOff | ClientFlag.ReplySkip)) !== 0) {
    // What is written as a reply now would be taken back.
    server.pubsub.tell(client, encode(client.resp, word, name, count));
    return;
  }
  reply.push(3);
  reply.bulkText(word);
  if (name === undefined) reply.nil();
  else reply.bulk(name, 0, name.length);
  reply.int(count);
}

function encode(resp: number, word: string, name: Buffer | undefined, count: number): Buffer {
  const isResp3 = resp === 3;
  const head = `${isResp3 ? '>' : '*'}3\r\n$${word.length}\r\n${word}\r\n`;
  const tail = `\r\n:${count}\r\n`;
  if (name === undefined) return Buffer.from(head + (isResp3 ? '_' : '$-1') + tail);
  return Buffer.concat([Buffer.from(`${head}$${name.length}\r\n`), name, Buffer.from(tail)]);
}
