/** How a server ends: what is done about the data, and when it does not end. */
import { beforeEach, describe, expect, test } from 'vitest';
import type { BlockReason, Client } from '../../../src/server/api/client.js';
import type { ShutdownOptions } from '../../../src/server/api/server.js';
import { type BackgroundWork, ServerLifecycle } from '../../../src/server/lifecycle.js';
import { silentLog } from '../../../src/server/silent-log.js';

/** What has happened, in order: the log's lines, and what was done. */
let story: string[];
let work: BackgroundWork | undefined;
let hasSavePoints: boolean;
let canSave: boolean;
let isLoading: boolean;
let isCronPaused: boolean;
let isBusy: boolean;
let lifecycle: ServerLifecycle;

beforeEach(() => {
  story = [];
  work = undefined;
  hasSavePoints = false;
  canSave = true;
  isLoading = false;
  isCronPaused = false;
  isBusy = false;
  const note = (line: string) => void story.push(line);
  lifecycle = new ServerLifecycle({
    data: {
      get work() {
        return work;
      },
      endWork: () => note('(ends work)'),
      get hasSavePoints() {
        return hasSavePoints;
      },
      async save() {
        note('(saves)');
        return canSave;
      },
      abandonSave: () => note('(abandons)'),
    },
    log: { ...silentLog, notice: note, warning: note },
    isLoading: () => isLoading,
    isBusy: () => isBusy,
    isCronPaused: () => isCronPaused,
    setFrozen: (isFrozen) => note(isFrozen ? '(freezes)' : '(thaws)'),
    stop: async () => note('(stops)'),
  });
});

/** Ends it, and tells what has happened. */
async function end(options: Partial<ShutdownOptions> = {}): Promise<string[]> {
  await lifecycle.end({ now: false, force: false, ...options });
  return story;
}

/** A client that takes note of its reply. */
function client(): { client: Client; reply: () => string } {
  let text = '';
  let waits: BlockReason | undefined;
  const stub = {
    block(reason: BlockReason) {
      waits = reason;
    },
    unblock(write: (reply: { ok(): void; error(e: string): void }) => void) {
      expect(waits).toBeDefined();
      write({ ok: () => (text = 'OK'), error: (e) => (text = e) });
    },
  };
  return { client: stub as unknown as Client, reply: () => text };
}

const turn = () => new Promise((next) => setImmediate(next));
const REQUESTED = 'User requested shutdown...';
const SAVING = 'Saving the final RDB snapshot before exiting.';
const ERRORS = 'Errors trying to shut down the server. Check the logs for more information.';

describe('A server that is to end', () => {
  test('saves if there are save points, while clients wait', async () => {
    hasSavePoints = true;
    expect(await end()).toEqual([REQUESTED, SAVING, '(freezes)', '(saves)', '(stops)']);
  });

  test('does not save without save points', async () => {
    expect(await end()).toEqual([REQUESTED, '(stops)']);
  });

  test('saves without save points if it is told to', async () => {
    expect(await end({ save: true })).toContain('(saves)');
  });

  test('does not save when it is told not to', async () => {
    hasSavePoints = true;
    expect(await end({ save: false })).toEqual([REQUESTED, '(stops)']);
  });

  test('does not save half of the data: while they are loaded, it never does', async () => {
    hasSavePoints = true;
    isLoading = true;
    expect(await end({ save: true })).toEqual([REQUESTED, '(stops)']);
  });

  test('goes on if it can not save', async () => {
    hasSavePoints = true;
    canSave = false;
    expect((await end()).slice(4)).toEqual([
      "Error trying to save the DB, can't exit.",
      '(thaws)',
      ERRORS,
    ]);
    story = [];
    canSave = true;
    expect(await end()).toContain('(stops)');
  });

  test('ends without saving if it is forced to', async () => {
    hasSavePoints = true;
    canSave = false;
    expect((await end({ force: true })).slice(4)).toEqual([
      'Error trying to save the DB. Exit anyway.',
      '(stops)',
    ]);
  });

  test('ends what is being saved in the background', async () => {
    work = 'snapshot';
    expect((await end()).slice(1, 3)).toEqual([
      'There is a child saving an .rdb. Killing it!',
      '(ends work)',
    ]);
  });

  test('ends a rewrite, for the log as it is has all there is', async () => {
    work = 'rewrite';
    expect((await end()).slice(1, 3)).toEqual([
      'There is a child rewriting the AOF. Killing it!',
      '(ends work)',
    ]);
  });

  test('goes on if the log has not got its first base, unless it is forced', async () => {
    work = 'first base';
    expect(await end()).toEqual([REQUESTED, "Writing initial AOF, can't exit.", ERRORS]);
    story = [];
    expect((await end({ force: true })).slice(1, 4)).toEqual([
      'Writing initial AOF. Exit anyway.',
      'There is a child rewriting the AOF. Killing it!',
      '(ends work)',
    ]);
  });
});

describe('SHUTDOWN', () => {
  test('is answered only if the server goes on', async () => {
    canSave = false;
    const one = client();
    lifecycle.shutdown({ save: true, now: false, force: false }, one.client);
    await turn();
    expect(one.reply()).toBe('ERR Errors trying to SHUTDOWN. Check logs.');
    const other = client();
    lifecycle.shutdown({ now: false, force: false }, other.client);
    await turn();
    expect(other.reply()).toBe('');
    expect(story).toContain('(stops)');
  });

  test('ABORT gives up what a signal has asked for, as long as it has not begun', async () => {
    isCronPaused = true;
    lifecycle.shutdownBySignal(['default']);
    expect(lifecycle.isDue).toBe(true);
    const one = client();
    lifecycle.abortShutdown(one.client);
    await turn();
    expect(one.reply()).toBe('OK');
    expect(story).toEqual(['Shutdown manually aborted.']);
    lifecycle.abortShutdown(one.client);
    await turn();
    expect(one.reply()).toBe('ERR No shutdown in progress.');
    lifecycle.obey();
    expect(story).toHaveLength(1);
  });
});

describe('A signal', () => {
  test('ends the server in the words of the configuration', async () => {
    hasSavePoints = true;
    lifecycle.shutdownBySignal(['nosave', 'now']);
    expect(story).toEqual([]);
    await turn();
    expect(story).toEqual([REQUESTED, '(stops)']);
  });

  test('waits until a script is done', async () => {
    isBusy = true;
    lifecycle.shutdownBySignal(['nosave']);
    await turn();
    lifecycle.obey();
    expect(story).toEqual([]);
    isBusy = false;
    lifecycle.obey();
    await turn();
    expect(story).toContain('(stops)');
  });

  test('waits for the cron, where that stands still', async () => {
    isCronPaused = true;
    lifecycle.shutdownBySignal(['force']);
    await turn();
    expect(story).toEqual([]);
    lifecycle.obey();
    await turn();
    expect(story).toContain('(stops)');
  });
});
