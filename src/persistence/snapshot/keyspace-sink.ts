/** Where a snapshot goes that is to be the data of another server in this process. */
import type { Keyspace } from '../../keyspace/keyspace.js';
import { ChunkWriter } from '../rdb/chunk-writer.js';
import { FileWriter } from '../rdb/file-writer.js';
import { RDB_VERSION_MAX } from '../rdb/format.js';
import { RdbReader } from '../rdb/reader.js';
import type { SnapshotSink } from './sink.js';

/** In place of a checksum: there is none. */
const NO_CHECKSUM = Buffer.alloc(8);

export class KeyspaceSink implements SnapshotSink {
  readonly isFull = false;
  private readonly reader: RdbReader;

  /**
   * @param keyspace which is empty @param now Unix ms
   * @param countsUses whether access clocks count uses (an LFU policy) and are not times
   */
  constructor(keyspace: Keyspace, now: number, countsUses: boolean) {
    this.reader = new RdbReader({
      keyspace,
      now,
      countsUses,
      keepsExpired: true,
      checksSum: false,
    });
    const header = new ChunkWriter(false);
    new FileWriter(header).header(RDB_VERSION_MAX);
    this.write(header);
  }

  write(out: ChunkWriter): void {
    this.reader.read(out.buf.subarray(0, out.length));
    out.clear();
  }

  end(): void {
    this.reader.read(NO_CHECKSUM);
    this.reader.end();
  }

  /** Once it has ended: what was wrong with what was written, if anything. */
  get fault(): Error | undefined {
    return this.reader.fault;
  }
}
