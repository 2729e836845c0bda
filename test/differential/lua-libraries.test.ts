/**
 * cjson, cmsgpack, struct and bit beside those of a real redis-server: the same calls, made up from
 * a seed, must have the same results and the same errors, word for word.
 *
 *     lua-values.ts           values of Lua: described, built here and there, compared
 *     lua-library-cases.ts    calls
 *
 * Most calls are made without the interpreter (fake-lua.ts); on every other one time is up at each
 * chance, so that stopping and going on is tested as well. Some are made by scripts on either side.
 *
 * LUA_SEED and LUA_COUNT choose other calls.
 */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createServer } from '../../src/index.js';
import { bitLibrary } from '../../src/scripting/lua/lib/bit.js';
import { cjsonLibrary } from '../../src/scripting/lua/lib/cjson.js';
import { cmsgpackLibrary } from '../../src/scripting/lua/lib/cmsgpack.js';
import { structLibrary } from '../../src/scripting/lua/lib/struct.js';
import { LuaError, type LuaTable } from '../../src/scripting/lua/value.js';
import { FakeLua } from '../support/fake-lua.js';
import { describeWithRedis, type RealRedis, startRealRedis } from '../support/real-redis.js';
import { RespClient } from '../support/resp-client.js';
import { callSource, type LibraryCall, LibraryCalls } from './lua-library-cases.js';
import { DUMP_SOURCE, type Dump, dump, dumpOf, toValue } from './lua-values.js';
import { Random } from './random.js';

const SEEDS = process.env.LUA_SEED ? [Number(process.env.LUA_SEED)] : [1, 2, 20_090_510];
const COUNT = Number(process.env.LUA_COUNT || 7000);
const BATCH = 100;
const MAX_REPORTED = 5;
const TIMEOUT_MS = 600_000;

class Libraries {
  private readonly lua = new FakeLua();
  private readonly tables = {
    cjson: cjsonLibrary(this.lua),
    cmsgpack: cmsgpackLibrary(this.lua),
    struct: structLibrary(this.lua),
    bit: bitLibrary(this.lua),
  };

  call({ library, options, name, args }: LibraryCall, pauseEvery: number): Dump[] {
    const nothing = this.tables.cjson.get('null');
    this.lua.pauseEvery = pauseEvery;
    try {
      let table = this.tables[library];
      if (options.length > 0) table = this.lua.run(this.tables.cjson, 'new')[0] as LuaTable;
      for (const [option, given] of options) {
        this.lua.run(table, option, ...given.map((value) => toValue(value, nothing)));
      }
      const values = args.map((value) => toValue(value, nothing));
      return ['ok', ...this.lua.run(table, name, ...values).map(dump)];
    } catch (error) {
      if (error instanceof LuaError) return ['error', String(error.value)];
      throw error;
    }
  }
}

/** What a server's scripts make of the calls. */
async function resultsOf(client: RespClient, calls: readonly LibraryCall[]): Promise<Dump[]> {
  const script = `${DUMP_SOURCE} return {${calls.map(callSource).join(',')}}`;
  const reply = await client.send('EVAL', Buffer.from(script, 'latin1'), '0');
  const all = dumpOf(reply);
  if (typeof all === 'string') throw new Error(`the script has failed: ${all}`);
  return all;
}

describeWithRedis("the libraries of scripts beside a real redis-server's", () => {
  let redis: RealRedis;
  let client: RespClient;

  beforeAll(async () => {
    redis = await startRealRedis();
    client = await redis.connect();
  });

  afterAll(async () => {
    client.close();
    await redis.stop();
  });

  it.each(SEEDS)(
    'give the same results and errors, from seed %i',
    async (seed) => {
      const random = new Random(seed);
      const maker = new LibraryCalls(random);
      const libraries = new Libraries();
      const differences: unknown[] = [];
      let failures = 0;
      for (let done = 0; done < COUNT && differences.length < MAX_REPORTED; done += BATCH) {
        const calls = Array.from({ length: BATCH }, () => maker.next());
        const theirs = await resultsOf(client, calls);
        calls.forEach((call, i) => {
          const ours = libraries.call(call, i % 2 === 0 ? 1 : Number.POSITIVE_INFINITY);
          if (ours[0] === 'error') failures++;
          if (JSON.stringify(ours) === JSON.stringify(theirs[i])) return;
          differences.push({ source: callSource(call), ours, theirs: theirs[i] });
        });
      }
      expect(differences.slice(0, MAX_REPORTED)).toEqual([]);
      // Both kinds of calls are there.
      expect(failures / COUNT).toBeGreaterThan(0.1);
      expect(failures / COUNT).toBeLessThan(0.6);
    },
    TIMEOUT_MS,
  );

  it(
    'give the same when scripts of respd call them',
    async () => {
      const respd = await createServer({ port: 0 });
      const ours = await RespClient.connect(respd.port);
      try {
        const maker = new LibraryCalls(new Random(SEEDS[0]!));
        for (let done = 0; done < COUNT / 5; done += BATCH) {
          const calls = Array.from({ length: BATCH }, () => maker.next());
          const [mine, theirs] = await Promise.all([
            resultsOf(ours, calls),
            resultsOf(client, calls),
          ]);
          calls.forEach((call, i) => {
            expect({ source: callSource(call), result: mine[i] }).toEqual({
              source: callSource(call),
              result: theirs[i],
            });
          });
        }
      } finally {
        ours.close();
        await respd.close();
      }
    },
    TIMEOUT_MS,
  );
});
