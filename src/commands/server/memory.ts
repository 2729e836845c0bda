/** MEMORY: what takes how much of it. */
import { SYNTAX_ERROR } from '../../resp/errors.js';
import type { ReplyWriter } from '../../resp/reply-writer.js';
import type { Call } from '../../server/api/call.js';
import type { CommandSpec } from '../../server/api/command.js';
import type { DatabaseMemory, MemoryReport } from '../../server/api/server.js';
import { humanBytes } from '../../text/memory-units.js';
import { oneKey } from '../key-specs.js';
import { helpCommand } from './help.js';
import { diagnose } from './memory-doctor.js';

const OBSERVED = [
  'nondeterministic_output',
  'request_policy:all_shards',
  'response_policy:special',
] as const;

const usage: CommandSpec = {
  name: 'usage',
  summary: 'Tells how much memory a key takes.',
  since: '4.0.0',
  group: 'server',
  complexity: 'O(N) where N is the number of samples.',
  arity: -3,
  flags: ['readonly'],
  keys: [oneKey(['RO'], 2)],
  args: [
    { name: 'key', type: 'key', keySpec: 0 },
    { name: 'count', type: 'integer', token: 'SAMPLES', optional: true },
  ],
  reply: { oneOf: ['integer', 'null'] },
  run({ args, db, reply }: Call) {
    // SAMPLES is checked and not needed: objects know their size.
    for (let i = 3; i < args.count; i += 2) {
      if (!args.is(i, 'SAMPLES') || i + 1 === args.count) throw SYNTAX_ERROR;
      if (args.int(i + 1) < 0) throw SYNTAX_ERROR;
    }
    const e = db.find(args.buf, args.off(2), args.len(2), 0);
    if (e === 0) reply.nil();
    else reply.int(db.memoryBytes(e));
  },
};

const stats: CommandSpec = {
  name: 'stats',
  summary: 'Tells what memory is used for.',
  since: '4.0.0',
  group: 'server',
  complexity: 'O(1)',
  arity: 2,
  flags: [],
  tips: OBSERVED,
  reply: { mapOf: 'any' },
  run({ server, reply }: Call) {
    const report = server.memory.report();
    const before = fieldsBeforeDatabases(report);
    const after = fieldsAfterDatabases(report);
    reply.map(before.length + report.databases.length + after.length);
    replyFields(reply, before);
    for (const db of report.databases) replyDatabase(reply, db);
    replyFields(reply, after);
  },
};

const doctor: CommandSpec = {
  name: 'doctor',
  summary: 'Looks for problems with memory.',
  since: '4.0.0',
  group: 'server',
  complexity: 'O(1)',
  arity: 2,
  flags: [],
  tips: OBSERVED,
  reply: 'verbatim',
  run({ server, reply }: Call) {
    reply.verbatim(diagnose(server.memory.report(), server.clients.count));
  },
};

const purge: CommandSpec = {
  name: 'purge',
  summary: 'Gives unused memory back.',
  since: '4.0.0',
  group: 'server',
  complexity: 'Depends on how much memory is allocated, could be slow',
  arity: 2,
  flags: [],
  tips: ['request_policy:all_shards', 'response_policy:all_succeeded'],
  reply: 'OK',
  run({ server, reply }: Call) {
    server.memory.purge();
    reply.ok();
  },
};

const mallocStats: CommandSpec = {
  name: 'malloc-stats',
  summary: "Shows the allocator's statistics.",
  since: '4.0.0',
  group: 'server',
  complexity: 'Depends on how much memory is allocated, could be slow',
  arity: 2,
  flags: [],
  tips: OBSERVED,
  reply: 'verbatim',
  run({ keyspace, reply }: Call) {
    let text = 'Arena statistics, by database\n';
    for (const db of keyspace.databases) {
      const { usedBytes, capacityBytes, blocks } = db.arena;
      if (blocks === 0) continue;
      text +=
        `db${db.index}: ${blocks} blocks, ${humanBytes(usedBytes)} of ` +
        `${humanBytes(capacityBytes)} in use, tables ${humanBytes(db.dict.tableBytes)}\n`;
    }
    reply.verbatim(text);
  },
};

export const memory: CommandSpec = {
  name: 'memory',
  summary: 'Commands about memory.',
  since: '4.0.0',
  group: 'server',
  complexity: 'Depends on subcommand.',
  arity: -2,
  flags: [],
  reply: 'any',
  subcommands: [
    doctor,
    mallocStats,
    purge,
    stats,
    usage,
    helpCommand(
      'MEMORY',
      '4.0.0',
      [],
      [
        'DOCTOR',
        '    Return what is wrong with the use of memory, if anything.',
        'MALLOC-STATS',
        "    Return the allocator's own statistics.",
        'PURGE',
        '    Give unused memory back to the system.',
        'STATS',
        '    Return what memory is used for.',
        'USAGE <key> [SAMPLES <count>]',
        '    Return how many bytes <key> takes with its value. <count> is accepted',
        '    for compatibility: the answer is always exact.',
      ],
    ),
  ],
};

/** A number that is told as it is, or as a double. */
type Field = readonly [name: string, value: number, isDouble?: 'double'];

function fieldsBeforeDatabases(report: MemoryReport): Field[] {
  return [
    ['peak.allocated', report.peakBytes],
    ['total.allocated', report.usedBytes],
    ['startup.allocated', report.startupBytes],
    ['replication.backlog', 0],
    ['clients.slaves', 0],
    ['clients.normal', report.clientBytes],
    ['cluster.links', 0],
    ['aof.buffer', report.logBytes],
    ['lua.caches', report.scriptBytes],
    ['functions.caches', report.functionBytes],
  ];
}

function fieldsAfterDatabases(report: MemoryReport): Field[] {
  const { allocatedBytes, activeBytes, residentBytes, usedBytes } = report;
  return [
    ['overhead.total', report.overheadBytes],
    ['keys.count', report.keys],
    ['keys.bytes-per-key', report.bytesPerKey],
    ['dataset.bytes', report.datasetBytes],
    ['dataset.percentage', report.datasetPercent, 'double'],
    ['peak.percentage', report.peakPercent, 'double'],
    ['allocator.allocated', allocatedBytes],
    ['allocator.active', activeBytes],
    ['allocator.resident', activeBytes],
    ['allocator-fragmentation.ratio', activeBytes / Math.max(allocatedBytes, 1), 'double'],
    ['allocator-fragmentation.bytes', activeBytes - allocatedBytes],
    ['allocator-rss.ratio', 1, 'double'],
    ['allocator-rss.bytes', 0],
    ['rss-overhead.ratio', residentBytes / Math.max(activeBytes, 1), 'double'],
    ['rss-overhead.bytes', residentBytes - activeBytes],
    ['fragmentation', activeBytes / Math.max(usedBytes, 1), 'double'],
    ['fragmentation.bytes', activeBytes - usedBytes],
  ];
}

function replyFields(reply: ReplyWriter, fields: readonly Field[]): void {
  for (const [name, value, isDouble] of fields) {
    reply.bulkText(name);
    if (isDouble === 'double') reply.double(value);
    else reply.int(value);
  }
}

function replyDatabase(reply: ReplyWriter, db: DatabaseMemory): void {
  reply.bulkText(`db.${db.index}`);
  reply.map(3);
  replyFields(reply, [
    ['overhead.hashtable.main', db.mainTableBytes],
    ['overhead.hashtable.expires', db.expiresBytes],
    ['overhead.hashtable.slot-to-keys', 0],
  ]);
}
