/**
 * A manifest on its way to the disk.
 *
 *     written beside the old one ── synced ── named as the manifest ── folder synced
 *                                  (thread)                             (thread)
 *
 * Up to the new name the old manifest counts, from there on this one. Syncs take milliseconds, so they
 * are left to a thread while the event loop goes on; who can't wait has the rest done at once.
 */
import { join } from 'node:path';
import { systemErrorText } from '../../text/system-error.js';
import { AofError } from './aof-error.js';
import type { AofFiles, Done } from './files.js';
import { type Manifest, manifestName, tempManifestName } from './manifest.js';

interface Step {
  now(): void;
  /** The same in a thread. */
  later?(done: Done): void;
  /** What Redis logs when it fails. */
  complaint(why: string): string;
}

export type StoringEnd = (error: AofError | undefined, isNamed: boolean) => void;

export class Storing {
  private isNamed = false;
  private readonly steps: readonly Step[];
  private at = 0;
  /** The temporary file, while it is open. */
  private fd = -1;

  /**
   * Does nothing yet.
   * @param folder the append-only folder @param filename `appendfilename`
   * @param onEnd told once what has gone wrong, if anything, and whether this manifest is the one that
   *   counts now: if only the folder could not be synced, it is
   */
  constructor(
    private readonly files: AofFiles,
    folder: string,
    filename: string,
    manifest: Manifest,
    private readonly onEnd: StoringEnd,
  ) {
    const name = manifestName(filename);
    const tempName = tempManifestName(filename);
    const path = join(folder, name);
    const temp = join(folder, tempName);
    this.steps = [
      {
        now: () => {
          this.fd = files.open(temp, 'fresh');
        },
        complaint: (why) => `Can't open the AOF manifest file ${tempName}: ${why}`,
      },
      {
        now: () => this.write(Buffer.from(manifest.format())),
        complaint: (why) =>
          `Error trying to write the temporary AOF manifest file ${tempName}: ${why}`,
      },
      {
        now: () => files.sync(this.fd),
        later: (done) => files.syncLater(this.fd, done),
        complaint: (why) => `Fail to fsync the temp AOF file ${tempName}: ${why}.`,
      },
      {
        now: () => {
          this.close();
          files.rename(temp, path);
          this.isNamed = true;
        },
        complaint: (why) =>
          `Error trying to rename the temporary AOF manifest file ${tempName} into ${name}: ${why}`,
      },
      {
        now: () => files.syncFolder(folder),
        later: (done) => files.syncFolderLater(folder, done),
        complaint: (why) => `Fail to fsync AOF directory ${path}: ${why}.`,
      },
    ];
  }

  get isOver(): boolean {
    return this.at === this.steps.length;
  }

  /** Does what is left to do at once. */
  finish(): void {
    while (!this.isOver) this.stepNow();
  }

  /** Does what is left to do, and what takes long in a thread. */
  goOn(): void {
    while (!this.isOver) {
      const { at } = this;
      const step = this.steps[at]!;
      if (step.later === undefined) {
        this.stepNow();
        continue;
      }
      step.later((error) => {
        // `finish` may have been there first.
        if (this.at !== at) return;
        this.stepped(error);
        this.goOn();
      });
      return;
    }
  }

  private stepNow(): void {
    try {
      this.steps[this.at]!.now();
    } catch (error) {
      this.stepped(error);
      return;
    }
    this.stepped(null);
  }

  private stepped(error: unknown): void {
    const { complaint } = this.steps[this.at]!;
    if (error === null) this.at++;
    else {
      this.close();
      this.at = this.steps.length;
    }
    if (!this.isOver) return;
    const problem = error === null ? undefined : new AofError(complaint(systemErrorText(error)));
    this.onEnd(problem, this.isNamed);
  }

  private write(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; ) {
      at += this.files.write(this.fd, bytes, at, bytes.length - at);
    }
  }

  /** A thread that is at work on it yet does no harm: it syncs nothing, or what has its number now. */
  private close(): void {
    if (this.fd >= 0) this.files.close(this.fd);
    this.fd = -1;
  }
}
