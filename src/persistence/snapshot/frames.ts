/**
 * What the server sends its worker, and what that answers.
 *
 *     frame    kind: 4 bytes | places: 4 | payload: 4 | 4 bytes per place | the payload
 *
 *     Job      the first: what is to be done, in JSON
 *     Data     the next bytes of the file; each place is where a string begins in them, with its length,
 *              that may be worth compressing. It may end in a later frame, but its length does not.
 *     End      all has been sent; the file's first bytes
 *
 * All numbers are the machine's own, for both run on one. The worker answers with lines on its standard
 * output: READY once its file is open, and before it ends, in JSON, what has become of it. A pipe that
 * closes before `End` tells it to leave nothing behind.
 */
export const READY = 'ready';

export const FrameKind = { Job: 1, Data: 2, End: 3 } as const;

export const FRAME_HEAD_BYTES = 12;
/** Longest payload. */
export const FRAME_MAX_BYTES = 64 * 1024;
/** So many places there may be: a string with a place has at least as many bytes and a length. */
export const FRAME_MAX_PLACES = Math.ceil(FRAME_MAX_BYTES / 22) + 1;

/** What a worker is to do. */
export interface SaveJob {
  /** Where the file is written. */
  readonly directory: string;
  /** Begin and end of its temporary name; between them is the worker's process number. */
  readonly temporary: readonly [string, string];
  /** The name that it gets in the end, of a file in `directory`; if none, it keeps the other. */
  readonly name?: string;
  /** `rdbcompression` */
  readonly compresses: boolean;
  /** `rdbchecksum` */
  readonly sums: boolean;
  /** Whether the file is written to disk as it grows (`rdb-save-incremental-fsync`). */
  readonly syncs: boolean;
  /** See SnapshotFormat. */
  readonly headerBytes: number;
  readonly hasChecksum: boolean;
  /** What the process calls itself. */
  readonly title: string;
}

/** At which step a save has failed: each has words of its own in Redis's log. */
export type SaveStep = 'open' | 'write' | 'fsync' | 'close' | 'rename' | 'directory';

export type SaveAnswer =
  | { readonly bytes: number }
  /** @param why in the system's words */
  | { readonly step: SaveStep; readonly why: string };
