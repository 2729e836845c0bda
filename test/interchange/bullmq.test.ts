/**
 * Queues of the package bullmq on respd: what it does, it does by some fifty Lua scripts that call each
 * other's parts, pack their arguments with cmsgpack and keep jobs in hashes, lists, sorted sets and
 * streams. The same on a real redis-server tells a change of bullmq from a fault of respd.
 *
 * Each test waits for what a queue says of its jobs, and for no time to pass.
 */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createServer } from '../../src/index.js';
import { describeWithRedis, startRealRedis } from '../support/real-redis.js';

// The native part of what bullmq packs its messages with is not installed.
process.env.MSGPACKR_NATIVE_ACCELERATION_DISABLED = 'true';

type Bullmq = typeof import('bullmq');
type Job = import('bullmq').Job;
type Processor = import('bullmq').Processor;
type WorkerOptions = Partial<import('bullmq').WorkerOptions>;

interface Target {
  readonly port: number;
  close(): Promise<void>;
}

function queueTests(start: () => Promise<Target>): void {
  let bullmq: Bullmq;
  let target: Target;
  let queue: import('bullmq').Queue;
  let events: import('bullmq').QueueEvents;
  let connection: { host: string; port: number };
  let queueCount = 0;
  const opened: { close(): Promise<unknown> }[] = [];

  beforeAll(async () => {
    bullmq = await import('bullmq');
    target = await start();
    connection = { host: '127.0.0.1', port: target.port };
  });

  afterAll(() => target?.close());

  beforeEach(async () => {
    const name = `queue-${++queueCount}`;
    queue = new bullmq.Queue(name, { connection });
    events = new bullmq.QueueEvents(name, { connection });
    opened.push(queue, events);
    await events.waitUntilReady();
  });

  afterEach(async () => {
    await Promise.all(opened.splice(0).map((each) => each.close()));
  });

  function work(processor: Processor, options: WorkerOptions = {}) {
    const worker = new bullmq.Worker(queue.name, processor, { connection, ...options });
    // Errors of connections that are closed while they wait.
    worker.on('error', () => {});
    opened.push(worker);
    return worker;
  }

  /** Resolves when so many jobs were done. */
  function done(worker: ReturnType<typeof work>, count: number): Promise<Job[]> {
    const jobs: Job[] = [];
    return new Promise((resolve) => {
      worker.on('completed', (job) => {
        jobs.push(job);
        if (jobs.length === count) resolve(jobs);
      });
    });
  }

  it('does a job, and gives its result back', async () => {
    const job = await queue.add('sum', { a: 1, b: 2, text: 'é\0"' });
    expect(await job.getState()).toBe('waiting');
    work(async ({ data }) => ({ sum: data.a + data.b, text: data.text }));
    expect(await job.waitUntilFinished(events)).toEqual({ sum: 3, text: 'é\0"' });
    expect(await job.getState()).toBe('completed');
    expect(await queue.getJobCounts('waiting', 'active', 'completed', 'failed')).toEqual({
      waiting: 0,
      active: 0,
      completed: 1,
      failed: 0,
    });
  });

  it('does jobs in order, those with priority first', async () => {
    await queue.addBulk([
      { name: 'c', data: {}, opts: { priority: 2 } },
      { name: 'd', data: {}, opts: { priority: 3 } },
      { name: 'a', data: {} },
      { name: 'b', data: {} },
    ]);
    const worker = work(async () => undefined);
    const names = (await done(worker, 4)).map(({ name }) => name);
    expect(names).toEqual(['a', 'b', 'c', 'd']);
  });

  it('does a delayed job not before its time', async () => {
    const job = await queue.add('later', {}, { delay: 150 });
    expect(await job.getState()).toBe('delayed');
    const worker = work(async () => 'done');
    const [finished] = await done(worker, 1);
    expect(finished?.processedOn).toBeGreaterThanOrEqual(job.timestamp + 150);
    expect(await job.getState()).toBe('completed');
  });

  it('repeats a job as often as it is told to', async () => {
    const numbers: unknown[] = [];
    const worker = work(async (job) => {
      numbers.push(job.repeatJobKey);
    });
    const all = done(worker, 3);
    await queue.upsertJobScheduler('tick', { every: 50, limit: 3 }, { name: 'tick' });
    await all;
    expect(numbers).toEqual(['tick', 'tick', 'tick']);
    await queue.removeJobScheduler('tick');
    expect(await queue.getJobSchedulersCount()).toBe(0);
  });

  it('tries a job that fails again, and keeps it with its reason', async () => {
    let attempts = 0;
    work(async () => {
      throw new Error(`attempt ${++attempts}`);
    });
    const job = await queue.add('bad', {}, { attempts: 3, backoff: { type: 'fixed', delay: 10 } });
    await expect(job.waitUntilFinished(events)).rejects.toThrow('attempt 3');
    const [failed] = await queue.getFailed();
    expect([failed?.id, failed?.attemptsMade, failed?.failedReason]).toEqual([
      job.id,
      3,
      'attempt 3',
    ]);
  });

  it('does a failed job when it is retried', async () => {
    let isBroken = true;
    work(async () => {
      if (isBroken) throw new Error('broken');
      return 'mended';
    });
    const job = await queue.add('bad', {});
    await expect(job.waitUntilFinished(events)).rejects.toThrow('broken');
    isBroken = false;
    const [failed] = await queue.getFailed();
    const completed = new Promise((resolve) => events.once('completed', resolve));
    await failed?.retry();
    await completed;
    expect(await job.getState()).toBe('completed');
  });

  it('holds jobs back while the queue is paused', async () => {
    await queue.pause();
    const job = await queue.add('held', {});
    const worker = work(async () => 'done');
    await worker.waitUntilReady();
    expect(await queue.isPaused()).toBe(true);
    expect(await job.isWaiting()).toBe(true);
    await queue.resume();
    expect(await job.waitUntilFinished(events)).toBe('done');
  });

  it('does a parent when all its children are done', async () => {
    const flow = new bullmq.FlowProducer({ connection });
    opened.push(flow);
    const child = (n: number) => ({ name: 'child', queueName: queue.name, data: { n } });
    work(async (job) => {
      if (job.name === 'child') return job.data.n * 10;
      const values = Object.values(await job.getChildrenValues());
      return values.reduce((sum, value) => sum + value, 0);
    });
    const { job } = await flow.add({
      name: 'parent',
      queueName: queue.name,
      children: [child(1), child(2), child(3)],
    });
    expect(await job.waitUntilFinished(events)).toBe(60);
  });

  it('does many jobs at once, within a limit of jobs per time', async () => {
    const worker = work(async (job) => job.data.n, {
      concurrency: 10,
      limiter: { max: 50, duration: 100 },
    });
    const all = done(worker, 120);
    await queue.addBulk(Array.from({ length: 120 }, (_, n) => ({ name: 'n', data: { n } })));
    const jobs = await all;
    expect(new Set(jobs.map(({ returnvalue }) => returnvalue)).size).toBe(120);
  });

  it('keeps only as many finished jobs as it is told to', async () => {
    const worker = work(async () => undefined);
    const all = done(worker, 10);
    const opts = { removeOnComplete: 3 };
    await queue.addBulk(Array.from({ length: 10 }, () => ({ name: 'n', data: {}, opts })));
    await all;
    expect(await queue.getCompletedCount()).toBe(3);
    await queue.obliterate({ force: true });
    expect(await queue.getCompletedCount()).toBe(0);
  });

  it('reports progress, and keeps what a job logs', async () => {
    work(async (job) => {
      await job.updateProgress(50);
      await job.log('half');
      await job.updateData({ ...job.data, seen: true });
    });
    const progress = new Promise((resolve) => events.once('progress', ({ data }) => resolve(data)));
    const job = await queue.add('long', { n: 1 });
    expect(await progress).toBe(50);
    await job.waitUntilFinished(events);
    expect((await queue.getJobLogs(job.id!)).logs).toEqual(['half']);
    expect((await queue.getJob(job.id!))?.data).toEqual({ n: 1, seen: true });
  });
}

describe('queues of bullmq on respd', () => {
  queueTests(() => createServer({ port: 0 }));
});

describeWithRedis('queues of bullmq on redis-server', () => {
  queueTests(async () => {
    const redis = await startRealRedis();
    return { port: redis.port, close: () => redis.stop() };
  });
});
