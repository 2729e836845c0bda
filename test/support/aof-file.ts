/** Append-only files for tests: a keyspace as commands, and commands out of bytes. */
import type { Keyspace } from '../../src/keyspace/keyspace.js';
import { CommandFormat } from '../../src/persistence/aof/command-format.js';
import { AofReader, type AofVerdict } from '../../src/persistence/aof/reader.js';
import { ChunkWriter } from '../../src/persistence/rdb/chunk-writer.js';

/** All keys as the commands that make them. @param stepBytes bytes of a step of a big collection */
export function writeCommands(keyspace: Keyspace, stepBytes = 64 * 1024): Buffer {
  const out = new ChunkWriter();
  const format = new CommandFormat({ functions: [] });
  const encoder = format.entries(out);
  for (const db of keyspace.databases) {
    if (db.size > 0) format.database(out, db.index);
    for (let e = 1; e < db.dict.entryTop; e++) {
      if (!db.dict.isUsed(e)) continue;
      encoder.begin(db, e);
      while (!encoder.step(stepBytes));
    }
  }
  return out.take();
}

/** The commands of an append-only file, and whether it is whole. */
export function readCommands(file: Uint8Array): { commands: Buffer[][]; verdict: AofVerdict } {
  const reader = new AofReader(
    (buf, off, len, position) => {
      const bytes = file.subarray(position, position + len);
      buf.set(bytes, off);
      return bytes.length;
    },
    0,
    file.length,
  );
  const commands: Buffer[][] = [];
  while (reader.next()) {
    const { args } = reader;
    commands.push(Array.from({ length: args.count }, (_, i) => Buffer.from(args.view(i))));
  }
  return { commands, verdict: reader.verdict! };
}
