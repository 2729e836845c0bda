/**
 * The requests of one client that were parsed together, and the commands they name.
 *
 *     buf      *3 $3 SET $1 k $1 v   *2 $3 GET $1 k      what has come, as it came
 *     reader   first 0, argc 3       first 3, argc 2     where the arguments stand
 *     commands SET                   GET                 looked up all at once
 *     args     a window on the arguments of the request that runs
 *
 * Before the first of them runs, the keys of all are hashed, and the memory that holds them is touched:
 * each of these loads misses the caches, but not one after the other. The hashes stay with the arguments.
 *
 * There is one batch per server: the next requests overwrite it. Nothing here allocates; guarded by
 * `npm run bench`.
 */
import { WARM_MAX } from '../../datastructs/dict.js';
import type { Database } from '../../keyspace/database.js';
import { Args } from '../../resp/args.js';
import { RequestReader } from '../../resp/request-reader.js';
import type { CommandTableImpl, RegisteredCommand } from '../command-table.js';
import { MemberWarmer } from './member-warmer.js';

export class Batch {
  readonly reader = new RequestReader();
  /** The arguments of the request that runs. */
  readonly args: Args;
  /** By request; undefined for an unknown name. */
  readonly commands: (RegisteredCommand | undefined)[] = [];

  private readonly members = new MemberWarmer();
  private readonly warmHashes = new Int32Array(WARM_MAX);

  constructor(private readonly table: CommandTableImpl) {
    const { reader } = this;
    this.args = new Args(reader.buf, reader.offs, reader.lens, reader.hashes);
  }

  /** Looks up the commands of what the reader has parsed. */
  open(): void {
    const { args, commands, reader, table } = this;
    const { buf, count, first, lens, offs } = reader;
    args.buf = buf;
    args.offs = offs;
    args.lens = lens;
    args.hashes = reader.hashes;
    // Pipelines often send one command again and again, which need not be looked up each time.
    let command: RegisteredCommand | undefined;
    let name = 0;
    let nameLen = 0;
    for (let i = 0; i < count; i++) {
      const at = first[i]!;
      const off = offs[at]!;
      if (lens[at] !== nameLen || !endsAlike(buf, name, off, nameLen)) {
        name = off;
        nameLen = lens[at]!;
        command = table.find(buf, name, nameLen);
      }
      commands[i] = command;
    }
  }

  /**
   * The subcommand that request `i` names of a container, which it takes the place of; the container
   * itself if it names none. To be called when `args` are that request's.
   */
  subcommand(i: number, container: RegisteredCommand): RegisteredCommand | undefined {
    const { args } = this;
    if (args.count < 2) return container;
    const command = this.table.findSubcommand(container, args.buf, args.off(1), args.len(1));
    this.commands[i] = command;
    return command;
  }

  /** Hashes the keys of the commands, and touches their memory. */
  warm(db: Database): void {
    const { commands, reader, warmHashes } = this;
    const { hasher } = db;
    const { argc, buf, count, first, hashes, lens, offs } = reader;
    let warmed = 0;
    // The key before: pipelines often name the same one again, which need not be hashed twice.
    let before = 0;
    let beforeLen = -1;
    for (let i = 0; i < count; i++) {
      const command = commands[i];
      if (command === undefined) continue;
      const { keyFirst, keyStep } = command;
      if (keyFirst === 0) continue;
      const n = argc[i]!;
      const last = command.keyLast < 0 ? n + command.keyLast : command.keyLast;
      const base = first[i]!;
      for (let k = keyFirst; k <= last && k < n && warmed < WARM_MAX; k += keyStep) {
        const off = offs[base + k]!;
        const len = lens[base + k]!;
        if (len === beforeLen && endsAlike(buf, before, off, len)) {
          hashes[base + k] = warmHashes[warmed - 1]!;
          continue;
        }
        const hash = hasher.hash(buf, off, len);
        hashes[base + k] = hash;
        warmHashes[warmed++] = hash;
        before = off;
        beforeLen = len;
      }
    }
    if (warmed > 1) db.dict.warm(warmHashes, warmed);
    this.members.warm(reader, commands, db);
  }
}

/** Whether two words are the same, compared from their ends: where most keys differ. */
function endsAlike(buf: Uint8Array, a: number, b: number, len: number): boolean {
  for (let i = len - 1; i >= 0; i--) if (buf[a + i] !== buf[b + i]) return false;
  return true;
}
