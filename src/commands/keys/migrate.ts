/**
 * MIGRATE: moves keys to another server.
 *
 * Each key is sent as RESTORE with what DUMP gives; those that the target has taken are deleted here,
 * and propagated as DEL. While they are under way others go on reading (see server/migration).
 */
import { EventClass } from '../../keyspace/events.js';
import type { Args } from '../../resp/args.js';
import { encodeRequest } from '../../resp/encode-request.js';
import { SYNTAX_ERROR } from '../../resp/errors.js';
import { ReplyError } from '../../resp/reply-error.js';
import type { Call } from '../../server/api/call.js';
import type { CommandSpec, KeyPosition } from '../../server/api/command.js';
import type { LinkFailure, MigrationResult } from '../../server/api/migration.js';
import { oneKey } from '../key-specs.js';

const KEY_NOT_EMPTY = new ReplyError(
  'ERR When using MIGRATE KEYS option, the key argument must be set to the empty string',
);
const NOT_HERE = new ReplyError(
  'ERR MIGRATE can not run in a transaction or script: it waits for the target while others are served',
);
const FAILED: Readonly<Record<LinkFailure, string>> = {
  connect: 'IOERR error or timeout connecting to the client',
  write: 'IOERR error or timeout writing to target instance',
  read: 'IOERR error or timeout reading to target instance',
};
const DEFAULT_TIMEOUT_MS = 1000;
const KEY = 3;
const KEY_FLAGS = ['RW', 'access', 'delete'] as const;
const FIRST_OPTION = 6;

interface Options {
  copies: boolean;
  replaces: boolean;
  /** Numbers of the arguments that are AUTH's. */
  credentials: number[];
  /** Numbers of the arguments that are keys: from the first up to before the last. */
  first: number;
  end: number;
}

export const migrate: CommandSpec = {
  name: 'migrate',
  summary: 'Moves keys to another server.',
  since: '2.6.0',
  group: 'generic',
  complexity:
    'DUMP and DEL here and RESTORE there, by key, and O(N) to send what they hold: see those commands.',
  arity: -6,
  flags: ['write'],
  categories: ['dangerous'],
  keys: [
    oneKey(KEY_FLAGS, KEY),
    {
      flags: [...KEY_FLAGS, 'incomplete'],
      begin: { keyword: 'KEYS', from: -2 },
      find: { lastKey: -1, step: 1, limit: 0 },
    },
  ],
  args: [
    { name: 'host', type: 'string' },
    { name: 'port', type: 'integer' },
    {
      name: 'key-selector',
      type: 'oneof',
      args: [
        { name: 'key', type: 'key', keySpec: 0 },
        { name: 'empty-string', type: 'pure-token', token: '""' },
      ],
    },
    { name: 'destination-db', type: 'integer' },
    { name: 'timeout', type: 'integer' },
    { name: 'copy', type: 'pure-token', token: 'COPY', optional: true, since: '3.0.0' },
    { name: 'replace', type: 'pure-token', token: 'REPLACE', optional: true, since: '3.0.0' },
    {
      name: 'authentication',
      type: 'oneof',
      optional: true,
      args: [
        { name: 'auth', type: 'string', token: 'AUTH', display: 'password', since: '4.0.7' },
        {
          name: 'auth2',
          type: 'block',
          token: 'AUTH2',
          since: '6.0.0',
          args: [
            { name: 'username', type: 'string' },
            { name: 'password', type: 'string' },
          ],
        },
      ],
    },
    {
      name: 'keys',
      type: 'key',
      token: 'KEYS',
      display: 'key',
      keySpec: 1,
      optional: true,
      multiple: true,
      since: '3.0.6',
    },
  ],
  history: [
    ['3.0.0', 'Added the `COPY` and `REPLACE` options.'],
    ['3.0.6', 'Added the `KEYS` option.'],
    ['4.0.7', 'Added the `AUTH` option.'],
    ['6.0.0', 'Added the `AUTH2` option.'],
  ],
  tips: ['nondeterministic_output'],
  reply: { oneOf: [{ const: 'OK' }, { const: 'NOKEY' }] },
  getKeys: migratedKeys,
  secrets: (args) => readOptions(args)?.credentials ?? [],
  run: runMigrate,
};

function runMigrate(call: Call): void {
  const { args, reply, server } = call;
  const options = readOptions(args);
  if (options === undefined) throw SYNTAX_ERROR;
  if (options.first !== KEY && args.len(KEY) !== 0) throw KEY_NOT_EMPTY;
  const timeoutMs = args.int(5);
  const database = args.int(4);
  if (!call.canBlock) throw NOT_HERE;

  const requests: Uint8Array[] = [];
  const keys: number[] = [];
  for (let i = options.first; i < options.end; i++) {
    const e = call.read(i);
    if (e === 0) continue;
    requests.push(restoreRequest(call, i, e, options.replaces));
    keys.push(i);
  }
  if (keys.length === 0) {
    reply.status('NOKEY');
    return;
  }
  const target = {
    host: args.text(1),
    port: Number.parseInt(args.text(2), 10) || 0,
    database,
    credentials: options.credentials.map((i) => Buffer.from(args.view(i))),
    timeoutMs: timeoutMs <= 0 ? DEFAULT_TIMEOUT_MS : timeoutMs,
  };
  server.migration.send(call, target, requests, (result) => {
    finish(call, options.copies ? [] : keys, result);
  });
}

/** @param keys that are deleted as far as the target has taken them */
function finish(call: Call, keys: readonly number[], result: MigrationResult): void {
  const { args, db, reply } = call;
  const deleted: Uint8Array[] = [];
  for (const [n, i] of keys.entries()) {
    if (result.accepted[n] !== true) continue;
    const e = call.peek(i);
    if (e !== 0) db.remove(e);
    call.changed(i, EventClass.Generic, 'del');
    deleted.push(args.view(i));
  }
  if (deleted.length > 0) call.propagateAs('DEL', ...deleted);
  const { error, failure } = result;
  if (error !== undefined) reply.error(`ERR Target instance replied with error: ${error}`);
  else if (failure !== undefined) reply.error(FAILED[failure]);
  else reply.ok();
}

/** What has the target make the key. */
function restoreRequest(call: Call, i: number, e: number, replaces: boolean): Uint8Array {
  const { args, db, server } = call;
  const name = server.config.values['cluster-enabled'] ? 'RESTORE-ASKING' : 'RESTORE';
  const expiry = db.expiryExact(e);
  const left = expiry === -1n ? 0n : expiry - BigInt(call.now);
  const ttl = expiry !== -1n && left < 1n ? 1n : left;
  const payload = server.persistence.serialize(db, e);
  const words = [name, args.view(i), String(ttl), payload];
  return encodeRequest(...words, ...(replaces ? ['REPLACE'] : []));
}

/** @returns undefined if they are no options */
function readOptions(args: Args): Options | undefined {
  const options: Options = {
    copies: false,
    replaces: false,
    credentials: [],
    first: KEY,
    end: KEY + 1,
  };
  for (let i = FIRST_OPTION; i < args.count; i++) {
    const left = args.count - 1 - i;
    if (args.is(i, 'COPY')) options.copies = true;
    else if (args.is(i, 'REPLACE')) options.replaces = true;
    else if (args.is(i, 'AUTH') && left >= 1) options.credentials = [++i];
    else if (args.is(i, 'AUTH2') && left >= 2) options.credentials = [++i, ++i];
    else if (args.is(i, 'KEYS')) {
      options.first = i + 1;
      options.end = args.count;
      break;
    } else return undefined;
  }
  return options;
}

/** As Redis has it: what is no option is passed over; keys in both places are none, for that is an error. */
function migratedKeys(args: Args): readonly KeyPosition[] {
  let first = KEY;
  let end = KEY + 1;
  for (let i = FIRST_OPTION; i < args.count; i++) {
    if (args.is(i, 'AUTH')) i++;
    else if (args.is(i, 'AUTH2')) i += 2;
    else if (args.is(i, 'KEYS')) {
      first = i + 1;
      end = args.len(KEY) > 0 ? first : args.count;
      break;
    }
  }
  const positions: KeyPosition[] = [];
  for (let index = first; index < end; index++) {
    positions.push({ index, flags: KEY_FLAGS });
  }
  return positions;
}
