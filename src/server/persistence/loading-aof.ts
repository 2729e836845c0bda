/**
 * An append-only log as something to be loaded (loading.ts): its files are read by AofLoad, its commands
 * run (replay.ts) for a client that has no connection.
 *
 * Between MULTI and EXEC commands are queued as for any client, so of a transaction that a file breaks
 * off in nothing is carried out. Commands are not checked again (they were when they were new), and their
 * replies are dropped; a command that answers with an error now is a bug somewhere, and is reported.
 *
 * Source: loadSingleAppendOnlyFile and afterErrorReply in Redis 7.2.
 */
import type { PreambleReader } from '../../persistence/aof/file-reader.js';
import type { AofFiles } from '../../persistence/aof/files.js';
import { AofLoad, type LoadResult } from '../../persistence/aof/load.js';
import type { Manifest } from '../../persistence/aof/manifest.js';
import type { ManifestStore } from '../../persistence/aof/manifest-store.js';
import type { Args } from '../../resp/args.js';
import type { Call } from '../api/call.js';
import { ClientFlag } from '../api/client.js';
import type { Log } from '../api/log.js';
import type { ClientImpl } from '../client.js';
import type { CommandTableImpl, RegisteredCommand } from '../command-table.js';
import { isQueued } from '../transaction.js';
import type { LoadOutcome, LoadSource } from './loading.js';
import { describeFault, RdbIntake, type RdbLoadParts } from './loading-rdb.js';
import type { LogReplay } from './replay.js';

export interface AofLoadingParts {
  readonly rdb: RdbLoadParts;
  readonly commands: CommandTableImpl;
  readonly replay: LogReplay;
  scripts(): ReplayedScripts;
  /** A client without a connection. */
  makeClient(): ClientImpl;
  /** Has a client forget the transaction that it is in. */
  dropTransaction(client: ClientImpl): void;
  /** A command has answered with an error: the server may be told to end then. */
  onUnexpectedError(command: string): void;
}

/** Scripts that a log runs: one that takes its time is left, so that others are served. */
export interface ReplayedScripts {
  leavesReplay: boolean;
  readonly isReplayLeft: boolean;
  goOnReplaying(call: Call): void;
}

/** The files of a log, as they were found. */
export interface AofOnDisk {
  readonly files: AofFiles;
  readonly store: ManifestStore;
  readonly manifest: Manifest;
}

/** So many commands make a piece. */
const COMMANDS = 128;
/** Of an error, so much is logged. */
const ERROR_SHOWN = 4096;

export class AofLogLoad implements LoadSource {
  itemsRead = 0;
  /** Changes that its commands have made so far. */
  changes = 0;
  private readonly load: AofLoad;
  private intake: RdbIntake | undefined = undefined;
  private readonly client: ClientImpl;
  /** A command whose script was left. */
  private left: RegisteredCommand | undefined = undefined;
  /** Why it can't be loaded: the last warning. */
  private reason = '';

  constructor(
    private readonly parts: AofLoadingParts,
    { files, store, manifest }: AofOnDisk,
  ) {
    const { config, clock } = parts.rdb;
    this.client = parts.makeClient();
    // As a master's, its commands were allowed once and must be obeyed.
    this.client.flags |= ClientFlag.Master;
    this.load = new AofLoad({
      files,
      store,
      manifest,
      loadTruncated: config.values['aof-load-truncated'],
      newPreamble: (totalBytes) => this.newPreamble(totalBytes),
      log: (level, message) => this.log(level, message),
      micros: () => clock.micros(),
    });
  }

  get totalBytes(): number {
    return this.load.sizes.total;
  }

  /** Bytes of the base file, from which the log's growth is reckoned. */
  get baseBytes(): number {
    return this.load.sizes.base;
  }

  get result(): LoadResult | undefined {
    return this.load.result;
  }

  get bytesRead(): number {
    return this.load.bytesRead;
  }

  get keysLoaded(): number {
    return this.intake?.reader.keys ?? 0;
  }

  get keysExpired(): number {
    return this.intake?.reader.expired ?? 0;
  }

  get usedMemory(): number {
    return this.intake?.usedMemory ?? 0;
  }

  step(maxBytes: number): LoadOutcome | undefined {
    const { replay } = this.parts;
    const until = this.bytesRead + maxBytes;
    replay.begin();
    try {
      if (this.left !== undefined) {
        this.goOn(this.left);
        return undefined;
      }
      for (let i = 0; i < COMMANDS && this.bytesRead <= until; i++) {
        switch (this.load.step()) {
          case 'command':
            this.itemsRead++;
            this.runCommand(this.load.args);
            if (this.left !== undefined) return undefined;
            break;
          case 'preamble':
            this.itemsRead = this.keysLoaded;
            return undefined;
          case 'file':
            this.beginFile();
            break;
          default:
            return this.outcome();
        }
      }
      return undefined;
    } finally {
      this.changes += replay.end();
    }
  }

  close(): void {
    this.parts.dropTransaction(this.client);
    if (this.load.result === undefined) this.load.abort();
    this.client.transport.destroy();
  }

  private outcome(): LoadOutcome {
    switch (this.load.result) {
      case 'failed':
        return { kind: 'failed', reason: this.reason };
      case 'empty':
        return { kind: 'nothing' };
      default:
        return { kind: 'loaded' };
    }
  }

  private beginFile(): void {
    const { client, parts } = this;
    parts.dropTransaction(client);
    client.db = parts.rdb.keyspace.databases[0]!;
  }

  /** RDB data of a log keep keys that are due: the commands behind count on them. */
  private newPreamble(totalBytes: number): PreambleReader {
    const intake = new RdbIntake(this.parts.rdb, {
      totalBytes,
      keepsExpired: true,
      replaces: false,
    });
    this.intake = intake;
    return new LoggedPreamble(intake, this.parts.rdb.log);
  }

  private runCommand(args: Args): void {
    const { client, parts } = this;
    const command = find(parts.commands, args);
    if (command === undefined) {
      this.fail(
        `Unknown command '${args.text(0)}' reading the append only file ${this.load.fileName}`,
      );
      return;
    }
    if (args.count < command.minArgs || args.count > command.maxArgs) {
      this.fail(
        `Wrong number of arguments for '${command.fullName}' reading the append only file ` +
          this.load.fileName,
      );
      return;
    }
    if (client.transaction !== undefined && isQueued(command)) {
      client.transaction.add(command, args, command.bits);
      return;
    }
    // What a transaction runs has to be done at one go.
    parts.scripts().leavesReplay = client.transaction === undefined;
    const error = parts.replay.run(client, command, args);
    parts.scripts().leavesReplay = false;
    this.settle(command, error);
  }

  /** Goes on with a script. */
  private goOn(command: RegisteredCommand): void {
    const { client, load, parts } = this;
    const goOn = (call: Call) => parts.scripts().goOnReplaying(call);
    this.settle(command, parts.replay.run(client, command, load.args, goOn));
  }

  private settle(command: RegisteredCommand, error: string | undefined): void {
    this.left = this.parts.scripts().isReplayLeft ? command : undefined;
    if (error !== undefined) this.tellError(command.fullName, error);
  }

  private tellError(command: string, error: string): void {
    this.log(
      'warning',
      '== CRITICAL == This server is sending an error to its AOF-loading-client: ' +
        `'${error.slice(0, ERROR_SHOWN)}' after processing the command '${command}'`,
    );
    this.parts.onUnexpectedError(command);
  }

  private fail(message: string): void {
    this.log('warning', message);
    this.load.abort();
  }

  private log(level: 'notice' | 'warning', message: string): void {
    if (level === 'warning') this.reason = message;
    this.parts.rdb.log[level](message);
  }
}

/** Reads RDB data, and says in the log when they are done. */
class LoggedPreamble implements PreambleReader {
  constructor(
    private readonly intake: RdbIntake,
    private readonly log: Log,
  ) {}

  get offset() {
    return this.intake.reader.offset;
  }

  get fault() {
    return this.intake.reader.fault;
  }

  read(chunk: Uint8Array) {
    return this.told(this.intake.reader.read(chunk));
  }

  end() {
    return this.told(this.intake.reader.end());
  }

  private told(progress: 'more' | 'done' | 'fault') {
    const { fault } = this;
    if (progress === 'done') this.intake.logDone();
    if (fault !== undefined) {
      this.log.warning(`Internal error in RDB reading ${describeFault(fault)}`);
    }
    return progress;
  }
}

/** The command that these arguments name; a container's subcommand where it has one of that name. */
function find(commands: CommandTableImpl, args: Args): RegisteredCommand | undefined {
  const command = commands.find(args.buf, args.off(0), args.len(0));
  if (command?.subcommands === undefined || args.count < 2) return command;
  return commands.findSubcommand(command, args.buf, args.off(1), args.len(1));
}
