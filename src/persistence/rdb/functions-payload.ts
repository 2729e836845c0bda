/**
 * FUNCTION DUMP's payload: libraries as in an RDB file, with the footer of DUMP's payloads.
 *
 *     { opcode 245 | code } … | version: 2 | crc64: 8 |
 *
 * Functions have been in the format since Redis 7.0, whose version stands in the footer.
 */
import { CRC64_BYTES, Crc64 } from '../crc64.js';
import { ChunkWriter } from './chunk-writer.js';
import { RdbFault } from './fault.js';
import { FileWriter } from './file-writer.js';
import { RdbOpcode, RdbVersion } from './format.js';
import { RdbInput, StringSlot } from './input.js';

const VERSION_BYTES = 2;
const FOOTER_BYTES = VERSION_BYTES + CRC64_BYTES;

/** @param libraries their code */
export function writeFunctions(libraries: Iterable<Uint8Array>, compresses: boolean): Buffer {
  const out = new ChunkWriter(compresses);
  const file = new FileWriter(out);
  for (const code of libraries) file.functions(code);
  out.byte(RdbVersion.SetListpacks);
  out.byte(0);
  const crc = new Crc64();
  crc.update(out.buf, 0, out.length);
  const sum = new Uint8Array(CRC64_BYTES);
  crc.write(sum, 0);
  out.bytes(sum, 0, CRC64_BYTES);
  return out.take();
}

/**
 * Reads the libraries of a payload whose footer is right.
 * @returns their code; or what is wrong, in Redis's words
 */
export function readFunctions(payload: Uint8Array): Buffer[] | string {
  const input = RdbInput.of(payload, 0, payload.length - FOOTER_BYTES);
  const slot = new StringSlot();
  const found: Buffer[] = [];
  while (input.available > 0) {
    const opcode = input.byte();
    if (opcode === RdbOpcode.FunctionPreGa) return 'Pre-GA function format not supported';
    if (opcode !== RdbOpcode.Function2) return 'given type is not a function';
    try {
      input.string(slot);
    } catch (error) {
      if (error instanceof RdbFault) return 'Failed loading library payload';
      throw error;
    }
    found.push(Buffer.from(slot.view()));
  }
  return found;
}
