import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ChunkWriter } from '../../../src/persistence/rdb/chunk-writer.js';
import { FramePool, FrameSink } from '../../../src/persistence/snapshot/frame-sink.js';
import { InProcessLauncher } from '../../support/in-process-worker.js';
import { seeded } from '../../support/seeded.js';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'respd-frames-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

/** Strings of all lengths, so that frames end anywhere in them and in their lengths. */
function strings(seed: number): Buffer[] {
  const random = seeded(seed);
  return Array.from({ length: 60 }, () => {
    const length = random([12, 30, 300, 20_000, 150_000][random(5)]!);
    const word = 'abcdefgh'.slice(0, 1 + random(8));
    const text = Buffer.from(word.repeat(Math.ceil(length / word.length)).slice(0, length));
    // Some can't be made shorter.
    if (random(3) === 0) for (let i = 0; i < length; i++) text[i] = random(256);
    return text;
  });
}

describe('Frames', () => {
  it.each([1, 2, 3, 4, 5, 6, 7, 8])(
    'bring the worker just what is to be written: seed %i',
    (seed) =>
      new Promise<void>((done, failed) => {
        const { input } = new InProcessLauncher().launch({
          onFailed: failed,
          onReady() {},
          onEnd({ answer }) {
            expect(answer).toEqual({ bytes: expected.length });
            expect(readFileSync(join(directory, 'file')).equals(expected)).toBe(true);
            done();
          },
        })!;
        const sink = new FrameSink(input, new FramePool(), () => {});
        sink.job({
          directory,
          temporary: ['temp-', '.rdb'],
          name: 'file',
          compresses: true,
          sums: false,
          syncs: true,
          headerBytes: 4,
          hasChecksum: false,
          title: '',
        });
        const direct = new ChunkWriter(true);
        const later = new ChunkWriter('later');
        direct.bytes(Buffer.from('head'), 0, 4);
        for (const [i, text] of strings(seed).entries()) {
          direct.string(text, 0, text.length);
          later.string(text, 0, text.length);
          if (i % 7 === 0) sink.write(later);
        }
        sink.write(later);
        sink.end(Buffer.from('head'));
        const expected = direct.take();
      }),
  );

  it('are in the same buffers in all snapshots', async () => {
    const buffers = new Set<ArrayBufferLike>();
    const pool = new FramePool();
    for (let snapshot = 0; snapshot < 10; snapshot++) {
      const input = new Writable({
        write({ buffer }: Buffer, _encoding, done) {
          buffers.add(buffer);
          done();
        },
      });
      const sink = new FrameSink(input, pool, () => {});
      const out = new ChunkWriter(false);
      out.bytes(Buffer.alloc(200_000), 0, 200_000);
      sink.write(out);
      sink.end(Buffer.alloc(0));
      await finished(input.end());
    }
    expect(buffers.size).toBeLessThanOrEqual(5);
  });
});
