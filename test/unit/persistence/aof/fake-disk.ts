/**
 * A disk for tests: it fails where it is told to, tears writes, and forgets on a crash what was not
 * synced. Syncs "later" are done when the test says so.
 */
import type { AofFiles, Done, OpenMode } from '../../../../src/persistence/aof/files.js';

interface Inode {
  /** What programs read. */
  content: Buffer;
  /** What a power failure leaves. */
  synced: Buffer;
}

export class FakeDisk implements AofFiles {
  /** Operations so far, as `name path`. */
  readonly log: string[] = [];
  /** Syncs under way: call one to have it end. */
  readonly laterSyncs: ((error?: unknown) => void)[] = [];
  /** Called before each operation; what it throws is what the operation throws. */
  before: (operation: string, path: string) => void = () => {};
  /** How many bytes the next writes take, and 'ENOSPC' and the like for those that fail. */
  readonly nextWrites: (number | string)[] = [];

  private names = new Map<string, Inode>();
  private syncedNames = new Map<string, Inode>();
  private folders = new Set<string>(['/']);
  private readonly opened = new Map<number, { path: string; inode: Inode }>();
  private nextFd = 3;

  /** The machine stops: what was not synced is gone. */
  crash(): void {
    this.names = new Map(this.syncedNames);
    for (const inode of this.names.values()) inode.content = inode.synced;
    this.opened.clear();
  }

  /** Has all syncs end that are under way, and those that are begun then. */
  finishSyncs(): void {
    for (let end = this.laterSyncs.shift(); end !== undefined; end = this.laterSyncs.shift()) end();
  }

  put(path: string, content: Uint8Array | string): void {
    const bytes = Buffer.from(content);
    const inode = { content: bytes, synced: bytes };
    this.names.set(path, inode);
    this.syncedNames.set(path, inode);
  }

  get(path: string): Buffer | undefined {
    return this.names.get(path)?.content;
  }

  text(path: string): string | undefined {
    return this.get(path)?.toString('latin1');
  }

  synced(path: string): Buffer | undefined {
    return this.names.get(path)?.synced;
  }

  paths(): string[] {
    return [...this.names.keys()].sort();
  }

  isOpen(fd: number): boolean {
    return this.opened.has(fd);
  }

  makeFolder(path: string): void {
    this.begin('mkdir', path);
    this.folders.add(path);
  }

  isFolder(path: string): boolean {
    return this.folders.has(path);
  }

  list(path: string): string[] {
    this.begin('list', path);
    const before = `${path}/`;
    return this.paths()
      .filter((name) => name.startsWith(before))
      .map((name) => name.slice(before.length));
  }

  isFile(path: string): boolean {
    return this.names.has(path);
  }

  sizeOf(path: string): number {
    this.begin('stat', path);
    return this.find(path).content.length;
  }

  open(path: string, mode: OpenMode): number {
    this.begin('open', path);
    if (mode === 'append' || mode === 'fresh') {
      if (!this.names.has(path)) {
        this.names.set(path, { content: Buffer.alloc(0), synced: Buffer.alloc(0) });
      }
    }
    const inode = this.find(path);
    if (mode === 'fresh') inode.content = Buffer.alloc(0);
    const fd = this.nextFd++;
    this.opened.set(fd, { path, inode });
    return fd;
  }

  size(fd: number): number {
    return this.at(fd).inode.content.length;
  }

  read(fd: number, buf: Uint8Array, off: number, len: number, position: number): number {
    const { path, inode } = this.at(fd);
    this.begin('read', path);
    return inode.content.copy(buf, off, position, position + len);
  }

  write(fd: number, buf: Uint8Array, off: number, len: number): number {
    const { path, inode } = this.at(fd);
    this.begin('write', path);
    const next = this.nextWrites.shift();
    if (typeof next === 'string') throw failure(next);
    const n = Math.min(len, next ?? len);
    inode.content = Buffer.concat([inode.content, buf.subarray(off, off + n)]);
    return n;
  }

  truncate(fd: number, size: number): void {
    const { path, inode } = this.at(fd);
    this.begin('truncate', path);
    inode.content = inode.content.subarray(0, size);
  }

  sync(fd: number): void {
    const { path, inode } = this.at(fd);
    this.begin('sync', path);
    inode.synced = inode.content;
  }

  syncLater(fd: number, done: Done): void {
    const { path, inode } = this.at(fd);
    this.log.push(`syncLater ${path}`);
    const content = inode.content;
    this.laterSyncs.push((error = this.failureOf('sync', path)) => {
      if (error === null) inode.synced = content;
      done(error);
    });
  }

  close(fd: number): void {
    this.log.push(`close ${this.at(fd).path}`);
    this.opened.delete(fd);
  }

  rename(from: string, to: string): void {
    this.begin('rename', to);
    const inode = this.find(from);
    this.names.delete(from);
    this.names.set(to, inode);
  }

  syncFolder(path: string): void {
    this.begin('syncFolder', path);
    this.syncedNames = new Map(this.names);
  }

  syncFolderLater(path: string, done: Done): void {
    this.log.push(`syncFolderLater ${path}`);
    const names = new Map(this.names);
    this.laterSyncs.push((error = this.failureOf('syncFolder', path)) => {
      if (error === null) this.syncedNames = names;
      done(error);
    });
  }

  removeLater(path: string, done: Done): void {
    this.begin('remove', path);
    this.names.delete(path);
    done(null);
  }

  private failureOf(operation: string, path: string): unknown {
    try {
      this.before(operation, path);
      return null;
    } catch (error) {
      return error;
    }
  }

  private begin(operation: string, path: string): void {
    this.before(operation, path);
    this.log.push(`${operation} ${path}`);
  }

  private find(path: string): Inode {
    const inode = this.names.get(path);
    if (inode === undefined) throw failure('ENOENT');
    return inode;
  }

  private at(fd: number) {
    const file = this.opened.get(fd);
    if (file === undefined) throw failure('EBADF');
    return file;
  }
}

/** An error as Node throws it. */
export function failure(code: string): Error {
  return Object.assign(new Error(code), { code });
}
