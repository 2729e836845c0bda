/**
 * SCRIPT DEBUG: which of a client's scripts are debugged, where, and how such a session begins and ends.
 *
 *     SYNC   here: everything else waits, and what the script changes stays
 *     YES    on a copy of the data (debug-forks.ts): there it is a session like that of SYNC
 *
 * One script runs at a time, so there is one session at a time.
 */
import type { Args } from '../../resp/args.js';
import { ReplyError } from '../../resp/reply-error.js';
import type { Call } from '../api/call.js';
import { type Client, ClientFlag } from '../api/client.js';
import type { Clock } from '../api/clock.js';
import type { Config } from '../api/config.js';
import type { Log } from '../api/log.js';
import type { ClientImpl } from '../client.js';
import type { DebugForks } from './debug-forks.js';
import { DebugSession } from './debug-session.js';
import type { Runnable, Runnables } from './runnables.js';
import type { ScriptCalls } from './script-calls.js';

const NO_FORK = new ReplyError(
  "ERR Fork() failed: can't run EVAL in debugging mode: Resource temporarily unavailable",
);
const SYNC_STARTED = 'Redis synchronous debugging eval session started';
const SYNC_ENDED = 'Redis synchronous debugging eval session ended';
const FORK_STARTED = 'Redis forked for debugging eval';
const FORK_ENDED = 'Lua debugging session child exiting';
/** What a script that is debugged may take where the server knows no threshold. */
const PATIENCE_MS = 5000;

export interface DebuggingParts {
  readonly calls: ScriptCalls;
  readonly clock: Clock;
  readonly config: Config;
  /** undefined: this is the server of such a session. */
  readonly forks: DebugForks | undefined;
  readonly log: Log;
  /** The script is to go on. */
  goOn(): void;
  /** … and to end with this error. */
  endWith(error: string): void;
}

export class Debugging {
  /** Set while a script is debugged here. */
  session: DebugSession | undefined = undefined;

  constructor(private readonly parts: DebuggingParts) {}

  /** SCRIPT DEBUG */
  setMode(client: Client, mode: 'yes' | 'sync' | 'no'): void {
    client.flags &= ~(ClientFlag.ScriptDebug | ClientFlag.ScriptDebugSync);
    if (mode !== 'no') client.flags |= ClientFlag.ScriptDebug;
    if (mode === 'sync') client.flags |= ClientFlag.ScriptDebugSync;
  }

  /**
   * Begins a session.
   * @param request EVAL, which begins the script
   * @returns whether it is here; else it has been begun on a copy, and nothing more is to be done
   * @throws ReplyError there can be no copy now; scripts are debugged no more
   */
  begin(client: ClientImpl, request: Args): boolean {
    const { calls, clock, config, endWith, forks, goOn, log } = this.parts;
    if (!isSync(client) && forks !== undefined) {
      if (forks.begin(client, request)) return false;
      client.flags &= ~ClientFlag.ScriptDebug;
      throw NO_FORK;
    }
    log.notice(isSync(client) ? SYNC_STARTED : FORK_STARTED);
    this.session = new DebugSession({
      source: request.text(1),
      host: calls,
      send: (bytes) => client.queueReply([bytes]),
      goOn,
      end: endWith,
      micros: () => clock.micros(),
      patienceMs: () => config.values['busy-reply-threshold'] || PATIENCE_MS,
    });
    return true;
  }

  /** The script of the session that has begun, as it is to be started. @throws ReplyError */
  runnable(runnables: Runnables, source: string): Runnable {
    const session = this.session!;
    const { flags, name } = runnables.ofSource(source);
    const script = runnables.forDebugging(source, session);
    return {
      script: {
        start: (_host, args, firstKey, keyCount) =>
          script.start(session.host, args, firstKey, keyCount),
      },
      name,
      flags,
    };
  }

  /** Does what a debugger asks for, whose commands are the script's. */
  within(call: Call, work: () => void): void {
    const { canBlock, reply } = call;
    call.canBlock = false;
    call.inScript = true;
    call.reply = this.parts.calls.out;
    work();
    call.canBlock = canBlock;
    call.inScript = false;
    call.reply = reply;
  }

  /** The script that was debugged, if one was, is over; its reply follows. */
  end(client: ClientImpl): void {
    const { session } = this;
    if (session === undefined) return;
    this.session = undefined;
    session.finish();
    client.close(true);
    this.parts.log.notice(isSync(client) ? SYNC_ENDED : FORK_ENDED);
  }
}

function isSync(client: Client): boolean {
  return (client.flags & ClientFlag.ScriptDebugSync) !== 0;
}
