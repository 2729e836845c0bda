/**
 * What one client has yet to be sent: replies and messages that its connection has not taken.
 *
 *     chunks:  [sent][sent, rest][chunk][block: small ones, copied···][chunk][block········]
 *                     ^head, headAt                                               ^blockEnd
 *
 * Small ones are copied behind each other into blocks, as a buffer object for each would cost more
 * than its bytes; a large chunk waits as it is, and may be shared by the queues of many clients.
 *
 * Invariant: `bytes` is what the chunks hold and has not been sent, and the budget of all clients
 * (output-budget.ts) counts the same bytes.
 */
import { copyBytes } from '../datastructs/move-bytes.js';
import type { OutputBudget } from './output-budget.js';
import type { Transport } from './transport.js';

/** A chunk up to this size is small, in bytes. */
export const SMALL_BYTES = 4096;
/** A block has room for as much again as waits, within these bounds, in bytes. */
const BLOCK_MIN_BYTES = 1024;
const BLOCK_MAX_BYTES = 16 * 1024;
/** Small chunks are sent together, up to so many bytes at a time. */
const GATHER_BYTES = 64 * 1024;
/** Sent chunks at the array's begin are removed when they are so many. */
const SENT_CHUNKS_MAX = 1024;

const NO_BYTES = Buffer.alloc(0);
/** Holds what is sent together, during the call only. */
const GATHERED = Buffer.allocUnsafeSlow(GATHER_BYTES);

export class OutputQueue {
  /** Bytes that wait. */
  bytes = 0;
  private chunks: Buffer[] = [];
  /** The first chunk that is not sent, and the bytes of it that are. */
  private head = 0;
  private headAt = 0;
  /** The last chunk, if it is a block; its first `blockEnd` bytes are used. */
  private block: Buffer | undefined = undefined;
  private blockEnd = 0;

  constructor(private readonly budget: OutputBudget<unknown>) {}

  /** How many chunks wait. */
  get count(): number {
    return this.chunks.length - this.head;
  }

  /** @param chunk not to be changed any more; others may send it, too */
  add(chunk: Buffer): void {
    if (chunk.length <= SMALL_BYTES) {
      this.append(chunk, 0, chunk.length);
      return;
    }
    this.grow(chunk.length);
    this.endBlock();
    this.chunks.push(chunk);
  }

  /** Adds a copy of buf[start..end). */
  append(buf: Buffer, start: number, end: number): void {
    const size = end - start;
    if (size === 0) return;
    this.grow(size);
    if (this.block === undefined || this.blockEnd + size > this.block.length) {
      this.endBlock();
      const room = Math.max(BLOCK_MIN_BYTES, Math.min(2 * this.bytes, BLOCK_MAX_BYTES));
      this.block = Buffer.allocUnsafe(Math.max(room, size));
      this.chunks.push(this.block);
    }
    copyBytes(buf, start, size, this.block, this.blockEnd);
    this.blockEnd += size;
  }

  private grow(size: number): void {
    this.bytes += size;
    this.budget.used += size;
  }

  /** Nothing more is added to the last chunk. */
  private endBlock(): void {
    if (this.block === undefined) return;
    this.chunks[this.chunks.length - 1] = this.block.subarray(0, this.blockEnd);
    this.block = undefined;
    this.blockEnd = 0;
  }

  /** Where the bytes of a chunk end. */
  private endOf(chunk: Buffer): number {
    return chunk === this.block ? this.blockEnd : chunk.length;
  }

  /** Hands the transport as much as it takes. */
  sendTo(transport: Transport): void {
    while (this.bytes > 0 && transport.hasRoom) {
      const first = this.chunks[this.head]!;
      const end = this.endOf(first);
      const offered = end - this.headAt;
      if (offered >= GATHER_BYTES / 2 || this.count === 1) {
        const taken = transport.write(first, this.headAt, end) - this.headAt;
        this.drop(taken);
        if (taken < offered) return;
      } else {
        const gathered = this.gather();
        const taken = transport.write(GATHERED, 0, gathered);
        this.drop(taken);
        if (taken < gathered) return;
      }
    }
  }

  /** Forgets all that waits. */
  clear(): void {
    this.budget.used -= this.bytes;
    this.bytes = 0;
    this.chunks = [];
    this.head = 0;
    this.headAt = 0;
    this.block = undefined;
    this.blockEnd = 0;
  }

  /** Copies the first chunks together. @returns how many bytes they are */
  private gather(): number {
    let size = 0;
    let from = this.headAt;
    for (let i = this.head; i < this.chunks.length && size < GATHER_BYTES; i++) {
      const chunk = this.chunks[i]!;
      size += chunk.copy(GATHERED, size, from, this.endOf(chunk));
      from = 0;
    }
    return size;
  }

  /** The first `n` bytes are on their way. */
  private drop(n: number): void {
    this.bytes -= n;
    this.budget.used -= n;
    let left = n;
    while (left > 0) {
      const rest = this.endOf(this.chunks[this.head]!) - this.headAt;
      if (left < rest) {
        this.headAt += left;
        return;
      }
      left -= rest;
      this.chunks[this.head++] = NO_BYTES;
      this.headAt = 0;
    }
    if (this.bytes === 0) this.clear();
    else if (this.head > SENT_CHUNKS_MAX) {
      this.chunks = this.chunks.slice(this.head);
      this.head = 0;
    }
  }
}
