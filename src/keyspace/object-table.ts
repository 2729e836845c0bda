/**
 * JavaScript objects that keys own: big collections and big strings. A block in the arena holds an
 * object's number. Numbers of freed objects are used again, so the table stays dense.
 */
export class ObjectTable {
  private readonly objects: unknown[] = [];
  private readonly freed: number[] = [];

  /** Objects in the table. */
  get size(): number {
    return this.objects.length - this.freed.length;
  }

  add(object: object): number {
    const id = this.freed.pop();
    if (id === undefined) return this.objects.push(object) - 1;
    this.objects[id] = object;
    return id;
  }

  get(id: number): unknown {
    return this.objects[id];
  }

  remove(id: number): void {
    this.objects[id] = undefined;
    this.freed.push(id);
  }

  clear(): void {
    this.objects.length = 0;
    this.freed.length = 0;
  }
}

/** What an object in the table must tell. */
export interface OwnedObject {
  /** Bytes that it holds, for used_memory. */
  readonly memoryBytes: number;
  /** Another object of the same content, which shares nothing with this one. */
  copy(): OwnedObject;
}

/** A string with a buffer of its own, which may be longer than the string (room to append). */
export class LargeString implements OwnedObject {
  constructor(
    public buf: Buffer,
    public length: number,
  ) {}

  get memoryBytes(): number {
    return this.buf.length;
  }

  copy(): LargeString {
    const buf = Buffer.allocUnsafeSlow(this.length);
    buf.set(this.buf.subarray(0, this.length));
    return new LargeString(buf, this.length);
  }
}
