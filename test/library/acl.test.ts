/** Users over real connections: who may log in, what they may do, and what happens when that changes. */
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Redis } from 'ioredis';
import { describe, expect, test } from 'vitest';
import { ConfigError, createServer, type RespdServer } from '../../src/index.js';
import { Opened } from '../support/opened.js';

const opened = new Opened();

function connect({ port }: RespdServer, username?: string, password?: string): Redis {
  const url = `redis://127.0.0.1:${port}`;
  return opened.redis({ url }, { username, password, enableReadyCheck: false });
}

/** What a command of this connection fails with, `OK` if it doesn't. */
async function errorOf(reply: Promise<unknown>): Promise<string> {
  return reply.then(
    () => 'OK',
    (error: Error) => error.message,
  );
}

function logOf(reply: unknown): Record<string, unknown>[] {
  return (reply as unknown[][]).map((entry) =>
    Object.fromEntries(
      Array.from({ length: entry.length / 2 }, (_, i) => [entry[2 * i], entry[2 * i + 1]]),
    ),
  );
}

describe('a client', () => {
  test('logs in with name and password, and may do what its user may', async () => {
    const server = await opened.server();
    const admin = connect(server);
    await admin.acl('SETUSER', 'alice', 'on', '>secret', '~a:*', '+@read', '+set', '+acl|whoami');
    const alice = connect(server, 'alice', 'secret');
    expect(await alice.acl('WHOAMI')).toBe('alice');
    expect(await alice.set('a:1', 'x')).toBe('OK');
    expect(await alice.get('a:1')).toBe('x');
    expect(await errorOf(alice.get('b'))).toBe('NOPERM No permissions to access a key');
    expect(await errorOf(alice.del('a:1'))).toBe(
      "NOPERM User alice has no permissions to run the 'del' command",
    );
    expect(await admin.client('LIST')).toMatch(/ user=alice /);
  });

  test('with a wrong password, an unknown name or a user that is off is told the same', async () => {
    const server = await opened.server();
    const redis = connect(server);
    await redis.acl('SETUSER', 'off', '>x');
    const wrong = 'WRONGPASS invalid username-password pair or user is disabled.';
    expect(await errorOf(redis.auth('off', 'x'))).toBe(wrong);
    expect(await errorOf(redis.auth('nobody', 'x'))).toBe(wrong);
    expect(await errorOf(redis.call('HELLO', '3', 'AUTH', 'off', 'y'))).toBe(wrong);
    const info = await redis.info('stats');
    expect(info).toContain('acl_access_denied_auth:3\r\n');
    const entries = logOf(await redis.acl('LOG'));
    expect(entries.map(({ object, username, reason }) => [object, username, reason])).toEqual([
      ['HELLO', 'off', 'auth'],
      ['auth', 'nobody', 'auth'],
      ['auth', 'off', 'auth'],
    ]);
    expect(entries[0]!['client-info']).toContain(' cmd=hello ');
  });

  test('that has to log in may do so while the default user may do nothing', async () => {
    const server = await opened.server();
    const admin = connect(server);
    await admin.acl('SETUSER', 'root', 'on', '>x', '+@all', '~*', '&*');
    const other = connect(server);
    await other.ping();
    await admin.auth('root', 'x');
    await admin.acl('SETUSER', 'default', 'off', '-@all');
    // Who has been let in stays, with the rights that the user has now.
    expect(await errorOf(other.ping())).toMatch(/^NOPERM User default has no permissions/);
    expect(await errorOf(connect(server).ping())).toBe('NOAUTH Authentication required.');
    expect(await connect(server, 'root', 'x').ping()).toBe('PONG');
  });
});

describe('a password of the default user', () => {
  test('is requirepass, until rules say otherwise', async () => {
    const server = await opened.server({ requirepass: 'one' });
    const redis = connect(server, undefined, 'one');
    expect(await redis.ping()).toBe('PONG');
    await redis.config('SET', 'requirepass', 'two');
    expect(await errorOf(connect(server).ping())).toBe('NOAUTH Authentication required.');
    expect(await redis.auth('two')).toBe('OK');
    expect(await errorOf(redis.auth('one'))).toMatch(/^WRONGPASS/);
    await redis.acl('SETUSER', 'default', 'resetpass', '>three');
    expect(await redis.auth('three')).toBe('OK');
    expect(await redis.config('GET', 'requirepass')).toEqual(['requirepass', 'two']);
    await redis.config('SET', 'requirepass', '');
    expect(await connect(server).ping()).toBe('PONG');
    expect(await errorOf(redis.auth('x'))).toMatch(/^ERR AUTH <password> called without any/);
  });

  test('that is taken away lets those in that wait for it', async () => {
    const server = await opened.server({ requirepass: 'one' });
    const waiting = connect(server);
    expect(await errorOf(waiting.ping())).toBe('NOAUTH Authentication required.');
    await connect(server, 'default', 'one').config('SET', 'requirepass', '');
    expect(await waiting.ping()).toBe('PONG');
  });
});

describe('a transaction', () => {
  test('is refused at the command that the user may not run', async () => {
    const server = await opened.server();
    const admin = connect(server);
    await admin.acl('SETUSER', 'u', 'on', 'nopass', '+multi', '+exec', '+incr', '~k');
    const redis = connect(server, 'u', 'x');
    await redis.multi({ pipeline: false });
    expect(await errorOf(redis.call('INCR', 'other'))).toBe(
      'NOPERM No permissions to access a key',
    );
    expect(await errorOf(redis.call('EXEC'))).toMatch(/^EXECABORT/);
    const [entry] = logOf(await admin.acl('LOG'));
    expect([entry!.context, entry!.object, entry!.reason]).toEqual(['multi', 'other', 'key']);
  });

  test('looks at rights again when it is executed', async () => {
    const server = await opened.server();
    const admin = connect(server);
    await admin.acl('SETUSER', 'u', 'on', 'nopass', '+multi', '+exec', '+incr', '+get', '~k');
    const redis = connect(server, 'u', 'x');
    await redis.multi({ pipeline: false });
    await redis.call('INCR', 'k');
    await redis.call('GET', 'k');
    await admin.acl('SETUSER', 'u', '-incr');
    const results = (await redis.call('EXEC')) as unknown[];
    expect(String(results[0])).toContain(
      'NOPERM ACLs rules changed between the moment the transaction was accumulated and the EXEC ' +
        'call. This command is no longer allowed for the following reason: no permission to execute ' +
        'the command or subcommand',
    );
    expect(results[1]).toBeNull();
    const [entry] = logOf(await admin.acl('LOG'));
    expect([entry!.context, entry!.object]).toEqual(['multi', 'incr']);
    expect(entry!['client-info']).toContain(' cmd=exec ');
  });
});

describe('when rights change', () => {
  test('a client that waits for a key is refused when the key comes', async () => {
    const server = await opened.server();
    const admin = connect(server);
    await admin.acl('SETUSER', 'u', 'on', 'nopass', '+@all', '~*');
    const waiting = connect(server, 'u', 'x');
    const reply = errorOf(waiting.blpop('l', 0));
    while (!/blocked_clients:1/.test(await admin.info('clients')));
    await admin.acl('SETUSER', 'u', 'resetkeys');
    await admin.lpush('l', 'x');
    expect(await reply).toBe('NOPERM No permissions to access a key');
    expect(await admin.llen('l')).toBe(1);
    expect(await admin.info('commandstats')).toMatch(
      /cmdstat_blpop:calls=0,usec=0,[^\r]*rejected_calls=1,failed_calls=0/,
    );
  });

  test('clients that listen to what they may not any more are disconnected', async () => {
    const server = await opened.server();
    const admin = connect(server);
    await admin.acl('SETUSER', 'u', 'on', 'nopass', '+@all', '&news', '&log.*');
    const one = connect(server, 'u', 'x');
    const other = connect(server, 'u', 'x');
    await one.subscribe('news');
    await other.psubscribe('log.*');
    const ended = new Promise((resolve) => one.once('close', resolve));
    await admin.acl('SETUSER', 'u', 'resetchannels', '&log.*', '&more');
    await ended;
    expect(await admin.publish('log.x', 'y')).toBe(1);
    expect(other.status).toBe('ready');
  });

  test('a user that is deleted takes its connections along, after the reply', async () => {
    const server = await opened.server();
    const admin = connect(server);
    await admin.acl('SETUSER', 'u', 'on', 'nopass', '+@all', '~*');
    const one = connect(server, 'u', 'x');
    const other = connect(server, 'u', 'x');
    await Promise.all([one.ping(), other.ping()]);
    const ended = [one, other].map(
      (redis) => new Promise((resolve) => redis.once('close', resolve)),
    );
    expect(await one.acl('DELUSER', 'u', 'nobody')).toBe(1);
    await Promise.all(ended);
    expect(await admin.acl('USERS')).toEqual(['default']);
    expect(await errorOf(admin.acl('DELUSER', 'default'))).toBe(
      "ERR The 'default' user cannot be removed",
    );
  });

  test('a rule that is wrong leaves the user as it was', async () => {
    const redis = connect(await opened.server());
    await redis.acl('SETUSER', 'u', 'on', '+get');
    expect(await errorOf(redis.acl('SETUSER', 'u', 'off', '+nosuch'))).toBe(
      "ERR Error in ACL SETUSER modifier '+nosuch': Unknown command or category name in ACL",
    );
    expect(await redis.acl('LIST')).toContain(
      'user u on sanitize-payload resetchannels -@all +get',
    );
  });
});

describe('SORT', () => {
  test('takes BY and GET of keys only from those who may read all keys', async () => {
    const server = await opened.server();
    const admin = connect(server);
    await admin.rpush('l', '2', '1');
    await admin.acl('SETUSER', 'u', 'on', 'nopass', '(+sort ~l ~w*)');
    const redis = connect(server, 'u', 'x');
    expect(await redis.sort('l')).toEqual(['1', '2']);
    expect(await errorOf(redis.sort('l', 'BY', 'w*'))).toBe(
      'ERR BY option of SORT denied due to insufficient ACL permissions.',
    );
    expect(await errorOf(redis.sort('l', 'BY', 'nosort', 'GET', 'w*'))).toBe(
      'ERR GET option of SORT denied due to insufficient ACL permissions.',
    );
    await admin.acl('SETUSER', 'u', '(+sort %R~*)');
    expect(await redis.sort('l', 'GET', '#')).toEqual(['1', '2']);
  });
});

describe('secrets', () => {
  test('are in neither the slow log nor MONITOR', async () => {
    const server = await opened.server({ 'slowlog-log-slower-than': 0 });
    const redis = connect(server);
    const monitor = await redis.monitor();
    opened.keep({ close: () => monitor.disconnect() });
    const seen: string[] = [];
    monitor.on('monitor', (_time: string, args: string[]) => seen.push(args.join(' ')));
    await redis.acl('SETUSER', 'u', 'on', '>TOPSECRET');
    await redis.auth('u', 'TOPSECRET').then(() => redis.auth('default', 'TOPSECRET'));
    await errorOf(redis.call('HELLO', '2', 'AUTH', 'nobody', 'TOPSECRET'));
    await redis.config('SET', 'requirepass', 'TOPSECRET', 'maxmemory-samples', '7');
    await redis.config('SET', 'requirepass', '');
    await redis.ping();
    const slow = JSON.stringify(await redis.slowlog('GET', 100));
    expect(slow).toContain('(redacted)');
    expect(slow).toContain('maxmemory-samples');
    expect(slow).not.toContain('TOPSECRET');
    expect(seen.join('\n')).not.toContain('TOPSECRET');
  });
});

describe('the ACL file', () => {
  async function withFile(text: string) {
    const dir = opened.folder();
    await writeFile(join(dir, 'users.acl'), text);
    const server = await opened.server({ dir, aclfile: 'users.acl' });
    return { server, file: join(dir, 'users.acl') };
  }

  test('holds the users that a server starts with', async () => {
    const { server } = await withFile('user alice on >secret +@all ~*\n');
    const alice = connect(server, 'alice', 'secret');
    expect(await alice.acl('USERS')).toEqual(['alice', 'default']);
    expect(await alice.acl('LIST')).toContain(
      'user default on nopass sanitize-payload ~* &* +@all',
    );
  });

  test('is written whole by ACL SAVE, without passwords', async () => {
    const { server, file } = await withFile('');
    const redis = connect(server);
    await redis.acl('SETUSER', 'u', 'on', '>secret', '(~a +get)');
    expect(await redis.acl('SAVE')).toBe('OK');
    expect(await readFile(file, 'latin1')).toBe(
      'user default on nopass sanitize-payload ~* &* +@all\n' +
        'user u on sanitize-payload #2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b ' +
        'resetchannels -@all (~a resetchannels -@all +get)\n',
    );
    expect((await stat(file)).mode & 0o777).toBe(0o644);
  });

  test('replaces all users when it is loaded, and ends their connections', async () => {
    const { server, file } = await withFile('user alice on nopass +@all ~* &*\n');
    const alice = connect(server, 'alice', 'x');
    const admin = connect(server);
    await Promise.all([alice.ping(), admin.acl('SETUSER', 'other')]);
    const ended = new Promise((resolve) => alice.once('close', resolve));
    await writeFile(file, 'user bob on nopass\nuser default on nopass ~* &* +@all -flushall\n');
    expect(await admin.acl('LOAD')).toBe('OK');
    await ended;
    expect(await admin.acl('USERS')).toEqual(['bob', 'default']);
    expect(await errorOf(admin.flushall())).toMatch(/^NOPERM/);
  });

  test('that is wrong changes nothing', async () => {
    const { server, file } = await withFile('user alice on nopass\n');
    const redis = connect(server);
    await writeFile(file, 'user bob on nopass\nuser bob off\nuser carl on nonsense\n');
    expect(await errorOf(redis.acl('LOAD'))).toBe(
      "ERR WARNING: Duplicate user 'bob' found on line 2. users.acl:3: Syntax error. WARNING: ACL " +
        'errors detected, no change to the previously active ACL rules was performed',
    );
    expect(await redis.acl('USERS')).toEqual(['alice', 'default']);
  });

  test('that is wrong or missing keeps a server from starting', async () => {
    const dir = opened.folder();
    const failure = createServer({ dir, aclfile: 'missing.acl' });
    await expect(failure).rejects.toThrow(ConfigError);
    await expect(failure).rejects.toThrow(
      "Error loading ACLs, opening file 'missing.acl': No such file or directory",
    );
  });

  test('is asked for by ACL LOAD and SAVE', async () => {
    const redis = connect(await opened.server());
    for (const subcommand of ['LOAD', 'SAVE'] as const) {
      expect(await errorOf(redis.call('ACL', subcommand))).toMatch(
        /^ERR This Redis instance is not configured to use an ACL file\./,
      );
    }
  });
});
