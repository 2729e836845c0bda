import { request as httpRequest } from 'node:http';
import { Redis } from 'ioredis';
import { afterEach, describe, expect, it } from 'vitest';
import { createServer, type RespdServer } from '../../src/index.js';
import { freePort } from '../support/programs.js';

let server: RespdServer;
let redis: Redis;

async function serve(options: Record<string, unknown> = {}): Promise<void> {
  server = await createServer({ 'http-port': await freePort(), ...options });
  redis = new Redis({
    port: server.port,
    password: options['requirepass'] as string | undefined,
    retryStrategy: null,
  });
}

afterEach(async () => {
  redis.disconnect();
  await server.close();
});

// biome-ignore lint/suspicious/noExplicitAny: what the tests say of it is the check
type Json = any;

interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  text: string;
}

/** One request; unlike fetch it may name any Host. */
function get(
  path: string,
  { headers = {}, method = 'GET', body = '' }: Partial<Request> = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const options = { port: server.httpPort, host: '127.0.0.1', path, headers, method };
    const request = httpRequest(options, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        resolve({ status: response.statusCode!, headers: response.headers, text });
      });
    });
    request.on('error', reject);
    request.end(body);
  });
}

interface Request {
  headers: Record<string, string>;
  method: string;
  body: string;
}

/** A browser as far as cookies go. */
class Visitor {
  private cookie = '';

  async ask(path: string, request: Partial<Request> = {}): Promise<Answer & { json: Json }> {
    const headers = { ...request.headers, ...(this.cookie ? { cookie: this.cookie } : {}) };
    const answer = await get(`/api/${path}`, { ...request, headers });
    const set = answer.headers['set-cookie']?.[0];
    if (set !== undefined) this.cookie = set.split(';')[0]!;
    return { ...answer, json: JSON.parse(answer.text) };
  }

  login(user: string, password: string) {
    return this.ask('login', { method: 'POST', body: JSON.stringify({ user, password }) });
  }
}

describe('/health', () => {
  it('says that the server serves', async () => {
    await serve();
    expect(await get('/health')).toMatchObject({ status: 200, text: '{"status":"ok"}' });
  });
});

describe('/metrics', () => {
  it('tells what INFO tells, under the names of the well-known exporter', async () => {
    await serve({ 'slowlog-log-slower-than': -1 }); // on a busy machine any command may be slow
    await redis.set('a', '1');
    await redis.set('b', '2', 'EX', 100);
    await redis.get('nothing');
    const { status, headers, text } = await get('/metrics');
    expect(status).toBe(200);
    expect(headers['content-type']).toContain('text/plain; version=0.0.4');
    const value = (name: string) => new RegExp(`^${name} (.*)$`, 'm').exec(text)?.[1];
    expect(value('redis_up')).toBe('1');
    expect(value('redis_keyspace_misses_total')).toBe('1');
    expect(value('redis_db_keys\\{db="db0"\\}')).toBe('2');
    expect(value('redis_db_keys\\{db="db15"\\}')).toBe('0');
    expect(value('redis_db_keys_expiring\\{db="db0"\\}')).toBe('1');
    expect(value('redis_commands_total\\{cmd="set"\\}')).toBe('2');
    expect(value('redis_memory_max_bytes')).toBe('0');
    expect(value('redis_slowlog_length')).toBe('0');
    expect(text).toMatch(/^# TYPE redis_commands_total counter$/m);
    expect(text).toMatch(/^redis_latency_percentiles_usec\{cmd="set",quantile="99"\} /m);
    expect(text).not.toContain('NaN');
  });

  it('asks for a password where the default user has one', async () => {
    await serve({ requirepass: 'secret' });
    const refused = await get('/metrics');
    expect(refused.status).toBe(401);
    expect(refused.headers['www-authenticate']).toContain('Basic');
    const basic = (text: string) => ({
      authorization: `Basic ${Buffer.from(text).toString('base64')}`,
    });
    expect((await get('/metrics', { headers: basic('default:wrong') })).status).toBe(401);
    expect((await get('/metrics', { headers: basic('default:secret') })).status).toBe(200);
  });

  it('obeys ACL', async () => {
    await serve();
    await redis.call('ACL', 'SETUSER', 'prom', 'on', '>pw', '+info');
    await redis.call('ACL', 'SETUSER', 'other', 'on', '>pw', '+get');
    const as = (user: string) => ({
      headers: { authorization: `Basic ${Buffer.from(`${user}:pw`).toString('base64')}` },
    });
    const { status, text } = await get('/metrics', as('prom'));
    expect(status).toBe(200);
    expect(text).toContain('redis_up 1');
    expect(text).not.toContain('redis_config_');
    expect((await get('/metrics', as('other'))).status).toBe(403);
  });

  it('leaves no connection behind', async () => {
    await serve();
    await get('/metrics');
    expect((await redis.client('LIST')) as string).not.toContain('respd-web');
  });
});

describe('what the page asks', () => {
  it('shows keys of all types with their values, byte for byte', async () => {
    await serve();
    const visitor = new Visitor();
    await redis.select(3);
    await redis.set('text', 'grüße');
    await redis.set(Buffer.from([0xff, 0]), Buffer.from([0xfe]));
    await redis.rpush('list', 'a', 'b');
    await redis.hset('hash', 'f', 'v');
    await redis.sadd('set', 'm');
    await redis.zadd('zset', 1.5, 'm');
    await redis.xadd('stream', '1-1', 'f', 'v');
    const { json } = await visitor.ask('keys?db=3&match=*');
    expect(json.cursor).toBe('0');
    const found = new Map<unknown, Json>(
      json.keys.map((key: Json) => [key.name.hex ?? key.name, key]),
    );
    expect([...found.keys()].sort()).toEqual(
      ['ff00', 'hash', 'list', 'set', 'stream', 'text', 'zset'].sort(),
    );
    const value = async (name: string) =>
      (await visitor.ask(`key?db=3&key=${found.get(name).key}`)).json;
    expect(await value('text')).toMatchObject({ type: 'string', rows: [['grüße']], length: 7 });
    expect(await value('ff00')).toMatchObject({ name: { hex: 'ff00' }, rows: [[{ hex: 'fe' }]] });
    expect(await value('list')).toMatchObject({
      rows: [
        ['0', 'a'],
        ['1', 'b'],
      ],
      next: '',
    });
    expect(await value('hash')).toMatchObject({ rows: [['f', 'v']], encoding: 'listpack' });
    expect(await value('set')).toMatchObject({ rows: [['m']] });
    expect(await value('zset')).toMatchObject({ rows: [['m', '1.5']] });
    expect(await value('stream')).toMatchObject({ rows: [['1-1', 'f: v']] });
  });

  it('shows a long value page by page', async () => {
    await serve();
    const visitor = new Visitor();
    const members = Array.from({ length: 250 }, (_, i) => `m${i}`);
    await redis.rpush('list', ...members);
    await redis.zadd('zset', ...members.flatMap((member, i) => [i, member]));
    await redis.set('string', 'é'.repeat(5000));
    const key = (name: string) => Buffer.from(name).toString('base64url');
    for (const name of ['list', 'zset']) {
      const seen: string[] = [];
      let cursor = '0';
      while (cursor !== '') {
        const { json } = await visitor.ask(`key?key=${key(name)}&cursor=${cursor}`);
        seen.push(...json.rows.map((row: string[]) => (name === 'list' ? row[1] : row[0])));
        cursor = json.next;
      }
      expect(seen).toEqual(members);
    }
    const { json } = await visitor.ask(`key?key=${key('string')}`);
    expect(json).toMatchObject({ length: 10000, rows: [['é'.repeat(2048)]] });
  });

  it('samples keys with their size', async () => {
    await serve();
    await redis.set('big', 'x'.repeat(10000));
    const { json } = await new Visitor().ask('sample?db=0');
    expect(json.keys).toMatchObject([{ name: 'big', type: 'string', frequency: null }]);
    expect(json.keys[0].bytes).toBeGreaterThan(10000);
  });

  it('tells figures, clients and the slow log', async () => {
    await serve({ 'slowlog-log-slower-than': 0 });
    const visitor = new Visitor();
    await redis.set('key', 'value');
    const { json: overview } = await visitor.ask('overview');
    expect(overview.info.server.redis_version).toMatch(/^7\./);
    const { json: clients } = await visitor.ask('clients');
    expect(clients.map((client: Json) => client['lib-name'])).toContain('respd-web');
    const { json: slow } = await visitor.ask('slowlog');
    expect(slow.map((entry: Json) => entry.command.join(' '))).toContain('set key value');
  });

  it('gives a file once to a browser that asks whether it has changed', async () => {
    await serve();
    const first = await get('/style.css');
    expect(first.status).toBe(200);
    const tag = String(first.headers['etag']);
    const again = await get('/style.css', { headers: { 'If-None-Match': tag } });
    expect([again.status, again.text]).toEqual([304, '']);
    const other = await get('/app.js', { headers: { 'If-None-Match': tag } });
    expect(other.status).toBe(200);
  });

  it('leaves the access clock of the keys it shows alone', async () => {
    await serve({ clock: 'manual' });
    await redis.set('key', 'value');
    server.advance(10_000);
    await new Visitor().ask(`key?key=${Buffer.from('key').toString('base64url')}`);
    expect(await redis.object('IDLETIME', 'key')).toBe(10);
  });

  it('answers 404 for a key that is not there and for an unknown question', async () => {
    await serve();
    expect((await new Visitor().ask('key?key=YQ')).status).toBe(404);
    expect((await new Visitor().ask('constructor')).status).toBe(404);
    expect((await new Visitor().ask('keys?db=99')).status).toBe(400);
  });
});

describe('who may look', () => {
  it('has to log in where the default user has a password', async () => {
    await serve({ requirepass: 'secret' });
    const visitor = new Visitor();
    expect((await visitor.ask('session')).json).toMatchObject({ needsLogin: true });
    expect((await visitor.ask('overview')).status).toBe(401);
    expect((await visitor.login('default', 'wrong')).status).toBe(401);
    expect((await visitor.login('', 'secret')).json).toMatchObject({ user: 'default' });
    expect((await visitor.ask('overview')).status).toBe(200);
    await visitor.ask('logout', { method: 'POST' });
    expect((await visitor.ask('overview')).status).toBe(401);
  });

  it('sees what ACL lets that user see', async () => {
    await serve();
    await redis.mset('mine:1', 'a', 'other', 'b');
    await redis.call('ACL', 'SETUSER', 'eve', 'on', '>pw', '~mine:*', '+@read', '+@connection');
    const visitor = new Visitor();
    expect((await visitor.login('eve', 'pw')).json).toMatchObject({ isLoggedIn: true });
    const key = (name: string) => visitor.ask(`key?key=${Buffer.from(name).toString('base64url')}`);
    expect((await key('mine:1')).json).toMatchObject({ rows: [['a']] });
    expect((await key('other')).status).toBe(403);
    expect((await visitor.ask('slowlog')).status).toBe(403);
  });

  it('must call the server by a name that is its own', async () => {
    await serve();
    const named = (host: string) => get('/', { headers: { host } });
    expect((await named('evil.example')).status).toBe(421);
    expect((await named(`localhost:${server.httpPort}`)).status).toBe(200);
    expect((await named('[::1]:80')).status).toBe(200);
  });

  it('may not be sent by a page of another site', async () => {
    await serve();
    const headers = { 'sec-fetch-site': 'cross-site' };
    const answer = await get('/api/login', { method: 'POST', headers, body: '{}' });
    expect(answer.status).toBe(403);
  });

  it('gets a clear error for what is no request of the page', async () => {
    await serve();
    expect((await get('/nothing')).status).toBe(404);
    expect((await get('/../package.json')).status).toBe(404);
    expect((await get('/', { method: 'DELETE' })).status).toBe(405);
    const login = (body: string) => get('/api/login', { method: 'POST', body });
    expect((await login('no json')).status).toBe(400);
    expect((await login('{"user":1}')).status).toBe(400);
    expect((await login('x'.repeat(5000))).status).toBe(413);
  });
});

describe('http-port', () => {
  it('is followed at run time', async () => {
    await serve();
    const before = server.httpPort;
    const after = await freePort();
    await redis.config('SET', 'http-port', String(after));
    expect(server.httpPort).toBe(after);
    expect((await get('/health')).status).toBe(200);
    await expect(fetch(`http://127.0.0.1:${before}/health`)).rejects.toThrow();
    await redis.config('SET', 'http-port', '0');
    expect(server.httpPort).toBe(0);
  });

  it('that is taken is refused', async () => {
    await serve();
    await expect(redis.config('SET', 'http-port', String(server.port))).rejects.toThrow(
      "Can't listen for HTTP",
    );
  });
});
