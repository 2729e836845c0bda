/**
 * DEBUG: looks behind the data, switches the server's mechanisms, breaks it on purpose. For tests;
 * `enable-debug-command` says who may.
 *
 * It is no container: its subcommands are arguments, each with its own number of further ones.
 */
import type { Dict } from '../../datastructs/dict.js';
import { encodingName, isObject } from '../../keyspace/kinds.js';
import { NO_CONFIG_FILE, NO_SUCH_KEY } from '../../resp/errors.js';
import { ReplyError } from '../../resp/reply-error.js';
import type { Call } from '../../server/api/call.js';
import type { CommandSpec } from '../../server/api/command.js';
import { globMatch } from '../../text/glob.js';
import { answerWith } from '../answer.js';
import { badSubcommand } from '../bad-subcommand.js';
import { isShared, SHARED_REFCOUNT } from '../keys/object.js';
import {
  debugListpack,
  debugPackedThreshold,
  debugQuicklist,
  quicklistFacts,
} from '../list/debug.js';
import { datasetDigest, valueDigest } from './debug-digest.js';
import { DEBUG_HELP } from './debug-help.js';
import { populate } from './debug-populate.js';
import { replySample } from './debug-protocol.js';
import { databaseTables, dictTables } from './debug-tables.js';
import { requireAllowed } from './protected-action.js';

const NO_SUCH_DATABASE = new ReplyError('ERR Out of range database');
const NO_HASH_TABLE = new ReplyError(
  'ERR The value stored at the specified key is not represented using an hash table',
);
const RELOAD_OPTIONS = new ReplyError(
  'ERR DEBUG RELOAD only supports the MERGE, NOFLUSH and NOSAVE options.',
);
const RELOAD_SAVE_FAILED = new ReplyError('ERR');
const RELOAD_FAILED = new ReplyError('ERR Error trying to load the RDB dump, check server logs.');
const LOAD_LOG_FAILED = new ReplyError(
  'ERR Error trying to load the AOF files, check server logs.',
);
const CANNOT_RESTART = new ReplyError('ERR failed to restart the server. Check server logs.');
/** What DEBUG OOM pretends to need: half of the address space. */
const TOO_MUCH_BYTES = 2 ** 63;
const FUZZ_ROUNDS = 100_000;
const CLOCK_MASK = 0xffffff;
/** Of a DUMP payload: type, version, checksum. */
const PAYLOAD_FRAME_BYTES = 1 + 2 + 8;

interface Subcommand {
  /** Arguments, DEBUG and the subcommand's name included. */
  readonly minArgs: number;
  readonly maxArgs: number;
  run(call: Call): void;
}

const ANY = Number.POSITIVE_INFINITY;

const SUBCOMMANDS: ReadonlyMap<string, Subcommand> = new Map([
  ['help', exactly(2, ({ reply }) => reply.statuses(DEBUG_HELP))],
  ['sleep', exactly(3, sleep)],
  ['set-active-expire', exactly(3, setActiveExpire)],
  ['pause-cron', exactly(3, pauseCron)],
  ['reload', atLeast(2, reload)],
  ['loadaof', atLeast(2, loadLog)],
  ['aof-flush-sleep', exactly(3, flushSleep)],
  ['set-skip-checksum-validation', exactly(3, skipChecksums)],
  ['set-disable-deny-scripts', exactly(3, allowInScripts)],
  ['log', exactly(3, log)],
  ['error', exactly(3, error)],
  ['object', exactly(3, object)],
  ['digest', exactly(2, digest)],
  ['digest-value', { minArgs: 2, maxArgs: ANY, run: digestValue }],
  ['populate', { minArgs: 3, maxArgs: 5, run: populate }],
  ['protocol', exactly(3, ({ args, reply }) => replySample(reply, args.text(2)))],
  ['htstats', { minArgs: 3, maxArgs: ANY, run: tablesOfDatabase }],
  ['htstats-key', { minArgs: 3, maxArgs: ANY, run: tablesOfKey }],
  ['listpack', exactly(3, debugListpack)],
  ['quicklist', { minArgs: 3, maxArgs: 4, run: debugQuicklist }],
  ['quicklist-packed-threshold', exactly(3, debugPackedThreshold)],
  ['replybuffer', exactly(4, replyBuffer)],
  ['stringmatch-test', exactly(2, stringMatchTest)],
  ['config-rewrite-force-all', exactly(2, rewriteConfig)],
  ['segfault', atLeast(2, ({ server }) => server.debug.crash(SEGFAULT))],
  ['panic', atLeast(2, panic)],
  ['assert', atLeast(2, ({ server }) => server.debug.crash(ASSERTION))],
  ['oom', atLeast(2, ({ server }) => server.debug.crash(OUT_OF_MEMORY))],
  ['restart', atLeast(2, restart)],
  ['crash-and-recover', atLeast(2, restart)],
]);

const SEGFAULT = { kind: 'signal', signal: 'SIGSEGV' } as const;
const ASSERTION = { kind: 'assertion', expression: '1 == 2' } as const;
const OUT_OF_MEMORY = { kind: 'out of memory', bytes: TOO_MUCH_BYTES } as const;

export const debug: CommandSpec = {
  name: 'debug',
  summary: 'Commands for tests of the server.',
  since: '1.0.0',
  group: 'server',
  complexity: 'Depends on subcommand.',
  arity: -2,
  flags: ['admin', 'noscript', 'loading', 'stale', 'protected'],
  docFlags: ['syscmd'],
  reply: 'any',
  run(call: Call) {
    const { args } = call;
    requireAllowed(call, 'DEBUG', 'enable-debug-command');
    const subcommand = SUBCOMMANDS.get(args.text(1).toLowerCase());
    if (
      subcommand === undefined ||
      args.count < subcommand.minArgs ||
      args.count > subcommand.maxArgs
    ) {
      throw badSubcommand(call);
    }
    subcommand.run(call);
  },
};

function exactly(args: number, run: (call: Call) => void): Subcommand {
  return { minArgs: args, maxArgs: args, run };
}

function atLeast(args: number, run: (call: Call) => void): Subcommand {
  return { minArgs: args, maxArgs: ANY, run };
}

/** As C's atoi: digits at the front count, anything else is 0. */
function flag(text: string): boolean {
  return (Number.parseInt(text, 10) || 0) !== 0;
}

// ---- switches

/** Whether scripts may run any command. */
function allowInScripts({ args, server, reply }: Call): void {
  server.scripting.allowsAll = flag(args.text(2));
  reply.ok();
}

function sleep({ args, server, reply }: Call): void {
  const seconds = Number.parseFloat(args.text(2)) || 0;
  server.debug.sleep(Math.max(0, seconds * 1000));
  reply.ok();
}

function setActiveExpire({ args, server, reply }: Call): void {
  server.debug.activeExpire = flag(args.text(2));
  reply.ok();
}

/** Saves all keys, forgets them, and loads them again. */
function reload(call: Call): void {
  const { args, server } = call;
  let saves = true;
  let flushes = true;
  let merges = false;
  for (let i = 2; i < args.count; i++) {
    if (args.is(i, 'MERGE')) merges = true;
    else if (args.is(i, 'NOFLUSH')) flushes = false;
    else if (args.is(i, 'NOSAVE')) saves = false;
    else throw RELOAD_OPTIONS;
  }
  if (saves && !server.persistence.save()) throw RELOAD_SAVE_FAILED;
  if (flushes) empty(call);
  const loaded = server.loading.reloadRdb(merges, call.canBlock);
  answerLoad(call, loaded, 'DB reloaded by DEBUG RELOAD', RELOAD_FAILED);
}

/** Forgets all keys, and loads the append-only file. */
function loadLog(call: Call): void {
  const { loading } = call.server;
  loading.flushLog();
  empty(call);
  const loaded = loading.reloadLog(call.canBlock);
  answerLoad(call, loaded, 'Append Only File loaded by DEBUG LOADAOF', LOAD_LOG_FAILED);
}

/** Answers now, or when it is done. @param message for the log if it went well */
function answerLoad(
  call: Call,
  loaded: boolean | Promise<boolean>,
  message: string,
  error: ReplyError,
): void {
  const { log } = call.server;
  answerWith(call, loaded, (reply, isLoaded) => {
    if (isLoaded) log.notice(message);
    if (isLoaded) reply.ok();
    else reply.error(error);
  });
}

/** A pause before each write to the append-only file, in microseconds. */
function flushSleep({ args, reply, server }: Call): void {
  server.appendOnly.flushSleepMicros = Number.parseInt(args.text(2), 10) || 0;
  reply.ok();
}

/** Forgets all keys and libraries, without telling it on. */
function empty({ keyspace, server }: Call): void {
  if (keyspace.observed) keyspace.observer!.flushed(undefined);
  for (const db of keyspace.databases) db.clear();
  server.scripting.functions.flush();
}

function skipChecksums({ args, server, reply }: Call): void {
  server.persistence.skipsChecksums = flag(args.text(2));
  reply.ok();
}

function pauseCron({ args, server, reply }: Call): void {
  server.debug.cronPaused = flag(args.text(2));
  reply.ok();
}

/** The clients share one reply buffer, which neither shrinks nor has a peak: checked, no effect. */
function replyBuffer(call: Call): void {
  const { args, reply } = call;
  if (args.is(2, 'PEAK-RESET-TIME')) {
    if (!args.is(3, 'NEVER') && !args.is(3, 'RESET')) args.int(3);
  } else if (!args.is(2, 'RESIZING')) {
    throw badSubcommand(call);
  }
  reply.ok();
}

function rewriteConfig({ server, reply }: Call): void {
  const { rewriter } = server.config;
  if (rewriter === undefined) throw NO_CONFIG_FILE;
  const failure = rewriter(true);
  if (failure === undefined) reply.ok();
  else reply.error(`ERR CONFIG-REWRITE-FORCE-ALL failed: ${failure.reason}`);
}

// ---- the log, errors and crashes

function log({ args, server, reply }: Call): void {
  server.log.warning(`DEBUG LOG: ${args.utf8(2)}`);
  reply.ok();
}

/** An error reply of the caller's own words, which statistics don't count. */
function error({ args, reply }: Call): void {
  const text = args.text(2).replace(/[\r\n]/g, ' ');
  const bytes = Buffer.from(`-${text}\r\n`, 'latin1');
  reply.raw(bytes, 0, bytes.length);
}

function panic({ server }: Call): void {
  const seconds = Math.floor(server.clock.now() / 1000);
  server.debug.crash({ kind: 'panic', message: `DEBUG PANIC called at Unix time ${seconds}` });
}

/** Redis replaces its process by a new one; Node.js cannot, so it answers as Redis does then. */
function restart({ args, server }: Call): void {
  if (args.count > 2) args.int(2);
  server.log.warning('DEBUG RESTART: a process of Node.js cannot start itself anew.');
  throw CANNOT_RESTART;
}

// ---- keys and values

function find({ args, db }: Call, i: number): number {
  return db.find(args.buf, args.off(i), args.len(i), 0);
}

function object(call: Call): void {
  const { db, reply } = call;
  const e = find(call, 2);
  if (e === 0) throw NO_SUCH_KEY;
  const clock = db.clockOf(e);
  const address = (db.dict.blockOf(e) >>> 0).toString(16);
  reply.status(
    `Value at:0x${address} refcount:${isShared(call, e) ? SHARED_REFCOUNT : 1} ` +
      `encoding:${encodingName(db.kind(e))} serializedlength:${serializedLength(call, e)} ` +
      `lru:${clock} lru_seconds_idle:${(db.clock - clock) & CLOCK_MASK}` +
      quicklistFacts(db, e),
  );
}

/** Bytes of the value in an RDB file, its type left out. */
function serializedLength(call: Call, e: number): number {
  return call.server.persistence.serialize(call.db, e).length - PAYLOAD_FRAME_BYTES;
}

function digest({ keyspace, reply }: Call): void {
  reply.status(datasetDigest(keyspace.databases));
}

function digestValue(call: Call): void {
  const { args, db, reply } = call;
  reply.array(args.count - 2);
  for (let i = 2; i < args.count; i++) reply.status(valueDigest(db, find(call, i)));
}

function tablesOfDatabase({ args, keyspace, reply }: Call): void {
  const db = keyspace.databases[args.int(2)];
  if (db === undefined) throw NO_SUCH_DATABASE;
  reply.verbatim(databaseTables(db, args.count > 3 && args.is(3, 'FULL')));
}

/** Sets, hashes and sorted sets that are no longer small have a hash table. */
function tablesOfKey(call: Call): void {
  const { args, db, reply } = call;
  const e = call.peek(2);
  if (e === 0) throw NO_SUCH_KEY;
  const dict = isObject(db.kind(e)) ? (db.objectOf(e) as { dict?: Dict }).dict : undefined;
  if (dict === undefined) throw NO_HASH_TABLE;
  reply.verbatim(dictTables(dict, args.count > 3 && args.is(3, 'FULL')));
}

// ---- self-test

/** Random patterns against random texts: the matcher must end, and not fall over. */
function stringMatchTest({ server, reply }: Call): void {
  for (let i = 0; i < FUZZ_ROUNDS; i++) {
    const pattern = randomBytes(server.random);
    const text = randomBytes(server.random);
    globMatch(pattern, text, 0, text.length, false);
  }
  reply.status('Apparently Redis did not crash: test passed');
}

function randomBytes(random: () => number): Buffer {
  const bytes = Buffer.alloc(Math.floor(random() * 32));
  for (let i = 0; i < bytes.length; i++) bytes[i] = Math.floor(random() * 128);
  return bytes;
}
