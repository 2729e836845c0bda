/** What CLIENT LIST tells of a request that has not come whole. */
import { describe, expect, test } from 'vitest';
import { unfinishedRequest } from '../../../src/server/unfinished-request.js';

const CASES: [text: string, argumentBytes: number, restBytes: number][] = [
  ['', 0, 0],
  ['*', 0, 1],
  ['*3\r\n', 0, 0],
  ['*3\r\n$3', 0, 2],
  ['*3\r\n$3\r\n', 0, 0],
  ['*3\r\n$3\r\nSE', 0, 2],
  ['*3\r\n$3\r\nSET\r', 0, 4],
  ['*3\r\n$3\r\nSET\r\n', 3, 0],
  ['*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$10\r\nvvvv', 4, 4],
  ['SET k v', 0, 7],
];

describe('an unfinished request', () => {
  test.each(CASES)('%j', (text, argumentBytes, restBytes) => {
    const buf = Buffer.from(`xx${text}yy`);
    const found = unfinishedRequest(buf, 2, 2 + text.length);
    expect(found).toEqual({ argumentBytes, restBytes });
  });
});
