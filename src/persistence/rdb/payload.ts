/**
 * DUMP's payloads: a value as in an RDB file, the version of that, a checksum of all before it.
 *
 *     | type | value … | version: 2 | crc64: 8 |
 */
import type { Database } from '../../keyspace/database.js';
import type { LooseValue } from '../../keyspace/loose-value.js';
import { CRC64_BYTES, Crc64 } from '../crc64.js';
import { ChunkWriter } from './chunk-writer.js';
import { EntryEncoder } from './entry-encoder.js';
import { RdbFault } from './fault.js';
import { RDB_VERSION_MAX, RDB_VERSION_MIN } from './format.js';
import { RdbInput } from './input.js';
import type { LoadContext } from './load-context.js';
import { readValue } from './load-value.js';

const VERSION_BYTES = 2;
const FOOTER_BYTES = VERSION_BYTES + CRC64_BYTES;

/** Makes payloads, one after the other. */
export class PayloadWriter {
  private readonly out = new ChunkWriter();
  private readonly encoder: EntryEncoder;
  private readonly crc = new Crc64();
  private readonly sum = new Uint8Array(CRC64_BYTES);

  /** @param version to keep to; see EntryEncoder */
  constructor(version?: number) {
    this.encoder = new EntryEncoder(this.out, { version });
  }

  /** The value of an entry. @param compresses `rdbcompression` */
  write(db: Database, e: number, compresses: boolean): Buffer {
    const { crc, encoder, out, sum } = this;
    out.compresses = compresses;
    encoder.neededVersion = RDB_VERSION_MIN;
    encoder.encodeValue(db, e);
    out.byte(encoder.neededVersion);
    out.byte(0);
    crc.reset();
    crc.update(out.buf, 0, out.length);
    crc.write(sum, 0);
    out.bytes(sum, 0, CRC64_BYTES);
    return out.take();
  }
}

/** Whether the payload's footer is right. @param checksSum whether the checksum is looked at */
export function isPayload(
  bytes: Uint8Array,
  off: number,
  len: number,
  checksSum: boolean,
): boolean {
  if (len < FOOTER_BYTES) return false;
  const footer = off + len - FOOTER_BYTES;
  if ((bytes[footer]! | (bytes[footer + 1]! << 8)) > RDB_VERSION_MAX) return false;
  if (!checksSum) return true;
  const crc = new Crc64();
  crc.update(bytes, off, len - CRC64_BYTES);
  return crc.equals(bytes, off + len - CRC64_BYTES);
}

/**
 * Reads the value of a payload whose footer is right.
 * @returns what is wrong with it, if anything is; `value` is nothing then
 */
export function readPayload(
  bytes: Uint8Array,
  off: number,
  len: number,
  context: LoadContext,
  value: LooseValue,
): RdbFault | undefined {
  const input = RdbInput.of(bytes, off, len - FOOTER_BYTES);
  try {
    readValue(input, context, value);
    return undefined;
  } catch (error) {
    if (!(error instanceof RdbFault)) throw error;
    value.setNothing();
    return error;
  }
}
