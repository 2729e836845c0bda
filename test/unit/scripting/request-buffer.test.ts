/** The request that a script's command is gathered into. */
import { describe, expect, test } from 'vitest';
import { RequestBuffer } from '../../../src/scripting/request-buffer.js';

function put(request: RequestBuffer, ...words: string[]): string {
  request.begin();
  for (const word of words) request.addText(word);
  const { args } = request;
  return Array.from({ length: args.count }, (_, i) => args.text(i)).join(' ');
}

describe('the request of a script', () => {
  test('holds the words of the last command, whatever was there before', () => {
    const request = new RequestBuffer();
    expect(put(request, 'GET', 'k')).toBe('GET k');
    expect(put(request, 'GET', 'longer')).toBe('GET longer');
    expect(put(request, 'SET', 'k', 'v')).toBe('SET k v');
    expect(put(request, 'GET')).toBe('GET');
    expect(put(request, '', 'k')).toBe(' k');
    expect(put(request, 'GET', 'k')).toBe('GET k');
  });

  test('keeps its words while it grows, and after a large one', () => {
    const request = new RequestBuffer();
    const large = 'x'.repeat(3_000_000);
    expect(put(request, 'SET', 'k', large)).toBe(`SET k ${large}`);
    expect(put(request, 'SET', 'k', 'v')).toBe('SET k v');
    expect(put(request, large)).toBe(large);
    expect(put(request, large, 'k')).toBe(`${large} k`);
  });
});
