/**
 * A server whose clients read when they are told to: for tests of what waits for them.
 *
 * A client's connection takes one piece at a time, and the next only after `read`.
 */
import { tmpdir } from 'node:os';
import { Duplex } from 'node:stream';
import { ManualClock } from '../../src/server/clock.js';
import { Config } from '../../src/server/config/config.js';
import type { DirectiveOptions } from '../../src/server/config/directives.js';
import { nodeFiles } from '../../src/server/config/node-files.js';
import { Server } from '../../src/server/server.js';
import { silentLog } from '../../src/server/silent-log.js';

/** Turns of the event loop in which a request and its reply have gone through memory. */
const TURNS = 4;

export class SlowClient {
  /** Bytes that it has been handed. */
  received = 0;
  text = '';
  isClosed = false;
  private taken: (() => void)[] = [];
  private reads = true;
  private readonly stream: Duplex;

  constructor(server: Server) {
    this.stream = new Duplex({
      read() {},
      write: (chunk: Buffer, _encoding, done) => {
        this.received += chunk.length;
        if (this.text.length < 1e6) this.text += chunk.toString('latin1');
        if (this.reads) done();
        else this.taken.push(done);
      },
    });
    this.stream.on('close', () => {
      this.isClosed = true;
    });
    server.attach(this.stream);
  }

  /** Sends bytes as they are. */
  send(text: string | Buffer): void {
    this.stream.push(text);
  }

  /** Whether the server reads what it sends. */
  get isRead(): boolean {
    return !this.stream.isPaused();
  }

  /** Takes nothing any more, but for one last piece. */
  stopReading(): void {
    this.reads = false;
  }

  /** Takes all that comes, again. */
  read(): void {
    this.reads = true;
    for (const done of this.taken.splice(0)) done();
  }

  hangUp(): void {
    this.stream.destroy();
  }
}

export class SlowRig {
  readonly clock = new ManualClock(1_700_000_000_000);
  readonly server: Server;
  /** What the log says, one line each. */
  readonly logged: string[] = [];
  private readonly clients: SlowClient[] = [];

  constructor(directives: DirectiveOptions = {}, outputBudgetBytes?: number) {
    const config = new Config({ workingDirectory: tmpdir(), directories: nodeFiles() });
    for (const [name, value] of Object.entries(directives)) {
      config.initialize(name as 'databases', value as number);
    }
    const say = (line: string) => void this.logged.push(line);
    const log = { ...silentLog, notice: say, warning: say };
    const { clock } = this;
    this.server = new Server({ config, clock, log, debugArena: true, outputBudgetBytes });
    this.server.cron.start();
  }

  connect(): SlowClient {
    const client = new SlowClient(this.server);
    this.clients.push(client);
    return client;
  }

  async settle(): Promise<void> {
    for (let i = 0; i < TURNS; i++) await new Promise((next) => setImmediate(next));
  }

  async advance(ms: number): Promise<void> {
    this.clock.advance(ms);
    await this.settle();
  }

  /** Sends an inline request and gives what is answered. */
  async ask(client: SlowClient, request: string): Promise<string> {
    client.text = '';
    client.send(`${request}\r\n`);
    await this.settle();
    return client.text;
  }

  async close(): Promise<void> {
    for (const client of this.clients) client.hangUp();
    await this.server.stop();
  }
}
