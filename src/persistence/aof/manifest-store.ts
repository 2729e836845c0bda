/**
 * The manifest on disk: reading it, and putting another in its place at one stroke.
 *
 * Whenever the machine stops, one of the two is there, whole: see storing.ts. The files that it names are
 * synced by whoever has written them, before.
 */
import { join } from 'node:path';
import { systemErrorText } from '../../text/system-error.js';
import { AofError } from './aof-error.js';
import type { AofFiles } from './files.js';
import { Manifest, manifestName, needsUpgrade, partOfLog } from './manifest.js';
import { MANIFEST_MAX_BYTES, ManifestFault, parseManifest } from './parse-manifest.js';
import { Storing, type StoringEnd } from './storing.js';

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

  /** Puts this manifest in the place of the one on disk. @throws AofError see Storing */
  store(manifest: Manifest): void {
    let failed: AofError | undefined;
    this.storing(manifest, (error) => {
      failed = error;
    }).finish();
    if (failed !== undefined) throw failed;
  }

  /** The same, while the event loop goes on: see Storing. */
  storeLater(manifest: Manifest, onEnd: StoringEnd): Storing {
    const storing = this.storing(manifest, onEnd);
    storing.goOn();
    return storing;
  }

  private storing(manifest: Manifest, onEnd: StoringEnd): Storing {
    return new Storing(this.files, this.folder, this.filename, manifest, onEnd);
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
