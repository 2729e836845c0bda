/** Two streams joined inside of the process: what is written to one is read from the other. */
import { Duplex } from 'node:stream';

class End extends Duplex {
  /** The other end. */
  peer!: End;
  /** Called once the other end takes more. */
  private onDrained: (() => void) | undefined;

  override _read(): void {
    const { onDrained } = this;
    this.onDrained = undefined;
    onDrained?.();
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    if (this.peer.push(chunk)) done();
    else this.peer.onDrained = done;
  }

  override _final(done: () => void): void {
    this.peer.push(null);
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.peer.destroy();
    done(error);
  }
}

export function streamPair(): [Duplex, Duplex] {
  const a = new End();
  const b = new End();
  a.peer = b;
  b.peer = a;
  return [a, b];
}
