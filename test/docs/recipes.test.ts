/**
 * Runs the README's recipes as they stand there. What a `console.log` prints must be what the comment
 * on its line says.
 */
import { readFileSync } from 'node:fs';
import { inspect, isDeepStrictEqual } from 'node:util';
import { Redis } from 'ioredis';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createServer, type RespdServer } from '../../src/index.js';

const README = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
const RECIPE = /<!-- recipe: (.*?) -->\n```js\n([\s\S]*?)```/g;
const RECIPES = [...README.matchAll(RECIPE)].map(([, name, code]) => ({ name, code: code! }));
/** A line that prints: what is printed, and what the comment says. */
const PRINTED = /console\.log\(.*\);\s*\/\/ (.*)$/gm;

type Run = (redis: Redis, console: { log(value: unknown): void }) => Promise<void>;
const AsyncFunction = (async () => {}).constructor as new (...parts: string[]) => Run;

describe('the recipes in the README', () => {
  let server: RespdServer;
  let redis: Redis;

  beforeEach(async () => {
    server = await createServer({ port: 0 });
    redis = new Redis(server.url);
  });

  afterEach(async () => {
    redis.disconnect();
    await server.close();
  });

  it('are there', () => {
    expect(RECIPES.map(({ name }) => name)).toEqual([
      'queue',
      'leaderboard',
      'rate limiter',
      'consumer group',
    ]);
  });

  it.each(RECIPES)('do what they say: $name', async ({ code }) => {
    const wanted = [...code.matchAll(PRINTED)].map(([, comment]) => literal(comment!));
    const printed: unknown[] = [];
    await new AsyncFunction('redis', 'console', code)(redis, {
      log: (value) => void printed.push(value),
    });
    expect(wanted.length).toBeGreaterThan(0);
    if (!isDeepStrictEqual(printed, wanted)) expect(inspect(printed)).toBe(inspect(wanted));
  });
});

/** What a comment shows: a literal of JavaScript. */
function literal(comment: string): unknown {
  return new Function(`return (${comment.trim()});`)();
}
