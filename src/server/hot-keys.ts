/**
 * Hot keys: which keys take most of the server's time, and most of its network traffic.
 *
 * While a session is on, ServerGate.HotKeys is set and each command, or by chance one in so many, is
 * looked at: its time and its bytes (request and reply) are shared out evenly among its keys and added
 * up in two sketches (heavy-hitters.ts). A command in a script counts as the script's.
 *
 * A reading of the clock costs a tenth of a GET. So the constant-time commands of a pipeline, which the
 * executor times as one run, share the run's time here, too; one that moves much data has more of it
 * than others:
 *
 *     run      GET a | GET b | GET c (4 KB) | GET a        7 us
 *     weights    1       1         5            1      -> a: 1.75 us, b: 0.9 us, c: 4.4 us
 *
 * Source: https://redis.io/docs/latest/commands/hotkeys/ (Redis 8.6)
 */
import { DOUBLE_FIELD } from '../datastructs/double-field.js';
import { HeavyHitters } from '../datastructs/heavy-hitters.js';
import type { SipHasher } from '../datastructs/siphash.js';
import type { Args } from '../resp/args.js';
import type { TimerHandle } from './api/clock.js';
import type { HotKeysApi, HotKeysOptions, HotKeysReport } from './api/hot-keys.js';
import { keyPositions } from './api/keys.js';
import type { ServerClock } from './clock.js';
import type { RegisteredCommand } from './command-table.js';
import type { Stats } from './stats.js';

export interface HotKeysParts {
  readonly clock: ServerClock;
  /** A session has begun, or ended: whether commands are to be told from now on. */
  onActive(isActive: boolean): void;
  readonly stats: Stats;
  /** Of keys. */
  readonly hasher: SipHasher;
  readonly random: () => number;
}

const MICROS_PER_MS = 1000;
/** Of an argument on the wire, besides its bytes: `$12\r\n` and `\r\n`, about. */
const ARGUMENT_BYTES = 6;
/** Of the time of a run, a command has as much for each so many bytes as for being there at all. */
const BYTES_PER_WEIGHT = 1024;

/** What was counted of the whole server and process when a session began, or ended. */
class Totals {
  readonly micros: number;
  readonly bytes: number;
  readonly ms: number;
  private readonly cpu = process.cpuUsage();

  constructor({ stats, clock }: HotKeysParts) {
    this.micros = stats.commandMicros;
    this.bytes = stats.netInputBytes + stats.netOutputBytes;
    this.ms = clock.now();
  }

  get userMs(): number {
    return this.cpu.user / MICROS_PER_MS;
  }

  get systemMs(): number {
    return this.cpu.system / MICROS_PER_MS;
  }
}

class Session {
  readonly byCpu: HeavyHitters | undefined;
  readonly byNet: HeavyHitters | undefined;
  readonly begin: Totals;
  /** Once it has ended. */
  end: Totals | undefined = undefined;

  constructor(
    parts: HotKeysParts,
    readonly options: HotKeysOptions,
  ) {
    this.byCpu = options.byCpu ? new HeavyHitters(options.count) : undefined;
    this.byNet = options.byNet ? new HeavyHitters(options.count) : undefined;
    this.begin = new Totals(parts);
  }
}

/** The commands of a run that were looked at, of which the time is not yet known. */
class Run {
  length = 0;
  readonly commands: RegisteredCommand[] = [];
  /** Where their arguments are in the batch. */
  readonly bases: number[] = [];
  readonly counts: number[] = [];
  readonly bytes: number[] = [];
  /** Of all commands of the run. */
  weight = DOUBLE_FIELD;

  constructor() {
    this.weight = 0;
  }

  clear(): void {
    this.length = 0;
    this.weight = 0;
  }
}

export class HotKeys implements HotKeysApi {
  private session: Session | undefined = undefined;
  private timer: TimerHandle | undefined = undefined;
  /** Commands until the next is looked at. */
  private untilSample = 0;
  private readonly run = new Run();

  constructor(private readonly parts: HotKeysParts) {}

  get isActive(): boolean {
    return this.session !== undefined && this.session.end === undefined;
  }

  start(options: HotKeysOptions): void {
    const { clock, onActive } = this.parts;
    this.session = new Session(this.parts, options);
    this.untilSample = this.gap(options.sampleRatio);
    this.run.clear(); // that of the request which has ended the last session
    onActive(true);
    if (options.durationMs > 0) {
      this.timer = clock.setTimer(() => this.stop(), options.durationMs);
    }
  }

  stop(): void {
    const { session, parts } = this;
    if (session === undefined || session.end !== undefined) return;
    session.end = new Totals(parts);
    parts.onActive(false);
    parts.clock.clearTimer(this.timer);
    this.timer = undefined;
  }

  reset(): void {
    this.stop();
    this.session = undefined;
  }

  /** Whether the command that is about to run is to be looked at, and told of. */
  takes(): boolean {
    if (--this.untilSample > 0) return false;
    this.untilSample = this.gap(this.session!.options.sampleRatio);
    return true;
  }

  /** A command has run that takes() named. @param replyBytes of its reply */
  note(command: RegisteredCommand, args: Args, micros: number, replyBytes: number): void {
    this.count(command, args, micros, requestBytes(args) + replyBytes);
  }

  /**
   * A command has run that is timed together with others: `noteRun` follows, and finds its arguments
   * where they are. @param isTaken whether takes() named it
   */
  noteLater(command: RegisteredCommand, args: Args, replyBytes: number, isTaken: boolean): void {
    const { run } = this;
    const bytes = requestBytes(args) + replyBytes;
    run.weight += weightOf(bytes);
    if (!isTaken) return;
    const i = run.length++;
    run.commands[i] = command;
    run.bases[i] = args.base;
    run.counts[i] = args.count;
    run.bytes[i] = bytes;
  }

  /** All of those have taken so long. @param args of their batch */
  noteRun(args: Args, micros: number): void {
    const { run } = this;
    const { base, count } = args;
    for (let i = 0; i < run.length; i++) {
      args.base = run.bases[i]!;
      args.count = run.counts[i]!;
      const bytes = run.bytes[i]!;
      this.count(run.commands[i]!, args, (micros * weightOf(bytes)) / run.weight, bytes);
    }
    args.base = base;
    args.count = count;
    run.clear();
  }

  /** Allocates nothing for commands whose keys are at fixed places; guarded by `npm run bench`. */
  private count(command: RegisteredCommand, args: Args, micros: number, bytes: number): void {
    const { session } = this;
    if (session === undefined || session.end !== undefined) return;
    const { keyFirst, keyStep, spec } = command;
    if (command.movableKeys || keyFirst === 0 || spec.group === 'pubsub') {
      const keys = keyPositions(spec, args);
      for (const { index } of keys) {
        this.add(session, args, index, micros / keys.length, bytes / keys.length);
      }
      return;
    }
    const last = command.keyLast < 0 ? args.count + command.keyLast : command.keyLast;
    const n = Math.floor((last - keyFirst) / keyStep) + 1;
    for (let i = keyFirst; i <= last; i += keyStep) {
      this.add(session, args, i, micros / n, bytes / n);
    }
  }

  private add(session: Session, args: Args, i: number, micros: number, bytes: number): void {
    const { buf } = args;
    const off = args.off(i);
    const len = args.len(i);
    const known = args.hash(i);
    const hash = known === 0 ? this.parts.hasher.hash(buf, off, len) : known;
    const { byCpu, byNet } = session;
    if (byCpu !== undefined && micros > 0) byCpu.add(buf, off, len, hash, micros);
    if (byNet !== undefined) byNet.add(buf, off, len, hash, bytes);
  }

  report(): HotKeysReport | undefined {
    const { session } = this;
    if (session === undefined) return undefined;
    const { begin, byCpu, byNet, options } = session;
    const end = session.end ?? new Totals(this.parts);
    return {
      options,
      isActive: this.isActive,
      startMs: begin.ms,
      durationMs: end.ms - begin.ms,
      allMicros: end.micros - begin.micros,
      allBytes: end.bytes - begin.bytes,
      cpuUserMs: end.userMs - begin.userMs,
      cpuSystemMs: end.systemMs - begin.systemMs,
      netBytes: byNet?.total ?? 0,
      byCpu: byCpu?.top() ?? [],
      byNet: byNet?.top() ?? [],
    };
  }

  /** To the next command that is looked at, each with the same probability. */
  private gap(ratio: number): number {
    if (ratio === 1) return 1;
    const gap = Math.ceil(Math.log(1 - this.parts.random()) / Math.log(1 - 1 / ratio));
    return Math.max(1, gap);
  }
}

/** What share of its run's time a command has. */
function weightOf(bytes: number): number {
  return 1 + bytes / BYTES_PER_WEIGHT;
}

function requestBytes(args: Args): number {
  let bytes = 0;
  for (let i = 0; i < args.count; i++) bytes += args.len(i) + ARGUMENT_BYTES;
  return bytes;
}
