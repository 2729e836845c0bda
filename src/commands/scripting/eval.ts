/** EVAL, EVALSHA, FCALL and their read-only forms. What they do is in server/scripting. */
import type { Call } from '../../server/api/call.js';
import type { CommandSpec } from '../../server/api/command.js';
import { countedKeys } from '../key-specs.js';

/** The arguments behind the script, its digest or the function's name. */
const KEYS_AND_ARGS = [
  { name: 'numkeys', type: 'integer' },
  { name: 'key', type: 'key', keySpec: 0, optional: true, multiple: true },
  { name: 'arg', type: 'string', optional: true, multiple: true },
] as const;
const BODY = [{ name: 'script', type: 'string' }, ...KEYS_AND_ARGS] as const;
const DIGEST = [{ name: 'sha1', type: 'string' }, ...KEYS_AND_ARGS] as const;
const FUNCTION = [{ name: 'function', type: 'string' }, ...KEYS_AND_ARGS] as const;

const COMMON = {
  group: 'scripting',
  arity: -3,
  reply: 'any',
} as const satisfies Partial<CommandSpec>;

/** It may do anything, as long as the script does not say otherwise. */
const READS_AND_WRITES = {
  ...COMMON,
  flags: ['noscript', 'skip_monitor', 'may_replicate', 'no_mandatory_keys', 'stale'],
} as const satisfies Partial<CommandSpec>;

const READS = {
  ...COMMON,
  flags: ['noscript', 'skip_monitor', 'no_mandatory_keys', 'stale', 'readonly'],
} as const satisfies Partial<CommandSpec>;

const OF_SCRIPT = 'Depends on the script that is executed.';
const OF_FUNCTION = 'Depends on the function that is executed.';
const KEYS_RW = countedKeys(['RW', 'access', 'update'], 2);
const KEYS_RO = countedKeys(['RO', 'access'], 2);
const WORST_RW = {
  ...KEYS_RW,
  notes: 'RW and UPDATE because the script may do anything with them',
};
const WORST_RO = { ...KEYS_RO, notes: 'RO and ACCESS because the script may read any of them' };

const evalBody: CommandSpec = {
  ...READS_AND_WRITES,
  name: 'eval',
  summary: 'Runs a script.',
  since: '2.6.0',
  complexity: OF_SCRIPT,
  keys: [WORST_RW],
  args: BODY,
  run: ({ server }: Call) => server.scripting.runSource(false),
};

const evalBodyRo: CommandSpec = {
  ...READS,
  name: 'eval_ro',
  summary: 'Runs a script that may only read.',
  since: '7.0.0',
  complexity: OF_SCRIPT,
  keys: [WORST_RO],
  args: BODY,
  run: ({ server }: Call) => server.scripting.runSource(true),
};

const evalSha: CommandSpec = {
  ...READS_AND_WRITES,
  name: 'evalsha',
  summary: 'Runs a script that the server has, by the SHA-1 of its source.',
  since: '2.6.0',
  complexity: OF_SCRIPT,
  keys: [KEYS_RW],
  args: DIGEST,
  run: ({ server }: Call) => server.scripting.runCached(false),
};

const evalShaRo: CommandSpec = {
  ...READS,
  name: 'evalsha_ro',
  summary: 'Runs a script that the server has and that may only read, by the SHA-1 of its source.',
  since: '7.0.0',
  complexity: OF_SCRIPT,
  keys: [KEYS_RO],
  args: DIGEST,
  run: ({ server }: Call) => server.scripting.runCached(true),
};

const fcall: CommandSpec = {
  ...READS_AND_WRITES,
  name: 'fcall',
  summary: 'Runs a function of a library.',
  since: '7.0.0',
  complexity: OF_FUNCTION,
  keys: [WORST_RW],
  args: FUNCTION,
  run: ({ server }: Call) => server.scripting.runFunction(false),
};

const fcallRo: CommandSpec = {
  ...READS,
  name: 'fcall_ro',
  summary: 'Runs a function of a library that may only read.',
  since: '7.0.0',
  complexity: OF_FUNCTION,
  keys: [WORST_RO],
  args: FUNCTION,
  run: ({ server }: Call) => server.scripting.runFunction(true),
};

export const evalCommands: readonly CommandSpec[] = [
  evalBody,
  evalSha,
  evalShaRo,
  evalBodyRo,
  fcall,
  fcallRo,
];
