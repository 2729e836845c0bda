import { expect, it } from 'vitest';
import { checkDrawn } from '../../../src/commands/draw-limit.js';
import type { ReplyWriter } from '../../../src/resp/reply-writer.js';

it('a negative count draws no more than half a gibibyte', () => {
  checkDrawn({ size: 512 * 1024 * 1024 } as ReplyWriter);
  expect(() => checkDrawn({ size: 512 * 1024 * 1024 + 1 } as ReplyWriter)).toThrow(
    expect.objectContaining({ text: 'ERR value is out of range, the reply would be over 512 MB' }),
  );
});
