/**
 * MONITOR: clients that are told of every command that anyone runs, in the order in which they ran.
 *
 *     1795265160.570440 [0 127.0.0.1:44362] "set" "k" "a \"word\"\n"
 *     seconds.micros     | by whom           the request, as C would write it; secrets hidden
 *                        the client's database, when the command is done
 *
 * A command is told of once it is done, so EXEC follows what it has run. One that waits is told of
 * when it begins to wait, and not again when it is served. Commands of administration are not told
 * of (flag `admin`). Those that run a script (`skip_monitor`) are told of before what that runs.
 *
 * The gate's bit is set only while there are monitors: without any, this costs nothing.
 *
 * To Redis a monitor is a kind of replica, and may not touch data.
 */
import type { Args } from '../resp/args.js';
import { quoteBytes } from '../text/quote.js';
import { type Client, ClientFlag } from './api/client.js';
import { type Command, CommandBit } from './api/command-table.js';
import type { MonitorsApi } from './api/monitors.js';
import type { ClientImpl } from './client.js';
import type { ServerClock } from './clock.js';
import type { Pushes } from './execution/pushes.js';
import { type Gate, ServerGate } from './gate.js';
import { HIDDEN, hiddenArguments } from './hidden-args.js';

const MONITOR_FLAGS = ClientFlag.Monitor | ClientFlag.Replica;
/** Monitors that are told nothing: the connection ends, or they don't want replies. */
const SILENT = ClientFlag.ReplyOff | ClientFlag.CloseAfterReply;
const NOT_TOLD = CommandBit.Admin | CommandBit.SkipMonitor;
/** Who has run what a script runs, whatever its language. */
const SCRIPT = 'lua';
/** Behind the path of a Unix socket in a client's address. */
const NO_PORT = ':0';

export class Monitors implements MonitorsApi {
  private readonly clients = new Set<ClientImpl>();

  constructor(
    private readonly gate: Gate,
    private readonly pushes: Pushes,
    private readonly clock: ServerClock,
  ) {}

  add(client: Client): void {
    client.flags |= MONITOR_FLAGS;
    this.clients.add(client as ClientImpl);
    this.gate.set(ServerGate.Monitored, true);
  }

  remove(client: Client): void {
    if (!this.clients.delete(client as ClientImpl)) return;
    client.flags &= ~MONITOR_FLAGS;
    if (this.clients.size === 0) this.gate.set(ServerGate.Monitored, false);
  }

  /** Tells of a command that has run. @param isInScript whether by a script of the client */
  tell(client: Client, command: Command, args: Args, isInScript: boolean): void {
    if ((command.bits & NOT_TOLD) !== 0) return;
    this.send(client, isInScript ? SCRIPT : origin(client), command, args);
  }

  /** Tells of a command that is about to run a script. */
  tellOfScript(client: Client, command: Command, args: Args): void {
    this.send(client, origin(client), command, args);
  }

  private send(client: Client, by: string, command: Command, args: Args): void {
    if (this.clients.size === 0) return;
    const line = Buffer.from(`+${this.describe(client, by, command, args)}\r\n`, 'latin1');
    for (const monitor of this.clients) {
      if ((monitor.flags & SILENT) === 0) this.pushes.push(monitor, line);
    }
  }

  private describe(client: Client, by: string, command: Command, args: Args): string {
    const hidden = hiddenArguments(command, args);
    let text = `${this.time()} [${client.db.index} ${by}]`;
    for (let i = 0; i < args.count; i++) {
      text += ` ${quoteBytes(hidden.includes(i) ? HIDDEN : args.view(i))}`;
    }
    return text;
  }

  private time(): string {
    const micros = this.clock.unixMicros();
    const fraction = String(micros % 1_000_000).padStart(6, '0');
    return `${Math.floor(micros / 1_000_000)}.${fraction}`;
  }
}

/** Who has sent the request. */
function origin({ addr, flags }: Client): string {
  if ((flags & ClientFlag.UnixSocket) === 0) return addr;
  return `unix:${addr.endsWith(NO_PORT) ? addr.slice(0, -NO_PORT.length) : addr}`;
}
