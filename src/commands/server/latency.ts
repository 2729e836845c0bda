/** LATENCY: what has taken long, by kind of event; and how long commands take, as histograms. */
import { ReplyError } from '../../resp/reply-error.js';
import type { ReplyWriter } from '../../resp/reply-writer.js';
import type { Call } from '../../server/api/call.js';
import type { CommandSpec } from '../../server/api/command.js';
import type { Command } from '../../server/api/command-table.js';
import { untilNul } from '../../text/c-string.js';
import { helpCommand } from './help.js';
import { diagnoseLatency } from './latency-doctor.js';
import { latencyGraph } from './latency-graph.js';

const COMMON = {
  since: '2.8.13',
  group: 'server',
  complexity: 'O(1)',
  arity: 2,
  flags: ['admin', 'noscript', 'loading', 'stale'],
  tips: ['nondeterministic_output', 'request_policy:all_nodes', 'response_policy:special'],
} as const satisfies Partial<CommandSpec>;

const EVENT = { name: 'event', type: 'string' } as const;

const doctor: CommandSpec = {
  ...COMMON,
  name: 'doctor',
  summary: 'Says in words what was slow, and what can be done about it.',
  reply: 'verbatim',
  run({ reply, server }: Call) {
    const { values } = server.config;
    const settings = {
      thresholdMs: values['latency-monitor-threshold'],
      slowLogUsec: values['slowlog-log-slower-than'],
      hz: values.hz,
    };
    reply.verbatim(diagnoseLatency([...server.latency.all()], settings, nowSec(server.clock)));
  },
};

const graph: CommandSpec = {
  ...COMMON,
  name: 'graph',
  summary: 'Draws the latest samples of an event.',
  arity: 3,
  args: [EVENT],
  reply: 'verbatim',
  run({ args, reply, server }: Call) {
    const event = untilNul(args.text(2));
    const series = server.latency.series(event);
    if (series === undefined) {
      throw new ReplyError(`ERR No samples available for event '${event}'`);
    }
    reply.verbatim(latencyGraph(series, nowSec(server.clock)));
  },
};

const histogram: CommandSpec = {
  ...COMMON,
  name: 'histogram',
  summary: 'Returns how many calls of each command took how long.',
  since: '7.0.0',
  complexity: 'O(N) where N is the number of commands with latency information being retrieved.',
  arity: -2,
  args: [{ name: 'command', type: 'string', optional: true, multiple: true }],
  reply: { mapOf: { mapOf: 'any' } },
  run({ args, reply, server }: Call) {
    const asked: Command[] = [];
    if (args.count === 2) asked.push(...server.commands.all);
    for (let i = 2; i < args.count; i++) {
      const command = server.commands.byName(args.text(i));
      if (command !== undefined) asked.push(command);
    }
    const timed = asked.flatMap(withSubcommands).filter((command) => command.latency !== undefined);
    reply.map(timed.length);
    for (const command of timed) replyHistogram(reply, command);
  },
};

function withSubcommands(command: Command): Command[] {
  return [command, ...(command.subcommands?.values() ?? [])];
}

function replyHistogram(reply: ReplyWriter, { fullName, latency }: Command): void {
  reply.bulkText(fullName);
  reply.map(2);
  reply.bulkText('calls');
  reply.int(latency!.count);
  reply.bulkText('histogram_usec');
  const buckets = latency!.cumulative();
  reply.map(buckets.length);
  for (const { usec, count } of buckets) {
    reply.int(usec);
    reply.int(count);
  }
}

const history: CommandSpec = {
  ...COMMON,
  name: 'history',
  summary: 'Returns the latest samples of an event: time and milliseconds.',
  arity: 3,
  args: [EVENT],
  reply: { arrayOf: { tuple: ['integer', 'integer'] } },
  run({ args, reply, server }: Call) {
    const samples = server.latency.series(untilNul(args.text(2)))?.samples() ?? [];
    reply.array(samples.length);
    for (const { timeSec, ms } of samples) {
      reply.array(2);
      reply.int(timeSec);
      reply.int(ms);
    }
  },
};

const latest: CommandSpec = {
  ...COMMON,
  name: 'latest',
  summary: 'Returns the last sample and the worst one of all events.',
  reply: { arrayOf: { tuple: ['bulk', 'integer', 'integer', 'integer'] } },
  run({ reply, server }: Call) {
    const all = [...server.latency.all()];
    reply.array(all.length);
    for (const series of all) {
      const last = series.samples().at(-1)!;
      reply.array(4);
      reply.bulkText(series.event);
      reply.int(last.timeSec);
      reply.int(last.ms);
      reply.int(series.maxMs);
    }
  },
};

const reset: CommandSpec = {
  ...COMMON,
  name: 'reset',
  summary: 'Forgets what is known of events, or of all of them.',
  arity: -2,
  args: [{ ...EVENT, optional: true, multiple: true }],
  tips: ['request_policy:all_nodes', 'response_policy:agg_sum'],
  reply: 'integer',
  run({ args, reply, server }: Call) {
    const events: string[] = [];
    for (let i = 2; i < args.count; i++) events.push(untilNul(args.text(i)));
    reply.int(server.latency.reset(events));
  },
};

export const latency: CommandSpec = {
  name: 'latency',
  summary: 'Commands that tell what is slow.',
  since: '2.8.13',
  group: 'server',
  complexity: 'Depends on subcommand.',
  arity: -2,
  flags: [],
  reply: 'any',
  subcommands: [
    doctor,
    graph,
    histogram,
    history,
    latest,
    reset,
    helpCommand(
      'LATENCY',
      '2.8.13',
      [],
      [
        'DOCTOR',
        '    Return what was slow, and what can be done about it.',
        'GRAPH <event>',
        '    Return a drawing of the samples of <event>.',
        'HISTOGRAM [<command> ...]',
        '    Return how many calls took at most how many microseconds, for these commands or all.',
        'HISTORY <event>',
        '    Return the samples of <event>: Unix time and milliseconds.',
        'LATEST',
        '    Return the last sample and the worst one of each event.',
        'RESET [<event> ...]',
        '    Forget the samples of these events, or of all.',
      ],
    ),
  ],
};

function nowSec(clock: { now(): number }): number {
  return Math.floor(clock.now() / 1000);
}
