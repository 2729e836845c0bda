/**
 * Whole folders between respd and a real redis-server, in both directions: dump.rdb, and the
 * append-only folder with and without RDB data in it. What one has left the other starts with, and
 * the check tools of both have nothing to say against it. The other writes all of it anew, and the
 * first one reads that.
 *
 * DEBUG DIGEST of a Redis before 7.2 has scores with other digits; then only the first one's are
 * compared, before and after.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { distFile } from '../support/dist.js';
import { Opened } from '../support/opened.js';
import { findProgram } from '../support/programs.js';
import { describeWithRedis, redisVersion } from '../support/real-redis.js';
import { ask, type RespClient } from '../support/resp-client.js';
import { ServerProcess } from '../support/server-process.js';
import { everything } from './data.js';

type Start = (dir: string, ...args: string[]) => ServerProcess;
const SIDES: readonly (readonly [string, Start, Start])[] = [
  ['Redis to respd', ServerProcess.redis, ServerProcess.respd],
  ['respd to Redis', ServerProcess.respd, ServerProcess.redis],
];
const DEBUG = ['--enable-debug-command', 'yes', '--save', ''];
const SAME_DIGEST = !/^7\.0\./.test(redisVersion() ?? '');
const AOF = ['--appendonly', 'yes', ...DEBUG];

describeWithRedis('folders between respd and redis-server', () => {
  const opened = new Opened();

  async function fill(client: RespClient): Promise<void> {
    for (const { reply } of await client.pipeline(everything())) {
      expect(reply.kind).not.toBe('error');
    }
  }

  it.each(SIDES)('dump.rdb of SAVE and BGSAVE, %s', async (_, from, to) => {
    const dir = opened.folder();
    const [client, server] = await opened.process(from(dir, ...DEBUG));
    await fill(client);
    const digest = await ask(client, 'DEBUG DIGEST');
    const path = join(dir, 'dump.rdb');
    for (const save of ['SAVE', 'BGSAVE']) {
      rmSync(path, { force: true });
      await ask(client, save);
      if (save === 'BGSAVE') await server.logs(/Background saving terminated with success/);
      checkRdb(path);
      const [there, other] = await opened.process(to(opened.folder(), '--dir', dir, ...DEBUG));
      if (SAME_DIGEST) expect(await ask(there, 'DEBUG DIGEST')).toBe(digest);
      expect(await ask(there, 'SAVE')).toBe('+OK');
      await other.kill();
      const [back, again] = await opened.process(from(opened.folder(), '--dir', dir, ...DEBUG));
      expect(await ask(back, 'DEBUG DIGEST')).toBe(digest);
      await again.kill();
    }
  });

  it.each(
    SIDES.flatMap(([name, ...sides]) =>
      ['yes', 'no'].map((preamble) => [name, preamble, ...sides] as const),
    ),
  )('the append-only folder, %s, with aof-use-rdb-preamble %s', async (_, preamble, from, to) => {
    const dir = opened.folder();
    const args = ['--aof-use-rdb-preamble', preamble, ...AOF];
    const [client, server] = await opened.process(from(dir, ...args));
    await fill(client);
    const before = await ask(client, 'DEBUG DIGEST');
    await ask(client, 'BGREWRITEAOF');
    await server.logs(/Background AOF rewrite finished successfully/);
    expect(await ask(client, 'INFO persistence')).toContain('aof_last_bgrewrite_status:ok');
    expect(await ask(client, 'DEBUG DIGEST')).toBe(before);
    const manifest = join(dir, 'appendonlydir', 'appendonly.aof.manifest');
    const base = `appendonly.aof.2.base.${preamble === 'yes' ? 'rdb' : 'aof'}`;
    expect(readFileSync(manifest, 'utf8')).toMatch(`file ${base} seq 2 type b\n`);
    await more(client);
    const digest = await ask(client, 'DEBUG DIGEST');
    // Redis itself may lose what it has not written when it is killed while the disk lags.
    await server.kill('SIGTERM');
    checkAof(manifest);
    const [there, other] = await opened.process(to(dir, ...args));
    if (SAME_DIGEST) expect(await ask(there, 'DEBUG DIGEST')).toBe(digest);
    await ask(there, 'BGREWRITEAOF');
    await other.logs(/Background AOF rewrite finished successfully/);
    await ask(there, 'SET goes on');
    await ask(there, 'DEL goes');
    await other.kill('SIGTERM');
    checkAof(manifest);
    const [back] = await opened.process(from(dir, ...args));
    expect(await ask(back, 'DEBUG DIGEST')).toBe(digest);
  });
});

/** Writes that leave something behind in an incr file: transactions, several databases, removals. */
async function more(client: RespClient): Promise<void> {
  for (const request of [
    'MULTI',
    'INCR counter',
    'APPEND counter 7',
    'EXEC',
    'SELECT 3',
    'SET other database',
    'EXPIRE other 100000',
    'SELECT 0',
    'LPOP list:big',
    'SPOP set:table',
    'HDEL hash:big field:7',
    'XADD stream:big * a b',
    'XREADGROUP GROUP readers Carol COUNT 3 STREAMS stream:big >',
    'ZINCRBY zset:big 1.5 member:3',
    'GETEX string:1 PX 100000000',
    'RENAME string:2 renamed',
    'DEL list:wide',
  ]) {
    expect(await ask(client, request), request).not.toMatch(/^-|ERR/);
  }
}

/** Has both programs check a file. @throws one of them ends with another code than 0 */
function checkRdb(path: string): void {
  expect(execFileSync(findProgram('redis-check-rdb')!, [path], UTF8)).toContain('RDB looks OK!');
  expect(execFileSync(process.execPath, [distFile('check-rdb.js'), path], UTF8)).toContain(
    'RDB looks OK!',
  );
}

function checkAof(path: string): void {
  const fine = 'All AOF files and manifest are valid';
  expect(execFileSync(findProgram('redis-check-aof')!, [path], UTF8)).toContain(fine);
  expect(execFileSync(process.execPath, [distFile('check-aof.js'), path], UTF8)).toContain(fine);
}

const UTF8 = { encoding: 'utf8' } as const;
