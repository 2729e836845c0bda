/**
 * Rewrites of the append-only file: when one begins, and what becomes of it.
 *
 *     asked for ──another snapshot is being written──> scheduled ──it is done──┐
 *         └─────────────────────────────────────────────────────────────────┬──┘
 *     the log has doubled (auto-aof-rewrite-percentage) ────────────────────┤
 *                                                                           v
 *      another incr file, the keys of this instant to a temporary file ──> base of the log
 *
 * After three failures in a row a rewrite is tried again only after 1, 2, 4 … 60 minutes, unless
 * somebody asks for it.
 *
 * The keys are written by whoever writes snapshots (BaseWriter); the files are the log's own business
 * (aof.ts).
 *
 * Source: aof.c and serverCron of Redis 7.2.
 */
import { AofError } from '../../persistence/aof/aof-error.js';
import type { AofFiles } from '../../persistence/aof/files.js';
import type { BaseFormat } from '../../persistence/aof/manifest.js';
import type { RewriteRequest } from '../api/append-only.js';
import type { Clock } from '../api/clock.js';
import type { Config } from '../api/config.js';
import type { Log } from '../api/log.js';
import type { AppendOnlyFile } from './aof.js';

/** How the writing of a base has ended: all of it is on the disk, at `path`; or nothing is left of it. */
export type BaseOutcome =
  | { readonly kind: 'written'; readonly path: string }
  | { readonly kind: 'failed' }
  /** Somebody killed the worker. */
  | { readonly kind: 'killed'; readonly signal: number };

/** A base that is being written. */
export interface BaseJob {
  /** The worker's process. */
  readonly pid: number;
  /** Has it end soon; `onEnd` is not called then, and nothing is left of it. */
  stop(): void;
}

/** Writes the keys, as they are at the call, to a file, while the server goes on. */
export interface BaseWriter {
  /** Whether a snapshot is being written, for whatever purpose. */
  readonly isBusy: boolean;
  /** @returns undefined if it can't be begun: the log says why */
  start(format: BaseFormat, onEnd: (outcome: BaseOutcome) => void): BaseJob | undefined;
}

export interface AofRewriterParts {
  readonly clock: Clock;
  readonly config: Config;
  readonly files: AofFiles;
  readonly log: Log;
  readonly base: BaseWriter;
  readonly aof: AppendOnlyFile;
  /** Whether a transaction or script is under way. */
  isInUnit(): boolean;
}

const FAILURES_FREE = 3;
const DELAY_MAX_MINUTES = 60;
const MINUTE_MS = 60_000;

export class AofRewriter {
  /** aof_rewrite_scheduled of INFO. */
  isScheduled = false;
  /** aof_last_bgrewrite_status */
  hasFailed = false;
  /** aof_rewrites */
  count = 0;
  /** aof_rewrites_consecutive_failures */
  failures = 0;
  /** aof_last_rewrite_time_sec; -1: there was none. */
  lastSeconds = -1;

  /** What goes on: the log turns to another file, its base is written, or put in the old one's place. */
  private phase: 'none' | 'turning' | 'writing' | 'replacing' = 'none';
  /** Whoever waits for the end of 'turning'. */
  private onTurned: ((answer: RewriteRequest) => void) | undefined = undefined;
  private job: BaseJob | undefined = undefined;
  private startedMs = 0;
  private delayMinutes = 0;
  /** When the next try is due after failures, Unix ms; 0: not limited. */
  private retryMs = 0;

  constructor(private readonly parts: AofRewriterParts) {}

  /** aof_rewrite_in_progress */
  get isRunning(): boolean {
    return this.phase !== 'none';
  }

  /** aof_current_rewrite_time_sec; -1: there is none. */
  get currentSeconds(): number {
    return this.isRunning ? this.secondsSinceStart : -1;
  }

  resetCounters(): void {
    this.count = 0;
    this.failures = 0;
  }

  /** BGREWRITEAOF. @returns later, if it takes a moment until the base is being written */
  request(): RewriteRequest | Promise<RewriteRequest> {
    if (this.isRunning) return 'in progress';
    if (this.mustWait) {
      this.isScheduled = true;
      this.failures = 0;
      return 'scheduled';
    }
    if (!this.start()) return 'failed';
    if (this.phase !== 'turning') return 'started';
    return new Promise((resolve) => {
      this.onTurned = resolve;
    });
  }

  /** The log is switched on: it needs a base. @returns false if that can't be */
  requestFirst(): boolean {
    const { log } = this.parts;
    if (this.parts.base.isBusy && !this.isRunning) {
      this.isScheduled = true;
      log.notice(
        'AOF was enabled but there is already another background operation. An AOF background was ' +
          'scheduled to start when possible.',
      );
      return true;
    }
    if (this.parts.isInUnit()) {
      this.isScheduled = true;
      log.notice(
        'AOF was enabled during a transaction. An AOF background was scheduled to start when possible.',
      );
      return true;
    }
    if (this.isRunning) {
      log.notice(
        'AOF was enabled but there is already an AOF rewriting in background. Stopping background ' +
          'AOF and starting a rewrite now.',
      );
      this.stop();
      this.isScheduled = true;
      return true;
    }
    return this.start();
  }

  /** The log is switched off, or the server ends. */
  stop(): void {
    this.parts.aof.settle();
    const { job } = this;
    this.isScheduled = false;
    if (job === undefined) return;
    this.parts.log.notice(`Killing running AOF rewrite child: ${job.pid}`);
    job.stop();
    this.job = undefined;
    this.phase = 'none';
  }

  /** Each run of the cron: begins what is due. */
  tend(): void {
    if (this.mustWait) return;
    if (this.isScheduled) {
      if (!this.isLimited()) this.start();
      return;
    }
    const growth = this.growth();
    if (growth === undefined || this.isLimited()) return;
    this.parts.log.notice(`Starting automatic rewriting of AOF on ${growth}% growth`);
    this.start();
  }

  // ---- beginning

  private get mustWait(): boolean {
    return this.isRunning || this.parts.base.isBusy || this.parts.isInUnit();
  }

  /** By how many percent the log has grown, if that is reason to rewrite it. */
  private growth(): number | undefined {
    const { aof, config } = this.parts;
    const percentage = config.values['auto-aof-rewrite-percentage'];
    const { totalSize } = aof.writer;
    if (aof.state !== 'on' || percentage === 0) return undefined;
    if (totalSize <= config.values['auto-aof-rewrite-min-size']) return undefined;
    const growth = Math.floor((totalSize * 100) / (aof.rewriteBaseSize || 1)) - 100;
    return growth >= percentage ? growth : undefined;
  }

  private isLimited(): boolean {
    if (this.failures < FAILURES_FREE) {
      this.delayMinutes = 0;
      this.retryMs = 0;
      return false;
    }
    const now = this.parts.clock.now();
    if (this.retryMs !== 0) {
      if (now < this.retryMs) return true;
      this.retryMs = 0;
      return false;
    }
    this.delayMinutes = Math.min(DELAY_MAX_MINUTES, this.delayMinutes * 2 || 1);
    this.retryMs = now + this.delayMinutes * MINUTE_MS;
    this.parts.log.warning(
      'Background AOF rewrite has repeatedly failed and triggered the limit, will retry in ' +
        `${this.delayMinutes} minutes`,
    );
    return true;
  }

  /** @returns whether it is under way; if not, the log says why */
  private start(): boolean {
    const { aof, base, clock } = this.parts;
    if (base.isBusy) return false;
    if (!this.makeFolder()) {
      this.hasFailed = true;
      return false;
    }
    this.phase = 'turning';
    this.isScheduled = false;
    this.startedMs = clock.now();
    aof.beginIncr((hasBegun) => this.turned(hasBegun));
    return this.isRunning;
  }

  /** What is appended goes to another file now, or nothing has changed. */
  private turned(hasBegun: boolean): void {
    this.phase = 'none';
    const answer = hasBegun ? this.startBase() : 'failed';
    if (answer === 'failed') this.hasFailed = true;
    this.onTurned?.(answer);
    this.onTurned = undefined;
  }

  private startBase(): RewriteRequest {
    const { aof, base, log } = this.parts;
    if (this.mustWait) {
      this.isScheduled = true;
      return 'scheduled';
    }
    this.count++;
    const format = aof.baseFormat;
    const job = base.start(format, (outcome) => this.ended(format, outcome));
    if (job === undefined) {
      aof.dropIncr();
      return 'failed';
    }
    this.job = job;
    this.phase = 'writing';
    log.notice(`Background append only file rewriting started by pid ${job.pid}`);
    return 'started';
  }

  private makeFolder(): boolean {
    const { aof, log } = this.parts;
    try {
      aof.store.makeFolder();
      return true;
    } catch (error) {
      if (!(error instanceof AofError)) throw error;
      log.warning(error.message);
      return false;
    }
  }

  // ---- ending

  private ended(format: BaseFormat, outcome: BaseOutcome): void {
    const { aof, files, log } = this.parts;
    this.job = undefined;
    if (outcome.kind === 'written') {
      log.notice('Background AOF rewrite terminated with success');
      this.phase = 'replacing';
      aof.replaceBase(outcome.path, format, (isReplaced) => {
        if (isReplaced) {
          this.hasFailed = false;
          this.failures = 0;
          log.notice('Background AOF rewrite finished successfully');
        } else {
          this.failed();
          files.removeLater(outcome.path, () => {});
        }
        this.over();
      });
      return;
    }
    this.failed();
    if (outcome.kind === 'killed') {
      log.warning(`Background AOF rewrite terminated by signal ${outcome.signal}`);
    } else {
      log.warning('Background AOF rewrite terminated with error');
    }
    this.over();
  }

  private over(): void {
    const { aof } = this.parts;
    this.phase = 'none';
    if (aof.state === 'waiting') {
      aof.dropIncr();
      this.isScheduled = true;
    }
    this.lastSeconds = this.secondsSinceStart;
  }

  private failed(): void {
    this.hasFailed = true;
    this.failures++;
  }

  private get secondsSinceStart(): number {
    return Math.floor((this.parts.clock.now() - this.startedMs) / 1000);
  }
}
