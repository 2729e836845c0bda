/**
 * What is propagated: the same stream of commands goes to respd and to a real redis-server, and then
 * the commands in the append-only files of both must be the same, one for one.
 *
 *     stream -> respd        -> appendonly.aof.1.incr.aof -> *3 SET k v … -> the same?
 *            -> redis-server -> appendonly.aof.1.incr.aof -> *3 SET k v … ---^
 *
 * Compared loosely:
 *
 *     instants (numbers of 13 digits on)   may be some seconds apart: each server has its clock
 *     keys that were due                  a DEL more or less of a key that both agree is gone: which
 *                                         command met it first hangs on the millisecond
 *
 * Beside a Redis 7.0, whose digests have other digits of doubles, our data are compared with themselves,
 * before and after the log was loaded.
 *
 * PROP_SEED and PROP_COUNT choose another stream.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { allCommands } from '../../src/commands/index.js';
import { createServer, type RespdServer } from '../../src/index.js';
import { readCommands } from '../support/aof-file.js';
import {
  describeWithRedis,
  type RealRedis,
  redisVersion,
  startRealRedis,
} from '../support/real-redis.js';
import { RespClient, showReply } from '../support/resp-client.js';
import { type Form, formsOf, isSince } from './forms.js';
import { runStream } from './stream.js';

const SEEDS = process.env.PROP_SEED ? [Number(process.env.PROP_SEED)] : [1, 2, 3, 20_231_121];
const COUNT = Number(process.env.PROP_COUNT || 10_000);
const TIMEOUT_MS = 300_000;
const LIMITS = { 'proto-max-bulk-len': '2mb', 'enable-debug-command': 'yes' } as const;
const LOG = {
  appendonly: 'yes',
  appendfsync: 'no',
  'auto-aof-rewrite-percentage': 0,
  save: '',
} as const;
/** What is sent beside commands that write. */
const OTHERS = new Set(
  'multi exec discard watch unwatch select scan get exists pfcount publish'.split(' '),
);
/** How far two clocks and two turns may be apart, in ms. */
const CLOCKS_APART_MS = 60_000;
const DATABASES = 16;
const INSTANT = /^\d{13,19}$/;
/** … and IDs of stream entries that the server gives. */
const GIVEN_ID = /^\d{13}-\d+$/;

describeWithRedis('the append-only file beside that of a real redis-server', () => {
  const forms = formsOf(allCommands);
  const sends = ({ name, spec }: Form) =>
    OTHERS.has(name) || (spec.flags.includes('write') && spec.group !== 'scripting');
  let dir: string;
  let respd: RespdServer;
  let redis: RealRedis;

  beforeEach(async () => {
    dir = mkdtempSync(join(tmpdir(), 'respd-propagation-'));
    respd = await createServer({ port: 0, dir, ...LIMITS, ...LOG });
    const options = Object.entries({ ...LIMITS, ...LOG });
    redis = await startRealRedis(options.flatMap(([k, v]) => [`--${k}`, String(v)]));
    for (const { port } of [respd, redis]) await keepDueKeys(port);
  });

  afterEach(async () => {
    await respd?.close();
    await redis?.stop();
    rmSync(dir, { recursive: true, force: true });
  });

  it.each(SEEDS)(
    'holds the same commands (seed %i)',
    async (seed) => {
      const ports = { oursPort: respd.port, theirsPort: redis.port };
      const version = redisVersion()!;
      await runStream({ seed, count: COUNT, ...ports, version, forms, sends });
      const ours = commandsOf(dir);
      const theirs = commandsOf(redis.dir);
      const isOld = !isSince(version, '7.2');
      const told = isOld ? [ours.map(plain), theirs.map(plain)] : [ours, theirs];
      expect(firstDifference(told[0]!, told[1]!)).toBeUndefined();
      expect(ours.length).toBeGreaterThan(COUNT / 20);
      const before = await digests(respd.port);
      if (!isOld) expect(await digests(redis.port)).toEqual(before);
      await reload(respd.port);
      expect(await digests(respd.port)).toEqual(before);
    },
    TIMEOUT_MS,
  );

  it('holds the same commands of those that are sent seldom, or that wait', async () => {
    const isOld = !isSince(redisVersion()!, '7.2');
    const both = [await RespClient.connect(respd.port), await RespClient.connect(redis.port)];
    const waiting = [await RespClient.connect(respd.port), await RespClient.connect(redis.port)];
    for (const request of SELDOM.split(/[|\n]/)) {
      const words = request.trim();
      if (words === '' || (isOld && TOLD_SINCE_72.has(words))) continue;
      await tellBoth(both, ...words.split(' '));
    }
    await tellBoth(both, 'SET', 'd', 'value');
    const dump = await both[1]!.send('DUMP', 'd');
    const payload = dump.kind === 'bulk' ? dump.bytes : Buffer.alloc(0);
    for (const rest of [
      '0',
      '100000',
      '1000 REPLACE',
      '99999999999999 REPLACE ABSTTL',
      '1 REPLACE ABSTTL',
    ]) {
      const [ttl, ...options] = rest.split(' ');
      await tellBoth(both, 'RESTORE', 'd2', ttl!, payload, ...options);
    }
    for (const request of ['BLPOP wait 0', 'BZPOPMAX wait2 0', 'BLMOVE wait3 wait LEFT LEFT 0']) {
      for (const client of waiting) client.write(...request.split(' '));
      await tellBoth(both, 'PING');
      await tellBoth(both, 'MULTI');
      await tellBoth(
        both,
        request.startsWith('BZ') ? 'ZADD' : 'RPUSH',
        request.split(' ')[1]!,
        '1',
        '2',
      );
      await tellBoth(both, 'SET', 'x', '1');
      await tellBoth(both, 'EXEC');
      for (const client of waiting) await client.exchange(['PING']);
    }
    for (const client of [...both, ...waiting]) client.close();
    const [ours, theirs] = [commandsOf(dir).map(plain), commandsOf(redis.dir).map(plain)];
    expect(firstDifference(ours, theirs)).toBeUndefined();
  });
});

/** Commands that the stream seldom sends with success, or not at all. */
const SELDOM = `
  XADD s 1-1 a 1|XADD s 2-1 a 1|XADD s 3-1 a 1|XADD s 4-1 a 1|XADD s * a 1|XADD s 5000000000000-* a 1
  XADD s MAXLEN ~ 4 6000000000000-1 a 1|XADD s NOMKSTREAM MINID = 2 6000000000001 a 1
  XGROUP CREATE s g 0|XGROUP CREATE s2 g $ MKSTREAM|XREADGROUP GROUP g c COUNT 2 STREAMS s >
  XREADGROUP GROUP g c STREAMS s 0|XREADGROUP GROUP g c COUNT 1 NOACK STREAMS s >
  XREADGROUP GROUP g new STREAMS s2 >|XREADGROUP GROUP g c NOACK STREAMS s2 >|XGROUP CREATECONSUMER s g d
  XGROUP CREATECONSUMER s g d|XCLAIM s g d 0 2-1|XCLAIM s g d 0 2-1 JUSTID|XCLAIM s g d 0 3-1 LASTID 9-9
  XCLAIM s g d 0 9-1 FORCE|XCLAIM s g d 99999999 2-1|XAUTOCLAIM s g e 0 0|XAUTOCLAIM s g e 0 0 JUSTID
  XDEL s 2-1|XAUTOCLAIM s g c 0 0|XACK s g 2-1|XACK s g 3-1|XGROUP DELCONSUMER s g c|XGROUP SETID s g 0
  XGROUP SETID s g 0 ENTRIESREAD 3|XTRIM s MAXLEN 2|XTRIM s MAXLEN ~ 0|XSETID s 7000000000000-9
  XGROUP DESTROY s g|XGROUP DESTROY s g
  SADD set a|SPOP set|SADD set a b|SPOP set 2|SADD set a|SPOP set 5|SPOP none|SPOP none 2
  SADD set a b c d e f|SPOP set 0|SMOVE set set2 a|SMOVE set set2 none|SREM set none
  SET k v|GETDEL k|GETDEL k|SET k v|GETEX k EX 100|GETEX k PERSIST|GETEX k PERSIST|GETEX k|GETEX k PXAT 1
  SET k v|GETEX k EXAT 99999999999|SET k 1 GET|SET k 1 XX GET EX 100|SET k 1 NX|SET k 2 KEEPTTL
  SETEX k 100 v|PSETEX k 100000 v|GETSET k v2|SET k v EXAT 99999999999|SET k v PXAT 1|INCRBYFLOAT f 1.5
  EXPIRE f 100|EXPIRE f 100 NX|EXPIRE f 200 GT|PEXPIREAT f 99999999999999|PERSIST f|PERSIST f|EXPIREAT f 1
  SET k 10|DECR k|APPEND k 1|SETRANGE k 1 x|SETBIT b 3 0|SETBIT b 3 1|BITFIELD b SET u8 0 1 INCRBY u8 0 1
  BITFIELD b GET u8 0|LCS k b|RENAME k k2|RENAMENX k2 f2|COPY f2 f3|COPY f2 f3|MOVE f3 5|UNLINK f2
  HSET h a 1|HSET h a 1|HINCRBYFLOAT h a 1.5|HINCRBY h a2 1|HDEL h a a2|HMSET h a 1|HSETNX h a 2
  RPUSH l a b c d e f g h i j|LMPOP 1 l LEFT COUNT 2|BLMPOP 1 1 l RIGHT|BLPOP none l 1|BRPOP l none 1
  BLMOVE l l2 LEFT RIGHT 1|BRPOPLPUSH l l2 1|LMOVE l l LEFT RIGHT|RPOPLPUSH l l|LREM l2 0 none
  LREM l2 0 c|LINSERT l BEFORE none x|LINSERT l AFTER e x|LSET l 0 y|LTRIM l 0 -1|LPUSHX none x
  BLPOP none 0.01|BLMOVE none l LEFT LEFT 0.01|SORT l ALPHA STORE dst|SORT none STORE dst|LPOP l 0
  ZADD z 1 a 2 b 3 c 4 d 5 e 6 f 7 g|ZMPOP 1 z MIN COUNT 2|BZMPOP 1 1 z MAX|BZPOPMIN z 1|BZPOPMAX none z 1
  ZPOPMIN z|ZPOPMAX none|ZADD z 1 a|ZADD z 1 a|ZINCRBY z 0 a|ZINCRBY z 1 a|ZADD z INCR 1 a|ZADD z GT 0 a
  ZREMRANGEBYRANK z 5 6|ZRANGESTORE zd z 0 -1|ZRANGESTORE zd none 0 -1|ZUNIONSTORE zd 1 z|ZDIFFSTORE zd 1 none
  PFADD p a|PFADD p a|PFMERGE p2 p|PFCOUNT p|PFCOUNT p|PFCOUNT p p2|BITOP NOT b2 b|BITOP AND b2 none
  GEOADD g 1 1 m|GEOADD g 1 1 m|GEOADD g XX 1 1 n|GEORADIUS g 1 1 10 km STORE gs
  GEORADIUSBYMEMBER g m 10 km STOREDIST gs|GEOSEARCHSTORE gs g FROMMEMBER m BYRADIUS 1 km|GEORADIUS g 9 9 1 km STORE gs
  MULTI|SET a 1|GET a|EXEC|MULTI|SET a 1|SPOP none|INCR a|SELECT 3|SET a 9|EXEC|SET a 1|SELECT 0|MULTI|GET a|EXEC
  MSETNX a 1 q 2|MSETNX q 1 q2 2|SETNX a 1|SINTERSTORE dst set set2|SUNIONSTORE dst set|SWAPDB 0 1|SWAPDB 0 1
  FLUSHDB|FLUSHDB SYNC|FLUSHALL ASYNC|SET end 1
`;

/** … and what Redis 7.0 does otherwise with them: it has this consumer created by no command. */
const TOLD_SINCE_72 = new Set(['XREADGROUP GROUP g c NOACK STREAMS s2 >']);

/** The digest of each key that is not due. */
async function digests(port: number): Promise<ReadonlyMap<string, string>> {
  const client = await RespClient.connect(port);
  const found = new Map<string, string>();
  for (let db = 0; db < DATABASES; db++) {
    await client.send('SELECT', db);
    const keys = await client.send('KEYS', '*');
    for (const key of keys.kind === 'array' ? keys.items : []) {
      if (key.kind !== 'bulk') continue;
      const digest = await client.send('DEBUG', 'DIGEST-VALUE', key.bytes);
      found.set(`${db} ${key.bytes.toString('latin1')}`, showReply(digest));
    }
  }
  client.close();
  return found;
}

/** Has keys that are due removed when a command comes across them, and not before. */
async function keepDueKeys(port: number): Promise<void> {
  const client = await RespClient.connect(port);
  expect(showReply(await client.send('DEBUG', 'SET-ACTIVE-EXPIRE', 0))).toBe('+OK');
  client.close();
}

/** Has a server's data replaced by what its log brings. */
async function reload(port: number): Promise<void> {
  const client = await RespClient.connect(port);
  expect(showReply(await client.send('DEBUG', 'LOADAOF'))).toBe('+OK');
  client.close();
}

/** Sends the same to both, one after the other; answers may differ. */
async function tellBoth(clients: readonly RespClient[], ...words: (string | Buffer)[]) {
  for (const client of clients) await client.send(...words);
}

type Command = readonly string[];

/** The commands in the incr files of a server's working folder. */
function commandsOf(workingDir: string): Command[] {
  const folder = join(workingDir, 'appendonlydir');
  const names = readdirSync(folder).filter((name) => name.endsWith('.incr.aof'));
  return names.sort().flatMap((name) => {
    const { commands } = readCommands(readFileSync(join(folder, name)));
    return commands.map((words) => words.map((word) => word.toString('latin1')));
  });
}

/**
 * SET … NX GET PXAT is told as it was sent; Redis 7.0 leaves all away but the last time, and has
 * LMOVE's ends in small letters.
 */
function plain(command: Command): Command {
  if (command[0] === 'LMOVE') return command.map((word, i) => (i > 2 ? word.toUpperCase() : word));
  if (!/^set$/i.test(command[0]!) || !command.some((word) => /^pxat$/i.test(word))) return command;
  const time = command[command.findLastIndex((word) => /^pxat$/i.test(word)) + 1]!;
  return ['SET', ...command.slice(1, 3), 'PXAT', time];
}

/**
 * Each command with its database behind it, and no SELECT: which command one stands before depends on
 * the moment when a key that was due is removed.
 */
function located(commands: readonly Command[]): Command[] {
  let db = '0';
  const all: Command[] = [];
  for (const command of commands) {
    if (/^select$/i.test(command[0]!)) db = command[1]!;
    else all.push(/^(multi|exec)$/i.test(command[0]!) ? command : [...command, `[${db}]`]);
  }
  return all;
}

/** Where the two part, with what is around it. */
function firstDifference(
  told: readonly Command[],
  toldThere: readonly Command[],
): string | undefined {
  const ours = located(told);
  const theirs = located(toldThere);
  let i = 0;
  let k = 0;
  while (i < ours.length || k < theirs.length) {
    if (alike(ours[i], theirs[k])) {
      i++;
      k++;
    } else if (isRemoval(ours[i])) i++;
    else if (isRemoval(theirs[k])) k++;
    else {
      const around = (all: readonly Command[], at: number) =>
        all.slice(Math.max(0, at - 6), at + 4).map((words) => words.join(' ').slice(0, 300));
      return ['ours:', ...around(ours, i), 'theirs:', ...around(theirs, k)].join('\n  ');
    }
  }
  return undefined;
}

/** What may come of a key that was due. */
function isRemoval(command: Command | undefined): boolean {
  return command !== undefined && /^(DEL|UNLINK)$/.test(command[0]!) && command.length === 3;
}

function alike(a: Command | undefined, b: Command | undefined): boolean {
  if (a === undefined || b === undefined || a.length !== b.length) return false;
  return a.every((word, i) => word === b[i] || isNear(word, b[i]!));
}

function isNear(a: string, b: string): boolean {
  const areInstants = INSTANT.test(a) && INSTANT.test(b);
  if (!areInstants && !(GIVEN_ID.test(a) && GIVEN_ID.test(b))) return false;
  return Math.abs(Number.parseInt(a, 10) - Number.parseInt(b, 10)) < CLOCKS_APART_MS;
}
