/**
 * Several clients of one server, and all that each of them is sent: the same steps are taken with
 * another server's clients, and what they get must be the same.
 *
 *     step: client 1 writes [command, command]
 *     then every client, twice:  PING "round 0" … PING "round 1"
 *     what came to client i until its own pings are answered  ->  got[i]
 *
 * Where the stream knows requests and their answers, this knows bytes only, so that it can follow
 * what is no answer: messages, pushes, what a monitor is shown.
 */
import { type Arg, encodeCommand, RespClient } from '../support/resp-client.js';

/** One server's side. */
export interface Side {
  readonly clients: readonly RespClient[];
  /** The clients' numbers, in the server's count. */
  readonly ids: readonly number[];
  /** What each has been sent since the last step. */
  readonly got: string[];
}

/** What one client sends in one write. A word `@3` stands for the number of client 3. */
export interface SideStep {
  readonly client: number;
  readonly commands: readonly (readonly string[])[];
}

/** Connects a client for each of these protocols; keys go only when somebody looks. */
export async function connectSide(port: number, protocols: readonly (2 | 3)[]): Promise<Side> {
  const clients: RespClient[] = [];
  const ids: number[] = [];
  const got: string[] = [];
  for (const [i, protocol] of protocols.entries()) {
    const client = await RespClient.connect(port);
    ids.push(Number((await client.exchange(['CLIENT', 'ID'])).raw.toString().slice(1)));
    await client.send('HELLO', protocol);
    client.stream.on('data', (chunk: Buffer) => (got[i] += chunk.toString('latin1')));
    clients.push(client);
    got.push('');
  }
  await clients[0]!.send('DEBUG', 'SET-ACTIVE-EXPIRE', 0);
  await clients[0]!.send('FLUSHALL');
  got.fill('');
  return { clients, ids, got };
}

export function endSide({ clients }: Side): void {
  for (const client of clients) client.close();
}

/** Has one side take a step, and gives what every client was sent: latin1, without the pings. */
export async function takeStep(side: Side, { client, commands }: SideStep): Promise<string[]> {
  const own = (word: string): Arg => (word[0] === '@' ? side.ids[Number(word[1])]! : word);
  const { clients, got } = side;
  clients[client]!.stream.write(
    Buffer.concat(commands.map((words) => encodeCommand(words.map(own)))),
  );
  // Twice round: what is sent at the end of a turn comes before an answer of the next one.
  for (let round = 0; round < 2; round++) {
    for (const [i, each] of clients.entries()) {
      const word = `round ${round}`;
      each.stream.write(encodeCommand(['PING', word]));
      while (!got[i]!.includes(`$7\r\n${word}\r\n`))
        await new Promise((next) => setImmediate(next));
    }
  }
  return got
    .splice(0, clients.length, ...clients.map(() => ''))
    .map((text) => text.replaceAll(/(\*2\r\n\$4\r\npong\r\n)?\$7\r\nround \d\r\n/g, ''));
}
