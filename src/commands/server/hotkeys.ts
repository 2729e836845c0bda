/** HOTKEYS: watches for a while which keys take most time and traffic (see server/hot-keys.ts). */
import { SYNTAX_ERROR } from '../../resp/errors.js';
import { ReplyError } from '../../resp/reply-error.js';
import type { ReplyWriter } from '../../resp/reply-writer.js';
import type { Call } from '../../server/api/call.js';
import type { CommandSpec } from '../../server/api/command.js';
import type { HotKeysReport } from '../../server/api/hot-keys.js';
import { helpCommand } from './help.js';

const DEFAULT_COUNT = 10;
const COUNT_MAX = 64;
const DURATION_MAX_SECONDS = 1_000_000;
const RATIO_MAX = 0x7fffffff;
const METRICS_MAX = 2;
const LAST_SLOT = 16383;

const IN_PROGRESS = new ReplyError('ERR hotkey tracking session already in progress');
const STOP_FIRST = new ReplyError('ERR hotkey tracking session in progress, stop tracking first');
const NO_METRICS = new ReplyError('ERR METRICS parameter is required');
const BAD_METRICS = new ReplyError(`ERR METRICS count must be > 0 and <= ${METRICS_MAX}`);
const TWICE_CPU = new ReplyError('ERR METRICS CPU defined more than once!');
const TWICE_NET = new ReplyError('ERR METRICS NET defined more than once!');
const TOO_FEW_METRICS = new ReplyError(
  'ERR METRICS count does not match number of metric types provided',
);
const UNKNOWN_METRICS = new ReplyError('ERR METRICS no valid metrics passed. Supported: CPU|NET');
const BAD_COUNT = new ReplyError(`ERR COUNT must be between 1 and ${COUNT_MAX}`);
const BAD_DURATION = new ReplyError(`ERR DURATION must be between 1 and ${DURATION_MAX_SECONDS}`);
const BAD_RATIO = new ReplyError('ERR SAMPLE ratio must be positive');
const NO_CLUSTER = new ReplyError('ERR SLOTS parameter cannot be used in non-cluster mode');

const COMMON = {
  since: '8.6.0',
  group: 'server',
  complexity: 'O(1)',
  arity: 2,
  flags: ['admin', 'noscript'],
} as const satisfies Partial<CommandSpec>;

const start: CommandSpec = {
  ...COMMON,
  name: 'start',
  summary: 'Begins to watch which keys take most time or traffic.',
  arity: -2,
  args: [
    {
      name: 'metrics',
      type: 'block',
      token: 'METRICS',
      args: [
        { name: 'count', type: 'integer' },
        { name: 'cpu', type: 'pure-token', token: 'CPU', optional: true },
        { name: 'net', type: 'pure-token', token: 'NET', optional: true },
      ],
    },
    { name: 'k', type: 'integer', token: 'COUNT', optional: true },
    { name: 'seconds', type: 'integer', token: 'DURATION', optional: true },
    { name: 'ratio', type: 'integer', token: 'SAMPLE', optional: true },
    {
      name: 'slots',
      type: 'block',
      token: 'SLOTS',
      optional: true,
      args: [
        { name: 'count', type: 'integer' },
        { name: 'slot', type: 'integer', multiple: true },
      ],
    },
  ],
  reply: 'OK',
  run({ args, reply, server }: Call) {
    const { hotKeys } = server;
    if (hotKeys.isActive) throw IN_PROGRESS;
    if (args.count < 4 || !args.is(2, 'METRICS')) throw NO_METRICS;
    const metrics = args.intWithin(3, 1, METRICS_MAX, BAD_METRICS, BAD_METRICS);
    const [byCpu, byNet] = [tokens('CPU', TWICE_CPU), tokens('NET', TWICE_NET)];
    if (args.count - 4 < metrics) throw TOO_FEW_METRICS;
    if (!byCpu && !byNet) throw UNKNOWN_METRICS;
    let [count, seconds, sampleRatio] = [DEFAULT_COUNT, 0, 1];
    for (let i = 4 + metrics; i < args.count; i += 2) {
      if (i + 1 === args.count) throw SYNTAX_ERROR;
      if (args.is(i, 'COUNT')) count = args.intWithin(i + 1, 1, COUNT_MAX, BAD_COUNT, BAD_COUNT);
      else if (args.is(i, 'DURATION')) {
        seconds = args.intWithin(i + 1, 1, DURATION_MAX_SECONDS, BAD_DURATION, BAD_DURATION);
      } else if (args.is(i, 'SAMPLE')) {
        sampleRatio = args.intWithin(i + 1, 1, RATIO_MAX, BAD_RATIO, BAD_RATIO);
      } else if (args.is(i, 'SLOTS')) throw NO_CLUSTER;
      else throw SYNTAX_ERROR;
    }
    hotKeys.start({ byCpu, byNet, count, durationMs: seconds * 1000, sampleRatio });
    reply.ok();

    /** Whether a metric is among those named; others are for servers to come. */
    function tokens(name: string, twice: ReplyError): boolean {
      let found = false;
      for (let i = 4; i < 4 + metrics && i < args.count; i++) {
        if (!args.is(i, name)) continue;
        if (found) throw twice;
        found = true;
      }
      return found;
    }
  },
};

const stop: CommandSpec = {
  ...COMMON,
  name: 'stop',
  summary: 'Stops watching; what was found stays.',
  reply: { oneOf: ['OK', 'null'] },
  run({ reply, server }: Call) {
    if (!server.hotKeys.isActive) {
      reply.nil();
      return;
    }
    server.hotKeys.stop();
    reply.ok();
  },
};

const reset: CommandSpec = {
  ...COMMON,
  name: 'reset',
  summary: 'Forgets what was found.',
  reply: 'OK',
  run({ reply, server }: Call) {
    if (server.hotKeys.isActive) throw STOP_FIRST;
    server.hotKeys.reset();
    reply.ok();
  },
};

const get: CommandSpec = {
  ...COMMON,
  name: 'get',
  summary: 'Returns the keys that took most time or traffic.',
  complexity: 'O(K) where K is the number of hotkeys returned.',
  tips: ['nondeterministic_output'],
  reply: { oneOf: [{ arrayOf: { mapOf: 'any' } }, 'null'] },
  run({ reply, server }: Call) {
    const report = server.hotKeys.report();
    if (report === undefined) {
      reply.nil();
      return;
    }
    const fields = fieldsOf(report);
    reply.array(1);
    reply.map(fields.length);
    for (const [name, value] of fields) {
      reply.bulkText(name);
      if (value === 'slots') {
        replyAllSlots(reply);
        continue;
      }
      if (typeof value === 'number') {
        reply.int(Math.floor(value));
        continue;
      }
      reply.array(2 * value.length);
      for (const { name: key, sum } of value) {
        reply.bulk(key, 0, key.length);
        reply.int(Math.floor(sum));
      }
    }
  },
};

/** All hash slots, as one range: outside of a cluster there is no other choice. */
function replyAllSlots(reply: ReplyWriter): void {
  reply.array(1);
  reply.array(2);
  reply.int(0);
  reply.int(LAST_SLOT);
}

type Field = readonly [name: string, value: number | 'slots' | HotKeysReport['byCpu']];

function fieldsOf(report: HotKeysReport): Field[] {
  const { options } = report;
  const fields: Field[] = [
    ['tracking-active', report.isActive ? 1 : 0],
    ['sample-ratio', options.sampleRatio],
    ['selected-slots', 'slots'],
    ['all-commands-all-slots-us', report.allMicros],
    ['net-bytes-all-commands-all-slots', report.allBytes],
    ['collection-start-time-unix-ms', report.startMs],
    ['collection-duration-ms', report.durationMs],
  ];
  if (options.byCpu) {
    fields.push(['total-cpu-time-user-ms', report.cpuUserMs]);
    fields.push(['total-cpu-time-sys-ms', report.cpuSystemMs]);
  }
  if (options.byNet) fields.push(['total-net-bytes', report.netBytes]);
  if (options.byCpu) fields.push(['by-cpu-time-us', report.byCpu]);
  if (options.byNet) fields.push(['by-net-bytes', report.byNet]);
  return fields;
}

export const hotkeys: CommandSpec = {
  name: 'hotkeys',
  summary: 'Commands about keys that take most time or traffic.',
  since: '8.6.0',
  group: 'server',
  complexity: 'Depends on subcommand.',
  arity: -2,
  flags: [],
  reply: 'any',
  subcommands: [
    get,
    reset,
    start,
    stop,
    helpCommand(
      'HOTKEYS',
      '8.6.0',
      [],
      [
        'GET',
        '    Return what was found in the present session, or the last one.',
        'RESET',
        '    Forget what was found.',
        'START METRICS <count> [CPU] [NET] [COUNT <k>] [DURATION <seconds>] [SAMPLE <ratio>]',
        '    Begin to watch which keys take most time (CPU) or traffic (NET).',
        'STOP',
        '    Stop watching.',
      ],
    ),
  ],
};
