/**
 * Hot keys: which keys take most of the server's time, and most of its network traffic.
 *
 * While a session is on, ServerGate.HotKeys is set and each command, or by chance one in so many, is
 * timed by itself; its time and its bytes (request and reply) are shared out evenly among its keys
 * and added up in two sketches (heavy-hitters.ts). A command in a script counts as the script's.
 *
 * Source: https://redis.io/docs/latest/commands/hotkeys/ (Redis 8.6)
 */
import { HeavyHitters, hashOf } from '../datastructs/heavy-hitters.js';
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
  readonly random: () => number;
}

const MICROS_PER_MS = 1000;
/** Of an argument on the wire, besides its bytes: `$12\r\n` and `\r\n`, about. */
const ARGUMENT_BYTES = 6;

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
  /** Of both, so that a key is hashed once. */
  readonly seed: number;
  readonly byCpu: HeavyHitters | undefined;
  readonly byNet: HeavyHitters | undefined;
  readonly begin: Totals;
  /** Once it has ended. */
  end: Totals | undefined = undefined;

  constructor(
    parts: HotKeysParts,
    readonly options: HotKeysOptions,
  ) {
    this.seed = Math.floor(parts.random() * 0x7fffffff);
    const { seed } = this;
    this.byCpu = options.byCpu ? new HeavyHitters(options.count, seed) : undefined;
    this.byNet = options.byNet ? new HeavyHitters(options.count, seed) : undefined;
    this.begin = new Totals(parts);
  }
}

export class HotKeys implements HotKeysApi {
  private session: Session | undefined = undefined;
  private timer: TimerHandle | undefined = undefined;
  /** Commands until the next is looked at. */
  private untilSample = 0;

  constructor(private readonly parts: HotKeysParts) {}

  get isActive(): boolean {
    return this.session !== undefined && this.session.end === undefined;
  }

  start(options: HotKeysOptions): void {
    const { clock, onActive } = this.parts;
    this.session = new Session(this.parts, options);
    this.untilSample = this.gap(options.sampleRatio);
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

  /** Whether the command that is about to run is to be timed, and told to `note`. */
  takes(): boolean {
    if (--this.untilSample > 0) return false;
    this.untilSample = this.gap(this.session!.options.sampleRatio);
    return true;
  }

  /** A command has run. @param replyBytes of its reply */
  note(command: RegisteredCommand, args: Args, micros: number, replyBytes: number): void {
    const { session } = this;
    if (session === undefined || session.end !== undefined) return;
    const keys = keyPositions(command.spec, args);
    if (keys.length === 0) return;
    const microsEach = micros / keys.length;
    const bytesEach = (requestBytes(args) + replyBytes) / keys.length;
    for (const { index } of keys) {
      const key = args.view(index);
      const text = key.toString('latin1');
      const hash = hashOf(key, session.seed);
      if (microsEach > 0) session.byCpu?.addHashed(text, hash, microsEach);
      session.byNet?.addHashed(text, hash, bytesEach);
    }
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

function requestBytes(args: Args): number {
  let bytes = 0;
  for (let i = 0; i < args.count; i++) bytes += args.len(i) + ARGUMENT_BYTES;
  return bytes;
}
