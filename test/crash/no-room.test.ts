/**
 * A disk that takes no more, and a folder that can't be written to: what was to be saved fails, says why
 * in the log and in INFO, and the server serves on, as Redis does.
 *
 * A full disk is played by a limit on the size of files (ulimit -f, which the worker inherits), a folder
 * that can't be written to by /sys, where not even root makes files.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Opened } from '../support/opened.js';
import { findProgram } from '../support/programs.js';
import type { RespClient } from '../support/resp-client.js';
import { ask } from '../support/resp-client.js';
import { ServerProcess } from '../support/server-process.js';

/** In units of 512 bytes; a soft limit, which can be lifted. */
const LIMIT = '-Sf 2000';
const LIMIT_BYTES = 2000 * 512;
const VALUE = 'x'.repeat(20_000);
/** Values that no compression makes shorter than the limit. */
const NO_COMPRESSION = ['--rdbcompression', 'no'];
const UNWRITABLE = '/sys';
const LIMITED = process.platform === 'linux';

describe.skipIf(!LIMITED)('a server that can not write', () => {
  const opened = new Opened();

  const info = (client: RespClient) => ask(client, 'INFO persistence');

  async function fill(client: RespClient, values: number): Promise<void> {
    const requests = Array.from({ length: values }, (_, i) => ['SET', `big:${i}`, VALUE]);
    for (const { reply } of await client.pipeline(requests)) expect(reply.kind).toBe('status');
  }

  it('BGSAVE on a full disk fails, and writes are refused until one succeeds', async () => {
    const dir = opened.folder();
    const [client, server] = await opened.process(
      ServerProcess.limited(LIMIT, dir, '--save', '3600 1000000', ...NO_COMPRESSION),
    );
    await ask(client, 'SET small value');
    expect(await ask(client, 'SAVE')).toBe('+OK');
    await fill(client, 60);
    await ask(client, 'BGSAVE');
    await server.logs(/Background saving error/);
    expect(server.output).toMatch(/Write error .*File too large/i);
    expect(await info(client)).toContain('rdb_last_bgsave_status:err');
    expect(await ask(client, 'SET a b')).toMatch(/^-MISCONF /);
    expect(await ask(client, 'GET small')).toBe('"value"');
    expect(await ask(client, 'SAVE')).toMatch(/^-ERR/);
    // What was saved before is still there, and nothing else.
    expect(readdirSync(dir).filter((name) => name.startsWith('temp'))).toEqual([]);
    const [other] = await opened.process(
      ServerProcess.respd(opened.folder(), '--dir', dir, '--save', ''),
    );
    expect(await ask(other, 'DBSIZE')).toBe(':1');
    await ask(client, 'CONFIG SET stop-writes-on-bgsave-error no');
    expect(await ask(client, 'FLUSHALL')).toBe('+OK');
    await ask(client, 'CONFIG SET stop-writes-on-bgsave-error yes');
    await ask(client, 'BGSAVE');
    await server.logs(/Background saving terminated with success/);
    expect(await info(client)).toContain('rdb_last_bgsave_status:ok');
    expect(await ask(client, 'SET a b')).toBe('+OK');
  });

  it('BGREWRITEAOF on a full disk fails, and nothing is lost', async () => {
    const dir = opened.folder();
    const aof = ['--appendonly', 'yes', '--save', '', ...NO_COMPRESSION];
    const [client, server] = await opened.process(ServerProcess.limited(LIMIT, dir, ...aof));
    // More than the limit in memory, by few bytes in the log.
    await ask(client, `SET big ${VALUE}`);
    for (let i = 0; i < 60; i++) await ask(client, `COPY big big:${i}`);
    await ask(client, 'BGREWRITEAOF');
    await server.logs(/Background AOF rewrite terminated/);
    expect(await info(client)).toContain('aof_last_bgrewrite_status:err');
    expect(await info(client)).toContain('aof_last_write_status:ok');
    expect(await ask(client, 'SET after failure')).toBe('+OK');
    await server.kill();
    const [again, healed] = await opened.process(ServerProcess.respd(dir, ...aof));
    expect(await ask(again, 'DBSIZE')).toBe(':62');
    expect(await ask(again, 'GET after')).toBe('"failure"');
    await ask(again, 'BGREWRITEAOF');
    await healed.logs(/Background AOF rewrite finished successfully/);
    expect(await info(again)).toContain('aof_last_bgrewrite_status:ok');
  });

  it('a log on a full disk refuses writes until there is room again', async () => {
    const dir = opened.folder();
    const aof = ['--appendonly', 'yes', '--save', '', '--appendfsync', 'everysec'];
    const [client, server] = await opened.process(ServerProcess.limited(LIMIT, dir, ...aof));
    let acknowledged = 0;
    let answer = '';
    for (; acknowledged < 100; acknowledged++) {
      answer = await ask(client, `SET big:${acknowledged} ${VALUE}`);
      if (answer !== '+OK') break;
    }
    expect(answer).toMatch(
      /^-MISCONF Errors writing to the AOF file: (File too large|No space left on device)/,
    );
    expect(acknowledged * VALUE.length).toBeGreaterThan(LIMIT_BYTES / 2);
    expect(await info(client)).toContain('aof_last_write_status:err');
    expect(server.output).toMatch(/(Short write|Error writing) .*AOF file/);
    expect(await ask(client, 'GET big:0')).toBe(`"${VALUE}"`);
    const prlimit = findProgram('prlimit');
    if (prlimit !== undefined) {
      execFileSync(prlimit, ['--pid', String(server.pid), '--fsize=unlimited']);
      await server.logs(/AOF write error looks solved/);
      expect(await ask(client, 'SET room again')).toBe('+OK');
      expect(await info(client)).toContain('aof_last_write_status:ok');
    }
    await server.kill();
    const [again] = await opened.process(ServerProcess.respd(dir, ...aof));
    for (let i = 0; i < acknowledged - 1; i++) {
      expect(await ask(again, `EXISTS big:${i}`), `big:${i}`).toBe(':1');
    }
    if (prlimit !== undefined) expect(await ask(again, 'GET room')).toBe('"again"');
  });

  it('with appendfsync always it ends instead, and what it acknowledged is there', async () => {
    const dir = opened.folder();
    const aof = ['--appendonly', 'yes', '--save', '', '--appendfsync', 'always'];
    const [client, server] = await opened.process(ServerProcess.limited(LIMIT, dir, ...aof));
    let acknowledged = 0;
    try {
      for (; acknowledged < 100; acknowledged++) {
        expect(await ask(client, `SET big:${acknowledged} ${VALUE}`)).toBe('+OK');
      }
    } catch (error) {
      expect(String(error)).toMatch(/closed|ECONNRESET/);
    }
    expect(await server.ended).toEqual({ code: 1, signal: null });
    expect(server.output).toMatch(/Can't recover from AOF write error when the AOF fsync policy/);
    expect(acknowledged * VALUE.length).toBeGreaterThan(LIMIT_BYTES / 2);
    const [again] = await opened.process(ServerProcess.respd(dir, ...aof));
    for (let i = 0; i < acknowledged; i++) {
      expect(await ask(again, `EXISTS big:${i}`), `big:${i}`).toBe(':1');
    }
  });

  it.skipIf(!existsSync(UNWRITABLE))('a folder that takes no files fails each save', async () => {
    const dir = opened.folder();
    const [client, server] = await opened.process(
      ServerProcess.respd(
        dir,
        ...['--appendonly', 'yes', '--save', '', '--enable-protected-configs', 'yes'],
      ),
    );
    await ask(client, 'SET a b');
    expect(await ask(client, `CONFIG SET dir ${UNWRITABLE}`)).toBe('+OK');
    expect(await ask(client, 'SAVE')).toMatch(/^-ERR/);
    await ask(client, 'BGSAVE');
    await server.logs(/Background saving error/);
    expect(await info(client)).toContain('rdb_last_bgsave_status:err');
    await ask(client, 'BGREWRITEAOF');
    await expect.poll(() => info(client)).toContain('aof_last_bgrewrite_status:err');
    expect(server.output).toMatch(/(Permission denied|No such file or directory|not permitted)/);
    expect(await ask(client, 'SET c d')).toBe('+OK');
    expect(await info(client)).toContain('aof_last_write_status:ok');
    await server.kill();
    const [again] = await opened.process(ServerProcess.respd(dir, '--appendonly', 'yes'));
    expect(await ask(again, 'DBSIZE')).toBe(':2');
  });
});
