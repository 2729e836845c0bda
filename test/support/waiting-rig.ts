/**
 * A server with clients in memory and a clock that stands, for tests of waiting.
 *
 * It has all commands, and a family of its own that waits in every way there is, on a type as simple
 * as can be: a string of letters, which the server takes for a list.
 *
 *     wpush key letters              adds letters at the end; replies with the length
 *     wpop key [key ...] timeout     takes the first letter of the first key that has one
 *     wmove source target timeout    takes the first letter of one key to the end of another
 *     wtake key n timeout            takes n letters at once; looks at deletions: NOGROUP
 *
 * Tests that use it say nothing of BLPOP's own details, and need no list.
 */
import { tmpdir } from 'node:os';
import type { Duplex } from 'node:stream';
import { parseTimeout } from '../../src/commands/block-timeout.js';
import { allCommands } from '../../src/commands/index.js';
import { Kind, KindSet } from '../../src/keyspace/kinds.js';
import { ReplyError } from '../../src/resp/reply-error.js';
import type { Call } from '../../src/server/api/call.js';
import type { CommandFlag, CommandSpec } from '../../src/server/api/command.js';
import { ManualClock } from '../../src/server/clock.js';
import { Config } from '../../src/server/config/config.js';
import type { DirectiveOptions } from '../../src/server/config/directives.js';
import { nodeFiles } from '../../src/server/config/node-files.js';
import { Server } from '../../src/server/server.js';
import type { ServerOptions } from '../../src/server/server-options.js';
import { silentLog } from '../../src/server/silent-log.js';
import { pair } from '../fuzz/connection.js';

/** Turns of the event loop in which a request and its reply have gone through memory. */
const TURNS = 4;
const GONE = new ReplyError('NOGROUP the key is gone');

export class WaitingRig {
  readonly clock = new ManualClock(1_700_000_000_000);
  readonly server: Server;
  private readonly clients: RigClient[] = [];

  constructor(directives: DirectiveOptions = {}, options: Partial<ServerOptions> = {}) {
    const config = new Config({ workingDirectory: tmpdir(), directories: nodeFiles() });
    for (const [name, value] of Object.entries(directives)) {
      config.initialize(name as 'databases', value as number);
    }
    const { clock } = this;
    const commands = [...allCommands, ...waitingCommands];
    this.server = new Server({
      config,
      clock,
      log: silentLog,
      debugArena: true,
      commands,
      ...options,
    });
  }

  connect(): RigClient {
    const [mine, its] = pair();
    this.server.attach(its);
    const client = new RigClient(mine);
    this.clients.push(client);
    return client;
  }

  /** Lets all that is under way happen. */
  async settle(): Promise<void> {
    for (let i = 0; i < TURNS; i++) await new Promise((next) => setImmediate(next));
  }

  /** Moves time on. */
  async advance(ms: number): Promise<void> {
    this.clock.advance(ms);
    await this.settle();
  }

  /** Sends requests in one piece and gives all that has been answered since the last time. */
  async ask(client: RigClient, ...requests: string[]): Promise<string> {
    client.send(...requests);
    await this.settle();
    return client.taken();
  }

  /** A field of INFO. */
  info(section: string, field: string): string | undefined {
    const text = this.server.info.render([section]);
    return new RegExp(`^${field.replace('|', '\\|')}:(.*)\r$`, 'm').exec(text)?.[1];
  }

  async close(): Promise<void> {
    for (const client of this.clients) client.hangUp();
    await this.server.stop();
  }
}

export class RigClient {
  /** Whether the server has ended the connection. */
  isEnded = false;
  private text = '';

  constructor(private readonly stream: Duplex) {
    stream.on('data', (chunk: Buffer) => (this.text += chunk.toString('latin1')));
    stream.on('error', () => {});
    stream.on('end', () => (this.isEnded = true));
  }

  /** Sends inline requests. */
  send(...requests: string[]): void {
    this.stream.write(requests.map((request) => `${request}\r\n`).join(''));
  }

  /** What has come since the last time: lines, with blanks between them. */
  taken(): string {
    const { text } = this;
    this.text = '';
    return text.trimEnd().replaceAll('\r\n', ' ');
  }

  /** Likewise, line by line. */
  takenLines(): string[] {
    const { text } = this;
    this.text = '';
    return text.split('\r\n').slice(0, -1);
  }

  hangUp(): void {
    this.stream.destroy();
  }
}

function command(
  name: string,
  arity: number,
  flags: CommandFlag[],
  run: (call: Call) => void,
): CommandSpec {
  return {
    name,
    summary: 'For tests.',
    since: '7.2.0',
    group: 'list',
    complexity: 'O(1)',
    arity,
    flags,
    reply: 'any',
    run,
  };
}

export const waitingCommands: readonly CommandSpec[] = [
  command('wpush', 3, ['write', 'fast'], (call) => {
    call.reply.int(push(call, 1, call.args.view(2)));
  }),
  command('wpop', -3, ['write', 'blocking'], (call) => {
    const { args, reply } = call;
    const deadlineMs = parseTimeout(call, args.count - 1);
    const keys = Array.from({ length: args.count - 2 }, (_, i) => i + 1);
    for (const i of keys) {
      const letter = take(call, i, 1);
      if (letter === undefined) continue;
      reply.array(2);
      reply.bulk(args.buf, args.off(i), args.len(i));
      reply.bulk(letter, 0, 1);
      call.propagateAs('wtake', args.bytes(i), '1', '0');
      return;
    }
    call.blockOnKeys({ keys, deadlineMs, nullReply: 'array' });
  }),
  command('wmove', 4, ['write', 'fast', 'blocking'], (call) => {
    const deadlineMs = parseTimeout(call, 3);
    call.writeKind(2, KindSet.List);
    const letter = take(call, 1, 1);
    if (letter === undefined) {
      call.blockOnKeys({ keys: [1], deadlineMs, nullReply: 'bulk' });
      return;
    }
    push(call, 2, letter);
    call.reply.bulk(letter, 0, 1);
  }),
  command('wtake', 4, ['write', 'blocking'], (call) => {
    const { args, reply } = call;
    const n = args.int(2);
    const deadlineMs = parseTimeout(call, 3);
    if (call.writeKind(1, KindSet.List) === 0) throw GONE;
    const letters = take(call, 1, n);
    if (letters !== undefined) reply.bulk(letters, 0, n);
    else call.blockOnKeys({ keys: [1], deadlineMs, nullReply: 'array', onDeletion: true });
  }),
];

/** Adds letters to a key. @returns how many it has then */
function push(call: Call, i: number, letters: Uint8Array): number {
  const { db } = call;
  const e = call.writeKind(i, KindSet.List);
  const before = e === 0 ? Buffer.alloc(0) : db.rawValue(e);
  const after = Buffer.concat([before, letters]);
  if (e === 0) {
    call.addRaw(i, Kind.ListListpack, after, 0, after.length);
  } else {
    db.resizeRaw(e, after.length);
    db.buf.set(after, db.off);
    call.signalReady(i);
  }
  call.dirty++;
  return after.length;
}

/** Takes `n` letters of a key, all or none. */
function take(call: Call, i: number, n: number): Buffer | undefined {
  const { db } = call;
  const e = call.writeKind(i, KindSet.List);
  if (e === 0) return undefined;
  const letters = db.rawValue(e);
  if (letters.length < n) return undefined;
  if (letters.length === n) {
    db.remove(e);
  } else {
    const rest = letters.subarray(n);
    db.resizeRaw(e, rest.length);
    db.buf.set(rest, db.off);
  }
  call.dirty++;
  return letters.subarray(0, n);
}
