import { afterAll, beforeAll } from 'vitest';
import { type CreateServerOptions, createServer, type RespdServer } from '../../../src/index.js';
import { type Reply, RespClient, showReply } from '../../support/resp-client.js';

/** A server and one connection to it, for all tests of a file. */
export interface ServerRig {
  readonly server: RespdServer;
  readonly client: RespClient;
  /** Lines of the log so far. */
  readonly log: string[];
  /** Sends one command, its words parted by blanks, and shows the reply. */
  ask(command: string): Promise<string>;
  /** Sends words of any content and gives the text of the reply, of whatever kind. */
  text(...words: string[]): Promise<string>;
}

export function serverRig(options: CreateServerOptions = {}): ServerRig {
  const log: string[] = [];
  const note = (line: string): void => void log.push(line);
  const rig = {
    log,
    ask: async (command: string) => showReply(await rig.client.send(...command.split(' '))),
    text: async (...words: string[]) => textOf(await rig.client.send(...words)),
  } as unknown as { server: RespdServer; client: RespClient } & ServerRig;
  beforeAll(async () => {
    rig.server = await createServer({
      'enable-debug-command': 'yes',
      log: { debug: note, verbose: note, notice: note, warning: note },
      ...options,
    });
    rig.client = await RespClient.connect(rig.server.port);
  });
  afterAll(async () => {
    rig.client.close();
    await rig.server.close();
  });
  return rig;
}

function textOf(reply: Reply): string {
  if ('bytes' in reply) return reply.bytes.toString('utf8');
  return 'text' in reply ? reply.text : showReply(reply);
}
