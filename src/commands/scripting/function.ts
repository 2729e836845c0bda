/** FUNCTION: libraries of functions. What they are is in server/scripting/libraries.ts. */
import { ReplyError } from '../../resp/reply-error.js';
import type { Call } from '../../server/api/call.js';
import type { CommandSpec } from '../../server/api/command.js';
import type { FunctionInfo, LibraryInfo } from '../../server/api/scripting.js';
import { untilNul } from '../../text/c-string.js';
import { globMatchText } from '../../text/glob.js';
import { badSubcommand } from '../bad-subcommand.js';
import { helpCommand } from '../server/help.js';
import { FLUSH_MODE, isFlushMode } from './flush-mode.js';
import { killCommand } from './kill-command.js';

const FLUSH_MODES = new ReplyError('ERR FUNCTION FLUSH only supports SYNC|ASYNC option');
const NO_CODE = new ReplyError('ERR Function code is missing');
const NO_LIBRARY = new ReplyError('ERR Library not found');
const NO_PATTERN = new ReplyError('ERR library name argument was not given');
const BAD_POLICY = new ReplyError(
  'ERR Wrong restore policy given, value should be either FLUSH, APPEND or REPLACE.',
);

const COMMON = {
  group: 'scripting',
  since: '7.0.0',
  flags: ['noscript'],
} as const satisfies Partial<CommandSpec>;

/** Of commands that change all shards of a cluster. */
const CHANGES = {
  ...COMMON,
  flags: ['noscript', 'write'],
  tips: ['request_policy:all_shards', 'response_policy:all_succeeded'],
} as const satisfies Partial<CommandSpec>;

const load: CommandSpec = {
  ...CHANGES,
  name: 'load',
  summary: 'Loads a library.',
  complexity: 'O(1) (considering compilation time is redundant)',
  arity: -3,
  flags: ['noscript', 'write', 'denyoom'],
  args: [
    { name: 'replace', type: 'pure-token', token: 'REPLACE', optional: true },
    { name: 'function-code', type: 'string' },
  ],
  reply: 'bulk',
  run(call: Call) {
    const { args, reply, server } = call;
    let replaces = false;
    let i = 2;
    for (; i < args.count - 1; i++) {
      if (!args.is(i, 'REPLACE'))
        throw new ReplyError(`ERR Unknown option given: ${untilNul(args.text(i))}`);
      replaces = true;
    }
    if (i >= args.count) throw NO_CODE;
    const name = server.scripting.functions.load(args.text(i), replaces, true);
    call.dirty++;
    reply.bulkText(name);
  },
};

const deleteLibrary: CommandSpec = {
  ...CHANGES,
  name: 'delete',
  summary: 'Deletes a library, and its functions with it.',
  complexity: 'O(1)',
  arity: 3,
  args: [{ name: 'library-name', type: 'string' }],
  reply: 'OK',
  run(call: Call) {
    if (!call.server.scripting.functions.delete(call.args.text(2))) throw NO_LIBRARY;
    call.dirty++;
    call.reply.ok();
  },
};

const flush: CommandSpec = {
  ...CHANGES,
  name: 'flush',
  summary: 'Deletes all libraries.',
  complexity: 'O(N) where N is the number of functions deleted',
  arity: -2,
  args: [FLUSH_MODE],
  reply: 'OK',
  run(call: Call) {
    if (call.args.count > 3) throw badSubcommand(call);
    if (!isFlushMode(call.args)) throw FLUSH_MODES;
    call.server.scripting.functions.flush();
    call.dirty++;
    call.reply.ok();
  },
};

const restore: CommandSpec = {
  ...CHANGES,
  name: 'restore',
  summary: 'Loads all libraries of a payload that FUNCTION DUMP has made.',
  complexity: 'O(N) where N is the number of functions on the payload',
  arity: -3,
  flags: ['noscript', 'write', 'denyoom'],
  args: [
    { name: 'serialized-value', type: 'string' },
    {
      name: 'policy',
      type: 'oneof',
      optional: true,
      args: [
        { name: 'flush', type: 'pure-token', token: 'FLUSH' },
        { name: 'append', type: 'pure-token', token: 'APPEND' },
        { name: 'replace', type: 'pure-token', token: 'REPLACE' },
      ],
    },
  ],
  reply: 'OK',
  run(call: Call) {
    const { args, reply, server } = call;
    if (args.count > 4) throw badSubcommand(call);
    server.scripting.functions.restore(args.view(2), args.count > 3 ? policyAt(call, 3) : 'append');
    call.dirty++;
    reply.ok();
  },
};

function policyAt({ args }: Call, i: number): 'flush' | 'append' | 'replace' {
  if (args.is(i, 'APPEND')) return 'append';
  if (args.is(i, 'REPLACE')) return 'replace';
  if (args.is(i, 'FLUSH')) return 'flush';
  throw BAD_POLICY;
}

const dump: CommandSpec = {
  ...COMMON,
  name: 'dump',
  summary: 'Gives all libraries as a payload for FUNCTION RESTORE.',
  complexity: 'O(N) where N is the number of functions',
  arity: 2,
  reply: 'bulk',
  run({ reply, server }: Call) {
    const payload = server.scripting.functions.dump();
    reply.bulk(payload, 0, payload.length);
  },
};

const list: CommandSpec = {
  ...COMMON,
  name: 'list',
  summary: 'Describes the libraries.',
  complexity: 'O(N) where N is the number of functions',
  arity: -2,
  args: [
    { name: 'library-name-pattern', type: 'string', token: 'LIBRARYNAME', optional: true },
    { name: 'withcode', type: 'pure-token', token: 'WITHCODE', optional: true },
  ],
  tips: ['nondeterministic_output_order'],
  reply: { arrayOf: 'any' },
  run(call: Call) {
    const { pattern, withCode } = listOptions(call);
    const { reply, server } = call;
    const libraries = [...server.scripting.functions.libraries()].filter(
      ({ name }) => pattern === undefined || globMatchText(pattern, name, true),
    );
    reply.array(libraries.length);
    for (const library of libraries) describe(call, library, withCode);
  },
};

function listOptions({ args }: Call): { pattern: string | undefined; withCode: boolean } {
  let pattern: string | undefined;
  let withCode = false;
  for (let i = 2; i < args.count; i++) {
    if (!withCode && args.is(i, 'WITHCODE')) withCode = true;
    else if (pattern === undefined && args.is(i, 'LIBRARYNAME')) {
      if (++i === args.count) throw NO_PATTERN;
      pattern = args.text(i);
    } else {
      // Redis doesn't trim this one at its end, as it does others.
      const argument = untilNul(args.text(i)).replace(/[\r\n]/g, ' ');
      throw new ReplyError(`ERR Unknown argument ${argument}`);
    }
  }
  return { pattern, withCode };
}

function describe({ reply }: Call, library: LibraryInfo, withCode: boolean): void {
  reply.map(withCode ? 4 : 3);
  reply.bulkText('library_name');
  reply.bulkText(library.name);
  reply.bulkText('engine');
  reply.bulkText(library.engine);
  reply.bulkText('functions');
  reply.array(library.functions.length);
  for (const entry of library.functions) describeFunction(reply, entry);
  if (!withCode) return;
  reply.bulkText('library_code');
  reply.bulkText(library.source);
}

function describeFunction(reply: Call['reply'], entry: FunctionInfo): void {
  reply.map(3);
  reply.bulkText('name');
  reply.bulkText(entry.name);
  reply.bulkText('description');
  if (entry.description === undefined) reply.nil();
  else reply.bulkText(entry.description);
  reply.bulkText('flags');
  reply.set(entry.flagNames.length);
  for (const flag of entry.flagNames) reply.status(flag);
}

const stats: CommandSpec = {
  ...COMMON,
  name: 'stats',
  summary: 'Tells which function runs, if one runs long, and what engines there are.',
  complexity: 'O(1)',
  arity: 2,
  flags: ['noscript', 'allow_busy'],
  tips: ['nondeterministic_output', 'request_policy:all_shards', 'response_policy:special'],
  reply: { mapOf: 'any' },
  run({ reply, server }: Call) {
    const { functions, suspended, busyError } = server.scripting;
    if (suspended?.kind === 'script') throw new ReplyError(busyError!);
    reply.map(2);
    reply.bulkText('running_script');
    if (suspended === undefined) reply.nil();
    else {
      reply.map(3);
      reply.bulkText('name');
      reply.bulkText(suspended.name);
      reply.bulkText('command');
      reply.array(suspended.request.length);
      for (const arg of suspended.request) reply.bulk(arg, 0, arg.length);
      reply.bulkText('duration_ms');
      reply.int(suspended.elapsedMs);
    }
    reply.bulkText('engines');
    const engines = functions.engines();
    reply.map(engines.length);
    for (const engine of engines) {
      reply.bulkText(engine.name);
      reply.map(2);
      reply.bulkText('libraries_count');
      reply.int(engine.libraries);
      reply.bulkText('functions_count');
      reply.int(engine.functions);
    }
  },
};

const kill = killCommand('function', '7.0.0');

const help: CommandSpec = {
  ...helpCommand(
    'FUNCTION',
    '7.0.0',
    [],
    [
      'LOAD [REPLACE] <FUNCTION CODE>',
      '    Create a new library with the given library name and code.',
      'DELETE <LIBRARY NAME>',
      '    Delete the given library.',
      'LIST [LIBRARYNAME PATTERN] [WITHCODE]',
      '    Return general information on all the libraries:',
      '    * Library name',
      '    * The engine used to run the Library',
      '    * Library description',
      '    * Functions list',
      '    * Library code (if WITHCODE is given)',
      '    It also possible to get only function that matches a pattern using LIBRARYNAME argument.',
      'STATS',
      '    Return information about the current function running:',
      '    * Function name',
      '    * Command used to run the function',
      '    * Duration in MS that the function is running',
      '    If no function is running, return nil',
      '    In addition, returns a list of available engines.',
      'KILL',
      '    Kill the current running function.',
      'FLUSH [ASYNC|SYNC]',
      '    Delete all the libraries.',
      '    When called without the optional mode argument, the behavior is determined by the',
      '    lazyfree-lazy-user-flush configuration directive. Valid modes are:',
      '    * ASYNC: Asynchronously flush the libraries.',
      '    * SYNC: Synchronously flush the libraries.',
      'DUMP',
      '    Return a serialized payload representing the current libraries, can be restored using FUNCTION RESTORE command',
      'RESTORE <PAYLOAD> [FLUSH|APPEND|REPLACE]',
      '    Restore the libraries represented by the given payload, it is possible to give a restore policy to',
      '    control how to handle existing libraries (default APPEND):',
      '    * FLUSH: delete all existing libraries.',
      '    * APPEND: appends the restored libraries to the existing libraries. On collision, abort.',
      '    * REPLACE: appends the restored libraries to the existing libraries, On collision, replace the old',
      '      libraries with the new libraries (notice that even on this option there is a chance of failure',
      '      in case of functions name collision with another library).',
    ],
  ),
  group: 'scripting',
};

export const functionCommand: CommandSpec = {
  name: 'function',
  summary: 'A container for commands about functions.',
  since: '7.0.0',
  group: 'scripting',
  complexity: 'Depends on subcommand.',
  arity: -2,
  flags: [],
  reply: 'any',
  subcommands: [deleteLibrary, dump, flush, help, kill, list, load, restore, stats],
};
