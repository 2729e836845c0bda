/**
 * A message on its way to its subscribers: encoded when the first of them needs it, once for RESP2
 * (an array) and once for RESP3 (a push), and the same bytes for all (message-buffer.ts).
 *
 * Encoding allocates nothing; guarded by `npm run bench`.
 */
import { copyBytes } from '../../datastructs/move-bytes.js';
import { integerLength, writeInteger } from '../../text/int64.js';
import type { MessageBuffer, MessageLane } from '../message-buffer.js';

const ARRAY = 42; // *
const PUSH = 62; // >
const BULK = 36; // $
const CR = 13;
const LF = 10;
const NO_BYTES = Buffer.alloc(0);

/** Writes one message after the other: `begin`, then `as`, then `in` for each receiver. */
export class Message {
  private word: Buffer = NO_BYTES;
  /** The pattern by which it is sent. */
  private pattern: Buffer | undefined = undefined;
  /** The channel's name: channel[channelOff..channelOff+channelLen) */
  channel: Buffer = NO_BYTES;
  channelOff = 0;
  channelLen = 0;
  private content: Uint8Array = NO_BYTES;
  private contentOff = 0;
  private contentLen = 0;
  private isInResp2 = false;
  private isInResp3 = false;

  constructor(private readonly messages: MessageBuffer) {}

  /** What is published: these bytes, to be there until all have been sent to. */
  begin(
    channel: Buffer,
    channelOff: number,
    channelLen: number,
    content: Uint8Array,
    contentOff: number,
    contentLen: number,
  ): void {
    this.channel = channel;
    this.channelOff = channelOff;
    this.channelLen = channelLen;
    this.content = content;
    this.contentOff = contentOff;
    this.contentLen = contentLen;
  }

  /** How it is sent. @param word what the message is: `message`, `pmessage`, … */
  as(word: Buffer, pattern: Buffer | undefined): void {
    this.word = word;
    this.pattern = pattern;
    this.isInResp2 = false;
    this.isInResp3 = false;
  }

  /** Its bytes: the lane's last message. @param resp the protocol, 2 or 3 */
  in(resp: number): MessageLane {
    const { resp2, resp3 } = this.messages;
    if (resp === 2) {
      if (!this.isInResp2) this.encode(resp2, ARRAY);
      this.isInResp2 = true;
      return resp2;
    }
    if (!this.isInResp3) this.encode(resp3, PUSH);
    this.isInResp3 = true;
    return resp3;
  }

  private encode(lane: MessageLane, type: number): void {
    const { word, pattern, channelLen, contentLen } = this;
    let size = 4 + bulkSize(word.length) + bulkSize(channelLen) + bulkSize(contentLen);
    if (pattern !== undefined) size += bulkSize(pattern.length);
    lane.reserve(size);
    const { buf } = lane;
    let at = writeHeader(buf, lane.start, type, pattern === undefined ? 3 : 4);
    at = writeBulk(buf, at, word, 0, word.length);
    if (pattern !== undefined) at = writeBulk(buf, at, pattern, 0, pattern.length);
    at = writeBulk(buf, at, this.channel, this.channelOff, channelLen);
    writeBulk(buf, at, this.content, this.contentOff, contentLen);
  }
}

/** Bytes of `$<n>\r\n`, the string and its line break. */
function bulkSize(n: number): number {
  return (n < 10 ? 1 : integerLength(n)) + n + 5;
}

function writeHeader(out: Buffer, at: number, type: number, n: number): number {
  out[at++] = type;
  if (n < 10) out[at++] = 48 + n;
  else at = writeInteger(out, at, n);
  out[at] = CR;
  out[at + 1] = LF;
  return at + 2;
}

function writeBulk(out: Buffer, at: number, src: Uint8Array, off: number, len: number): number {
  const begin = writeHeader(out, at, BULK, len);
  const end = begin + len;
  copyBytes(src, off, len, out, begin);
  out[end] = CR;
  out[end + 1] = LF;
  return end + 2;
}
