import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Args } from '../../../src/resp/args.js';
import { type Client, ClientFlag, ClientGate } from '../../../src/server/api/client.js';
import type { TopicKind } from '../../../src/server/api/pubsub.js';
import { MessageBuffer } from '../../../src/server/message-buffer.js';
import { Pubsub } from '../../../src/server/pubsub/pubsub.js';

interface Sent {
  readonly client: Client;
  readonly message: Buffer;
}

function rig() {
  const sent: Sent[] = [];
  const messages = new MessageBuffer();
  const pubsub = new Pubsub({
    messages,
    push: (client, buf, start, end) => sent.push({ client, message: buf.subarray(start, end) }),
  });
  const newClient = (resp = 2) =>
    ({ flags: 0, gate: 0, resp, subscriptions: undefined }) as unknown as Client;
  const take = () => sent.splice(0);
  return { pubsub, newClient, take };
}

const bytes = (text: string) => Buffer.from(text, 'latin1');

const publish = (pubsub: Pubsub, channel: string | Buffer, message: string | Buffer) =>
  pubsub.publish(Args.from([channel, message]), 0, 1);

describe('a message', () => {
  it('is encoded once for each protocol, however many get it', () => {
    const { pubsub, newClient, take } = rig();
    const clients = [2, 3, 2, 3, 2].map(newClient);
    for (const client of clients) pubsub.subscribe(client, 'channel', bytes('news'));
    expect(publish(pubsub, 'news', 'hi')).toBe(5);
    const sent = take();
    expect(sent.map(({ client }) => client)).toEqual(clients);
    expect(new Set(sent.map(({ message }) => message.buffer)).size).toBe(2);
    expect(new Set(sent.map(({ message }) => message.byteOffset)).size).toBe(1);
    expect(String(sent[0]!.message)).toBe('*3\r\n$7\r\nmessage\r\n$4\r\nnews\r\n$2\r\nhi\r\n');
    expect(String(sent[1]!.message)).toBe('>3\r\n$7\r\nmessage\r\n$4\r\nnews\r\n$2\r\nhi\r\n');
  });

  it('comes by the channel first, then by each pattern that matches', () => {
    const { pubsub, newClient, take } = rig();
    const client = newClient();
    for (const pattern of ['n*', 'x*', '*s']) pubsub.subscribe(client, 'pattern', bytes(pattern));
    pubsub.subscribe(client, 'channel', bytes('news'));
    expect(publish(pubsub, 'news', '')).toBe(3);
    expect(take().map(({ message }) => String(message).split('\r\n').slice(2, 6))).toEqual([
      ['message', '$4', 'news', '$0'],
      ['pmessage', '$2', 'n*', '$4'],
      ['pmessage', '$2', '*s', '$4'],
    ]);
  });

  it('to a shard channel reaches neither channels nor patterns', () => {
    const { pubsub, newClient, take } = rig();
    const [plain, shard] = [newClient(), newClient()];
    pubsub.subscribe(plain, 'channel', bytes('c'));
    pubsub.subscribe(plain, 'pattern', bytes('*'));
    pubsub.subscribe(shard, 'shard', bytes('c'));
    expect(pubsub.publishShard(Args.from(['c', 'm']), 0, 1)).toBe(1);
    expect(take().map(({ client }) => client)).toEqual([shard]);
    expect(pubsub.publishShard(Args.from(['other', 'm']), 0, 1)).toBe(0);
  });

  it('keeps every byte of names and contents, of any length', () => {
    const { pubsub, newClient, take } = rig();
    const name = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
    const content = Buffer.alloc(100_000, 0xe9);
    pubsub.subscribe(newClient(), 'channel', name);
    expect(publish(pubsub, name, content)).toBe(1);
    const expected = Buffer.concat([
      Buffer.from('*3\r\n$7\r\nmessage\r\n$256\r\n'),
      name,
      Buffer.from('\r\n$100000\r\n'),
      content,
      Buffer.from('\r\n'),
    ]);
    expect(take()[0]!.message.equals(expected)).toBe(true);
  });

  it('is not written to a connection that ends after its reply, but counted', () => {
    const { pubsub, newClient, take } = rig();
    const client = newClient();
    pubsub.subscribe(client, 'channel', bytes('c'));
    client.flags |= ClientFlag.CloseAfterReply;
    expect(publish(pubsub, 'c', 'm')).toBe(1);
    expect(take()).toEqual([]);
  });
});

describe('a client that listens', () => {
  it('carries the flag and the gate bit as long as it listens to anything', () => {
    const { pubsub, newClient } = rig();
    const client = newClient();
    const isMarked = () => [
      (client.flags & ClientFlag.Pubsub) !== 0,
      (client.gate & ClientGate.Subscribed) !== 0,
    ];
    pubsub.subscribe(client, 'channel', bytes('a'));
    pubsub.subscribe(client, 'shard', bytes('a'));
    pubsub.unsubscribe(client, 'channel', bytes('a'));
    expect(isMarked()).toEqual([true, true]);
    pubsub.unsubscribe(client, 'shard', bytes('a'));
    expect(isMarked()).toEqual([false, false]);
    expect(client.subscriptions).toBe(undefined);
  });

  it('is charged for each name, and no more once it has left', () => {
    const { pubsub, newClient } = rig();
    const client = newClient();
    pubsub.subscribe(client, 'channel', bytes('first'));
    const one = client.subscriptions!.bytes;
    pubsub.subscribe(client, 'channel', bytes('first'));
    expect(client.subscriptions!.bytes).toBe(one);
    pubsub.subscribe(client, 'pattern', Buffer.alloc(1000, 97));
    expect(client.subscriptions!.bytes).toBeGreaterThan(one + 1000);
    pubsub.unsubscribe(client, 'pattern', Buffer.alloc(1000, 97));
    expect(client.subscriptions!.bytes).toBe(one);
  });
});

describe('who listens to what', () => {
  const kinds: readonly TopicKind[] = ['channel', 'pattern', 'shard'];
  const step = fc.record({
    who: fc.nat(3),
    what: fc.constantFrom('subscribe', 'unsubscribe', 'forget'),
    kind: fc.constantFrom(...kinds),
    name: fc.constantFrom('a', 'b', '*', ''),
  });

  it('is as sets of names, after any sequence of coming and going', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const { pubsub, newClient } = rig();
        const clients = [0, 1, 2, 3].map(() => newClient());
        const model = clients.map(() => new Set<string>());
        for (const { who, what, kind, name } of steps) {
          const [client, mine] = [clients[who]!, model[who]!];
          if (what === 'forget') {
            pubsub.forget(client);
            mine.clear();
            continue;
          }
          if (what === 'subscribe') mine.add(`${kind}:${name}`);
          else mine.delete(`${kind}:${name}`);
          const count = pubsub[what](client, kind, bytes(name));
          const isShard = kind === 'shard';
          expect(count).toBe([...mine].filter((n) => n.startsWith('shard') === isShard).length);
        }
        for (const kind of kinds) {
          const found = [...pubsub.topics(kind)].flatMap(([name, { subscribers }]) =>
            [...subscribers].map((client) => `${clients.indexOf(client)} ${name}`),
          );
          const expected = model.flatMap((mine, who) =>
            [...mine]
              .filter((one) => one.startsWith(`${kind}:`))
              .map((one) => `${who} ${one.slice(kind.length + 1)}`),
          );
          expect(found.sort()).toEqual(expected.sort());
        }
        for (const [who, mine] of model.entries()) {
          expect(clients[who]!.subscriptions === undefined).toBe(mine.size === 0);
        }
      }),
      { numRuns: 200, seed: 4 },
    );
  });
});
