/**
 * The manifest on disk: reading it, and putting another in its place at one stroke.
 *
 * A new manifest is written beside the old one, synced, renamed over it, and the folder synced: whenever
 * the machine stops, one of the two is there, whole. The files that it names are synced by whoever has
 * written them, before.
 */
import { join } from 'node:path';
import { systemErrorText } from '../../text/system-error.js';
import type { AofFiles } from './files.js';
import { Manifest, manifestName, needsUpgrade, partOfLog, tempManifestName } from './manifest.js';
import { MANIFEST_MAX_BYTES, ManifestFault, parseManifest } from './parse-manifest.js';

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

export class ManifestStore {
  /**
   * @param dir the server's working folder @param dirname `appenddirname`
   * @param filename `appendfilename`
   */
  constructor(
    private readonly files: AofFiles,
    private readonly dir: string,
    readonly dirname: string,
    readonly filename: string,
  ) {}

  /** Where a file of the manifest is. */
  path(name: string): string {
    return join(this.dir, this.dirname, name);
  }

  /** The append-only folder. */
  get folder(): string {
    return join(this.dir, this.dirname);
  }

  /**
   * What is on disk; the empty manifest if there is none.
   * @throws AofError it can't be read
   */
  load(): Manifest {
    const path = this.path(manifestName(this.filename));
    if (!this.files.isFolder(this.folder) || !this.files.isFile(path)) return Manifest.EMPTY;
    const manifest = readManifest(this.files, path);
    if (manifest instanceof ManifestFault) {
      throw new AofError(`${manifest.reason}, line ${manifest.lineNumber}`, manifest.messages);
    }
    return manifest;
  }

  /**
   * Makes sure that there are no files with data that the manifest should name and doesn't, for it is
   * missing, or its end is: the log would go on without them, and overwrite them in the end. (Redis does
   * that, and says nothing.) What a start or a rewrite leaves that was cut short, an empty incr file
   * or the next base, is no such file.
   * @throws AofError there are
   */
  refuseOrphans(manifest: Manifest): void {
    const { dirname, filename, files, folder } = this;
    if (!files.isFolder(folder)) return;
    const path = manifestName(filename);
    const isMissing = !files.isFile(this.path(path));
    const named = new Set(manifest.parts.map((file) => file.name));
    for (const name of files.list(folder)) {
      const part = partOfLog(name, filename);
      if (part === undefined || named.has(name)) continue;
      const isOrphan =
        part.type === 'b'
          ? isMissing && part.seq > 1
          : part.seq > manifest.incrSeq && files.sizeOf(this.path(name)) > 0;
      if (!isOrphan) continue;
      throw new AofError(
        `The AOF manifest file ${path} ${isMissing ? 'is missing' : 'lacks lines'}: there is ${name} ` +
          `in ${dirname}. Bring the manifest back, or move the file away if it is not wanted.`,
      );
    }
  }

  /** Makes the folder unless it is there. @throws AofError */
  makeFolder(): void {
    const { dirname, folder } = this;
    this.attempt(
      (why) => `Can't open or create append-only dir ${dirname}: ${why}`,
      (files) => {
        const isNew = !files.isFolder(folder);
        files.makeFolder(folder);
        if (isNew) files.syncFolder(this.dir);
      },
    );
  }

  /** Puts this manifest in the place of the one on disk. @throws AofError that one still counts */
  store(manifest: Manifest): void {
    const name = manifestName(this.filename);
    const tempName = tempManifestName(this.filename);
    const path = this.path(name);
    const temp = this.path(tempName);
    this.writeTemp(temp, tempName, Buffer.from(manifest.format()));
    this.attempt(
      (why) =>
        `Error trying to rename the temporary AOF manifest file ${tempName} into ${name}: ${why}`,
      (files) => files.rename(temp, path),
    );
    this.attempt(
      (why) => `Fail to fsync AOF directory ${path}: ${why}.`,
      (files) => files.syncFolder(this.folder),
    );
  }

  /** Whether the append-only file is one of a Redis before 7.0. */
  needsUpgrade(manifest: Manifest): boolean {
    return needsUpgrade(manifest, this.filename, {
      hasOldFile: this.files.isFile(join(this.dir, this.filename)),
      hasFolder: this.files.isFolder(this.folder),
      hasMovedFile: this.files.isFile(this.path(this.filename)),
    });
  }

  /**
   * Moves that file into the folder, as base. The manifest names it first: if the move does not come
   * about, the next start repeats it.
   * @throws AofError
   */
  upgrade(): Manifest {
    const { filename, dirname } = this;
    this.makeFolder();
    const manifest = Manifest.upgraded(filename);
    this.store(manifest);
    this.attempt(
      (why) => `Error trying to move the old AOF file ${filename} into dir ${dirname}: ${why}`,
      (files) => files.rename(join(this.dir, filename), this.path(filename)),
    );
    return manifest;
  }

  private writeTemp(temp: string, tempName: string, bytes: Uint8Array): void {
    const fd = this.attempt(
      (why) => `Can't open the AOF manifest file ${tempName}: ${why}`,
      (files) => files.open(temp, 'fresh'),
    );
    try {
      this.attempt(
        (why) => `Error trying to write the temporary AOF manifest file ${tempName}: ${why}`,
        (files) => {
          for (let at = 0; at < bytes.length; ) {
            at += files.write(fd, bytes, at, bytes.length - at);
          }
        },
      );
      this.attempt(
        (why) => `Fail to fsync the temp AOF file ${tempName}: ${why}.`,
        (files) => files.sync(fd),
      );
    } finally {
      this.files.close(fd);
    }
  }

  private attempt<T>(message: (why: string) => string, act: (files: AofFiles) => T): T {
    try {
      return act(this.files);
    } catch (error) {
      throw new AofError(message(systemErrorText(error)));
    }
  }
}

/**
 * Reads a manifest file.
 * @throws AofError it can't be opened or read
 */
export function readManifest(files: AofFiles, path: string): Manifest | ManifestFault {
  let fd = -1;
  try {
    fd = files.open(path, 'read');
    return parseManifest(readAll(files, fd));
  } catch (error) {
    const why = systemErrorText(error);
    throw new AofError(`Fatal error: can't open the AOF manifest file ${path} for reading: ${why}`);
  } finally {
    if (fd >= 0) files.close(fd);
  }
}

function readAll(files: AofFiles, fd: number): Uint8Array {
  const bytes = Buffer.alloc(Math.min(files.size(fd), MANIFEST_MAX_BYTES));
  let at = 0;
  while (at < bytes.length) {
    const got = files.read(fd, bytes, at, bytes.length - at, at);
    if (got === 0) break;
    at += got;
  }
  return bytes.subarray(0, at);
}
