/**
 * Single sequences of requests, each for a bug that was found and mended or for a command that the
 * stream cannot send, held against a real redis-server like the stream itself: to the byte, but for what the
 * table of version differences excuses.
 *
 * A sequence is text, one request to a line; words with odd bytes stand in quotes, as in redis-cli
 * ("\xff", "\0"). Before each, both servers are empty.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { allCommands } from '../../src/commands/index.js';
import { createServer, type RespdServer } from '../../src/index.js';
import { parseInteger } from '../../src/text/int64.js';
import { splitArgs } from '../../src/text/quote.js';
import {
  describeWithRedis,
  type RealRedis,
  redisVersion,
  startRealRedis,
} from '../support/real-redis.js';
import { encodeCommand, type Received, RespClient } from '../support/resp-client.js';
import { FormTable, formsOf } from './forms.js';
import { latin1 } from './pools.js';
import { versionDifference } from './versions.js';

describeWithRedis('respd answers as Redis does', () => {
  const forms = new FormTable(formsOf(allCommands));
  const version = redisVersion() ?? '';
  let respd: RespdServer;
  let redis: RealRedis;
  let ours: RespClient;
  let theirs: RespClient;

  beforeAll(async () => {
    respd = await createServer({ port: 0, debugArena: true });
    redis = await startRealRedis();
  });

  afterAll(async () => {
    await respd?.close();
    await redis?.stop();
  });

  beforeEach(async () => {
    ours = await RespClient.connect(respd.port);
    theirs = await RespClient.connect(redis.port);
    await Promise.all([ours.send('FLUSHALL'), theirs.send('FLUSHALL')]);
    return () => {
      ours.close();
      theirs.close();
    };
  });

  /** Sends the requests in one write to each server, and holds their answers against each other. */
  async function expectSameAnswers(text: string): Promise<void> {
    const requests = parse(text);
    const [our, their] = await Promise.all([ours.pipeline(requests), theirs.pipeline(requests)]);
    const isExcused = (i: number) => {
      const [request, form] = [requests[i]!, forms.of(requests[i]!)];
      const exchange = { request, form, ours: our[i]!, theirs: their[i]!, previous: undefined };
      return versionDifference(exchange, version) !== undefined;
    };
    expect(our.map(shown)).toEqual(
      their.map((received, i) => shown(isExcused(i) ? our[i]! : received)),
    );
  }

  /** As above, where requests and answers are not as many. */
  async function expectSameReplies(text: string, count: number): Promise<void> {
    const requests = parse(text);
    const bytes = Buffer.concat(requests.map((words) => encodeCommand(words)));
    const [our, their] = await Promise.all([
      ours.request(bytes, count),
      theirs.request(bytes, count),
    ]);
    expect(our.map(shown)).toEqual(their.map(shown));
  }

  it('when a lone minus sign replaces an integer', async () => {
    await expectSameAnswers(`
      SET k 10775
      GETSET k -
      OBJECT ENCODING k
      INCRBY k 100
      SET k 10
      SET k -
      INCR k
    `);
  });

  it('when GETRANGE gets ends that a double cannot tell apart', async () => {
    await expectSameAnswers(`
      SET k hello
      GETRANGE k -9223372036854775807 -9223372036854775808
      GETRANGE k -9223372036854775808 -9223372036854775807
      GETRANGE k -9007199254740992 -9007199254740993
      GETRANGE k 9223372036854775806 9223372036854775807
    `);
  });

  it('when a key is empty, and KEYS asks for all', async () => {
    await expectSameAnswers('SET "" v\nKEYS *\nKEYS **\nKEYS ""\nSCAN 0 MATCH *\nSCAN 0 MATCH **');
  });

  it('when an expiry is the last instant there is', async () => {
    await expectSameAnswers(`
      SET k v
      PEXPIREAT k 9223372036854775807
      EXPIRETIME k
      PEXPIRETIME k
      PEXPIREAT k 9223372036854775807 GT
      PEXPIREAT k 9223372036854775806 LT
      PEXPIRETIME k
    `);
  });

  it('when words of CONFIG hold a NUL', async () => {
    await expectSameAnswers(String.raw`
      CONFIG SET "nosuch\x00directive" 1
      CONFIG SET notify-keyspace-events "KEA\x00junk"
      CONFIG SET notify-keyspace-events "\x00"
      CONFIG SET activerehashing "yes\x00no"
      CONFIG SET maxmemory-policy "noeviction\x00"
      CONFIG GET notify-keyspace-events
    `);
  });

  it('when keys expire by themselves', async () => {
    await expectSameAnswers('MSET a 1 b 2 c 3\nSET d 4 PX 40\nPEXPIRE a 40\nGETEX b PX 40');
    await sleep(120);
    await expectSameAnswers(`
      EXISTS a b c d
      MGET a b c d
      TTL a
      OBJECT ENCODING d
      RENAME a x
      KEYS *
      DBSIZE
      SET d 5 XX
      COPY b c REPLACE
      SETNX a new
      PTTL a
    `);
  });

  it('when a request that is no part of a transaction is refused inside of it', async () => {
    await expectSameAnswers('MULTI\nMULTI x\nSET k 1\nEXEC\nGET k');
    await expectSameAnswers('MULTI\nMULTI\nSET k 1\nEXEC\nGET k');
    await expectSameAnswers('MULTI\nSET k 2\nDISCARD x\nEXEC\nGET k');
  });

  it('when EXEC is refused, which ends the transaction and the watching', async () => {
    await expectSameAnswers('WATCH k\nSET k 1\nEXEC x\nMULTI\nGET k\nEXEC');
    await expectSameAnswers('MULTI\nSET k 2\nEXEC x\nGET k\nEXEC');
  });

  it('to CLIENT REPLY, which leaves requests without answers', async () => {
    await expectSameReplies('CLIENT REPLY OFF\nSET k 1\nCLIENT REPLY ON\nGET k', 2);
    await expectSameReplies('CLIENT REPLY SKIP\nSET k 2\nGET k', 1);
    await expectSameReplies('CLIENT REPLY SKIP\nCLIENT REPLY SKIP\nSET k 3\nGET k', 1);
    await expectSameReplies(
      'CLIENT REPLY OFF\nCLIENT REPLY SKIP\nGET k\nCLIENT REPLY ON\nGET k',
      2,
    );
    await expectSameAnswers('CLIENT REPLY MAYBE\nCLIENT REPLY\nPING');
  });

  it('to wrong forms of CLIENT KILL', async () => {
    await expectSameAnswers(`
      CLIENT KILL
      CLIENT KILL 000.123.321.567:0000
      CLIENT KILL 127.0.0.1
      CLIENT KILL ID
      CLIENT KILL ID abc
      CLIENT KILL ID 0
      CLIENT KILL ID -1
      CLIENT KILL ID 99999999 TYPE normal
      CLIENT KILL TYPE nosuch
      CLIENT KILL TYPE pubsub
      CLIENT KILL TYPE replica SKIPME no
      CLIENT KILL USER nobody
      CLIENT KILL ADDR 1.2.3.4:5 LADDR 1.2.3.4:5
      CLIENT KILL SKIPME maybe
      CLIENT KILL ID 99999999 NOSUCH x
      CLIENT KILL ID 99999999 ADDR
    `);
  });

  it('to wrong forms of CLIENT PAUSE', async () => {
    await expectSameAnswers(`
      CLIENT PAUSE
      CLIENT PAUSE abc
      CLIENT PAUSE -1
      CLIENT PAUSE 9223372036854775807
      CLIENT PAUSE 1 NOSUCH
      CLIENT PAUSE 0 WRITE
      CLIENT UNPAUSE
      PING
    `);
  });
});

it('A lone minus sign is no integer, whatever byte stands behind it', () => {
  expect(parseInteger(latin1('-0'), 0, 1)).toBeNaN();
  expect(parseInteger(latin1('-5'), 0, 1)).toBeNaN();
});

function shown({ raw }: Received): string {
  return raw.toString('latin1');
}

function parse(text: string): Buffer[][] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .map((line) => splitArgs(latin1(line))!.map((word) => Buffer.from(word)));
}
