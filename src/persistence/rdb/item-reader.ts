/**
 * Reads RDB data item by item, as their bytes come in: what a load and a check have in common.
 *
 *     read(chunk) ─> item, item, item … SHORT: the item is begun anew when more has come
 *
 * Whoever derives from it reads one item at a time (`readItem`) and says when the last one is
 * read (`isDone`). It must do nothing for good before an item's last byte was read.
 */
import { RdbFault, SHORT } from './fault.js';
import type { RdbInput } from './input.js';

export type RdbProgress = 'more' | 'done' | 'fault';

export abstract class ItemReader {
  /** What was wrong, if anything. */
  fault: RdbFault | undefined = undefined;
  protected isDone = false;

  constructor(protected readonly input: RdbInput) {}

  /** Bytes read. */
  get offset(): number {
    return this.input.offset;
  }

  /** What has come behind the end of the RDB data. */
  get rest(): Uint8Array {
    return this.input.rest();
  }

  /** Takes a chunk, which may be used again afterwards. */
  read(chunk: Uint8Array): RdbProgress {
    const { input } = this;
    if (this.isDone) return 'done';
    if (this.fault !== undefined) return 'fault';
    input.feed(chunk);
    if (input.available < input.wanted) {
      input.keep();
      return 'more';
    }
    input.wanted = 0;
    try {
      while (!this.isDone) {
        input.mark();
        this.readItem();
      }
      input.mark();
      return 'done';
    } catch (error) {
      return error === SHORT ? this.pause() : this.fail(error);
    }
  }

  /** Says that there is no more. */
  end(): RdbProgress {
    if (this.isDone) return 'done';
    if (this.fault === undefined) this.fail(this.input.cutShort('the data ends too early'));
    return 'fault';
  }

  /** @throws SHORT, RdbFault */
  protected abstract readItem(): void;

  /** Called when all that has come was read: nothing may look at it any more. @throws RdbFault */
  protected settle(): void {}

  /** Called when something is wrong, to say of which key. */
  protected blame(_fault: RdbFault): void {}

  private pause(): RdbProgress {
    this.input.keep();
    try {
      this.settle();
    } catch (error) {
      return this.fail(error);
    }
    return 'more';
  }

  private fail(error: unknown): 'fault' {
    if (!(error instanceof RdbFault)) throw error;
    this.blame(error);
    this.fault = error;
    return 'fault';
  }
}
