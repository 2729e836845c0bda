/**
 * Warming the just-in-time compiler up, once the server is ready and before it is busy.
 *
 * V8 interprets a function the first thousands of times and compiles it only then: a request costs
 * 20 µs at first and under 1 µs later, so the first pipelines of a busy client would make turns of
 * the event loop of 10 ms and more. Here a second server, without sockets or data of note, is sent
 * the common commands through a stream in memory, a pipeline per turn, has keys expire and snapshots
 * taken that go nowhere, until the shared code is compiled. Clients that come meanwhile wait a
 * millisecond at most, and three once: the first thread that is started loads parts of Node.js.
 * Otherwise they would wait for that when the first big collection is deleted (release-thread.ts).
 */
import { Duplex, Writable } from 'node:stream';
import { RELEASE_MIN, release } from '../datastructs/release.js';
import { ReleaseThread } from '../datastructs/release-thread.js';
import { FrameKind } from '../persistence/snapshot/frames.js';
import type { WorkerEvents, WorkerLauncher } from '../persistence/snapshot/worker-process.js';
import { RealClock } from '../server/clock.js';
import { Config } from '../server/config/config.js';
import { nodeFiles } from '../server/config/node-files.js';
import { Server } from '../server/server.js';
import { silentLog } from '../server/silent-log.js';

/** Pipelines sent, and requests of each. */
const PIPELINES = 300;
const DEPTH = 64;
/** When it begins, after those who waited for the start have had their answer; when it ends. */
const DELAY_MS = 50;
const LIMIT_MS = 800;
/** Values of this size make the arena open its second segment, which is code of its own. */
const BIG_VALUE = 'x'.repeat(4000);
const BIG_PER_PIPELINE = 4;
/** So many different keys. */
const KEYS = 1000;
/** A snapshot is begun every so many pipelines. */
const SNAPSHOT_EVERY = 40;

/** No process: takes what a snapshot's worker is sent, and says that all is well. */
const NOWHERE: WorkerLauncher = {
  launch(events: WorkerEvents) {
    const input = new Writable({
      write(frame: Buffer, _encoding, done) {
        if (frame.readInt32LE(0) === FrameKind.End) {
          setImmediate(() => events.onEnd({ answer: { bytes: 0 }, signal: 0 }));
        }
        done();
      },
    });
    setImmediate(() => events.onReady());
    return { pid: 0, input, kill() {} };
  },
  prepare() {},
  stop() {},
};

/** Begins by itself a little later. */
export function warmUp(): void {
  setTimeout(run, DELAY_MS).unref();
}

function run(): void {
  release(new Int32Array(RELEASE_MIN)); // its first call loads parts of Node
  // A configuration of its own: a CONFIG SET is for the real server alone.
  const config = new Config({ workingDirectory: process.cwd(), directories: nodeFiles() });
  const server = new Server({ config, clock: new RealClock(), log: silentLog, workers: NOWHERE });
  const stream = new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() });
  server.attach(stream);
  const end = performance.now() + LIMIT_MS;
  let sent = 0;
  const next = () => {
    if (sent === PIPELINES || performance.now() > end) {
      void server.stop();
      startThread();
      return;
    }
    stream.push(pipeline(sent++));
    server.upkeep.expireCycle.slow();
    setImmediate(next);
  };
  setImmediate(next);
}

/** It ends as soon as it has come up. */
function startThread(): void {
  const thread = new ReleaseThread();
  thread.start();
  thread.stop();
}

function pipeline(round: number): Buffer {
  let text = round % SNAPSHOT_EVERY === 0 ? request(['BGSAVE']) : '';
  for (let i = 0; i < BIG_PER_PIPELINE; i++) {
    text += request(['SET', `big:${round * BIG_PER_PIPELINE + i}`, BIG_VALUE]);
  }
  for (let i = 0; i < DEPTH; i++) {
    const key = `key:${String((round * 31 + i * 17) % KEYS).padStart(12, '0')}`;
    const value = `value:${round}`;
    const requests = [
      ['SET', key, value],
      ['GET', key],
      ['INCR', `counter:${i}`],
      ['PING'],
      ['MSET', key, value, `other:${i}`, value],
      ['DEL', key],
      ['SET', `soon:${i}:${round}`, value, 'PX', '5'],
      ['RPUSH', 'list', value],
      ['LPOP', 'list'],
      ['LPUSH', 'list', value],
      ['HSET', `hash:${i % 4}`, key, value],
      ['HGET', `hash:${i % 4}`, key],
      ['SADD', 'set', key],
      ['SISMEMBER', 'set', key],
      ['ZADD', 'zset', String(i * round), key],
      ['ZSCORE', 'zset', key],
    ];
    text += request(requests[i % requests.length]!);
  }
  return Buffer.from(text);
}

function request(words: readonly string[]): string {
  let text = `*${words.length}\r\n`;
  for (const word of words) text += `$${word.length}\r\n${word}\r\n`;
  return text;
}
