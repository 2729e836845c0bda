/**
 * Writes all keys to an RDB file at once, while everything else waits: SAVE, DEBUG RELOAD.
 *
 * The walk is plain, since nothing changes under it. The file is written as a worker would, but in this
 * process (snapshot/save-worker.ts): it gets its name only when it is whole and on disk, and whatever
 * happens the file that was there stays as it was.
 */
import { basename, dirname } from 'node:path';
import type { Keyspace } from '../../keyspace/keyspace.js';
import type { SaveStep } from '../snapshot/frames.js';
import { RdbFormat, type RdbFormatSettings } from '../snapshot/rdb-format.js';
import { SaveWorker } from '../snapshot/save-worker.js';
import { ChunkWriter } from './chunk-writer.js';

const CHUNK_BYTES = 256 * 1024;

export interface SaveSettings extends RdbFormatSettings {
  readonly compresses: boolean;
  /** `rdbchecksum` */
  readonly sums: boolean;
  /** `rdb-save-incremental-fsync` */
  readonly syncs: boolean;
  /** `rdb-key-save-delay`: microseconds of pause after each key; -n pauses for 1 after n. */
  readonly delayUs: number;
}

/** A file could not be saved. */
export class SaveError extends Error {
  /** @param why in the system's words @param temporary name of the file that did not become whole */
  constructor(
    readonly step: SaveStep,
    readonly why: string,
    readonly temporary: string,
  ) {
    super(why);
  }
}

/**
 * Saves to `path`, replacing what is there.
 * @throws SaveError
 */
export function saveRdbFile(path: string, keyspace: Keyspace, settings: SaveSettings): void {
  const { compresses, sums, syncs } = settings;
  const format = new RdbFormat(settings);
  const { hasChecksum, headerBytes } = format;
  const worker = new SaveWorker(
    {
      directory: dirname(path),
      temporary: ['temp-', '.rdb'],
      name: basename(path),
      compresses,
      sums,
      syncs,
      headerBytes,
      hasChecksum,
      title: '',
    },
    process.pid,
  );
  walk(keyspace, format, worker, settings);
  const answer = worker.finish(format.header());
  if (!('bytes' in answer)) throw new SaveError(answer.step, answer.why, worker.temporaryName);
}

function walk(
  keyspace: Keyspace,
  format: RdbFormat,
  worker: SaveWorker,
  { compresses, delayUs }: SaveSettings,
): void {
  const out = new ChunkWriter(compresses ? 'later' : false);
  const flush = () => {
    worker.data(out.buf, 0, out.length, out.places, out.placeCount);
    out.clear();
  };
  const encoder = format.entries(out);
  format.begin(out);
  let keys = 0;
  for (const db of keyspace.databases) {
    if (db.size === 0) continue;
    format.database(out, db.index, db.size, db.expires.size, true);
    const { dict } = db;
    for (let e = 1; e < dict.entryTop && worker.failure === undefined; e++) {
      if (!dict.isUsed(e)) continue;
      encoder.begin(db, e);
      while (!encoder.step(CHUNK_BYTES)) flush();
      if (out.length >= CHUNK_BYTES) flush();
      keys++;
      if (delayUs > 0) sleep(delayUs);
      else if (delayUs < 0 && keys % -delayUs === 0) sleep(1);
    }
  }
  format.end(out);
  flush();
}

function sleep(micros: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, micros / 1000);
}
