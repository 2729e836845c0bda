/**
 * Runs command handlers without a server: no sockets, no event loop, a clock that stands.
 *
 * What a handler does to others cannot be seen in its reply: what it has propagated, what it
 * notifies, how a value is encoded. Here all of it is plain data:
 *
 *     const rig = new HandlerRig(stringCommands);
 *     rig.run('SET k v EX 10');     // '+OK\r\n'
 *     rig.propagated;               // ['SET k v PXAT 1700000010000']
 *     rig.events;                   // ['n new k', '$ set k', 'g expire k']
 *
 * The arena checks every free, so a handler that corrupts memory fails its test.
 */
import { tmpdir } from 'node:os';
import { EventClass, type KeyspaceObserver } from '../../src/keyspace/events.js';
import { Keyspace } from '../../src/keyspace/keyspace.js';
import { encodingName, Kind } from '../../src/keyspace/kinds.js';
import { Args } from '../../src/resp/args.js';
import { ReplyError } from '../../src/resp/reply-error.js';
import { ReplyWriter } from '../../src/resp/reply-writer.js';
import type { KeyWait } from '../../src/server/api/blocking.js';
import { Call } from '../../src/server/api/call.js';
import type { Client } from '../../src/server/api/client.js';
import type { CommandSpec } from '../../src/server/api/command.js';
import type { ServerApi } from '../../src/server/api/server.js';
import { CommandTableImpl } from '../../src/server/command-table.js';
import { Config } from '../../src/server/config/config.js';
import type { DirectiveOptions } from '../../src/server/config/directives.js';
import { nodeFiles } from '../../src/server/config/node-files.js';
import { followEncodings } from '../../src/server/follow-config.js';

/** What the clock says at first, Unix ms. */
export const RIG_START_MS = 1_700_000_000_000;

const EVENT_LETTERS = new Map<number, string>([
  [EventClass.Generic, 'g'],
  [EventClass.String, '$'],
  [EventClass.List, 'l'],
  [EventClass.Set, 's'],
  [EventClass.Hash, 'h'],
  [EventClass.Zset, 'z'],
  [EventClass.Stream, 't'],
  [EventClass.New, 'n'],
  [EventClass.Expired, 'x'],
  [EventClass.KeyMiss, 'm'],
]);

export class HandlerRig {
  /** Unix ms. */
  now = RIG_START_MS;
  /** Notifications of the last command: class letter, name, key. */
  events: string[] = [];
  /** Keys that the last command told to have changed, in order. */
  changedKeys: string[] = [];
  /** What the last command propagates, blanks between arguments. */
  propagated: string[] = [];
  /** What the last command propagates for fields that were due. */
  expiredFields: string[] = [];
  /** What commands have waited for, in order. */
  readonly waits: KeyWait[] = [];
  readonly keyspace: Keyspace;
  readonly call: Call;
  private readonly commands: CommandTableImpl;
  private readonly reply = new ReplyWriter();

  constructor(specs: readonly CommandSpec[], options: DirectiveOptions = {}) {
    this.commands = new CommandTableImpl(specs);
    this.keyspace = new Keyspace({ databases: 16, random: () => 0.5, debugArena: true });
    this.keyspace.observer = this.observer();
    this.keyspace.observed = true;
    const config = new Config({ workingDirectory: tmpdir(), directories: nodeFiles() });
    for (const [name, value] of Object.entries(options)) {
      config.initialize(name as 'databases', value as number);
    }
    followEncodings(config, this.keyspace.limits);
    const blocking = { block: (_: Call, wait: KeyWait) => void this.waits.push(wait) };
    const persistence = { flushed: () => {} };
    const server = { config, blocking, persistence } as unknown as ServerApi;
    this.call = new Call(server, this.keyspace, this.reply);
    this.call.client = { flags: 0, db: this.keyspace.databases[0] } as Client;
    this.call.propagating = true;
  }

  /**
   * Runs one command on database 0.
   * @param request words with blanks between them, or arguments (latin1)
   * @returns the reply's bytes as latin1
   */
  run(request: string | readonly (string | Uint8Array)[]): string {
    const { call, reply } = this;
    const words = typeof request === 'string' ? request.split(' ') : request;
    const args = Args.from(words);
    let command = this.commands.find(args.buf, args.off(0), args.len(0));
    if (command?.subcommands !== undefined && args.count > 1) {
      command = this.commands.findSubcommand(command, args.buf, args.off(1), args.len(1));
    }
    if (command === undefined) throw new Error(`There is no command ${words[0]}.`);
    this.events = [];
    this.changedKeys = [];
    this.expiredFields = [];
    call.args = args;
    call.db = this.keyspace.databases[0]!;
    call.command = command;
    call.now = this.now;
    call.rewritten = undefined;
    const dirty = call.dirty;
    reply.rewind();
    reply.open(false);
    try {
      command.run(call);
    } catch (error) {
      if (!(error instanceof ReplyError)) throw error;
      reply.error(error);
    }
    this.propagated = call.dirty === dirty ? [] : toPropagate(call);
    return Buffer.concat(reply.take()).toString('latin1');
  }

  /** Stores a hash (its content is of no interest) under a key that has no entry. */
  addHash(key: string): void {
    const name = Buffer.from(key, 'latin1');
    const db = this.keyspace.databases[0]!;
    const value = Buffer.from('not a string');
    db.addRaw(name, 0, name.length, 0, Kind.HashListpack, value, 0, value.length);
  }

  /** OBJECT ENCODING's answer, `none` for no key. */
  encoding(key: string): string {
    const e = this.find(key);
    return e === 0 ? 'none' : encodingName(this.call.db.kind(e));
  }

  /** When the key expires, Unix ms; -1n: never, or no such key. */
  expiry(key: string): bigint {
    const e = this.find(key);
    return e === 0 ? -1n : this.call.db.expiryExact(e);
  }

  /** Changes counted so far. */
  get dirty(): number {
    return this.call.dirty;
  }

  private find(key: string): number {
    const bytes = Buffer.from(key, 'latin1');
    return this.keyspace.databases[0]!.find(bytes, 0, bytes.length, 0);
  }

  private observer(): KeyspaceObserver {
    return {
      keyChanged: (_db, key) => this.changedKeys.push(latin1(key)),
      keyEvent: (_db, eventClass, event, key) => {
        const letter = EVENT_LETTERS.get(eventClass) ?? '?';
        this.events.push(`${letter} ${event} ${latin1(key)}`);
      },
      flushed: (db) => this.events.push(db === undefined ? 'flushed' : `flushed ${db.index}`),
      swapped: (a, b) => this.events.push(`swapped ${a.index} ${b.index}`),
      keyExpired: () => {},
      keyEvicted: () => {},
      fieldExpired: (_db, key, field) =>
        this.expiredFields.push(`HDEL ${latin1(key)} ${latin1(field)}`),
    };
  }
}

function toPropagate(call: Call): string[] {
  const { args } = call;
  const request = Array.from({ length: args.count }, (_, i) => args.view(i));
  return (call.rewritten ?? [request]).map((words) =>
    words.map((word) => (typeof word === 'string' ? word : latin1(word))).join(' '),
  );
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('latin1');
}
