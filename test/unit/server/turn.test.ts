import { describe, expect, it } from 'vitest';
import { ReplyWriter } from '../../../src/resp/reply-writer.js';
import type { ClientImpl } from '../../../src/server/client.js';
import { Due } from '../../../src/server/client.js';
import { ManualClock } from '../../../src/server/clock.js';
import { MessageBuffer } from '../../../src/server/message-buffer.js';
import { Stats } from '../../../src/server/stats.js';
import { Turn } from '../../../src/server/turn.js';

/** Each sending takes this long, in microseconds. */
const SENDING_USEC = 100;

function rig() {
  const clock = new ManualClock();
  let usec = 0;
  clock.micros = () => usec;
  const turn = new Turn(new ReplyWriter(), new Stats(), clock, new MessageBuffer());
  const order: string[] = [];
  const client = (name: string) => {
    const stub = {
      due: Due.Nothing,
      flush() {
        stub.due = Due.Nothing;
        usec += SENDING_USEC;
        order.push(name);
        return 1;
      },
    };
    return stub as unknown as ClientImpl;
  };
  return { turn, order, client };
}

describe("the end of a turn's sending", () => {
  it('has replies first, then messages', () => {
    const { turn, order, client } = rig();
    turn.addListener(client('listener'));
    turn.add(client('publisher'));
    turn.end();
    expect(order).toEqual(['publisher', 'listener']);
  });

  it('sends messages to very many for some milliseconds, then hears what others want', () => {
    const { turn, order, client } = rig();
    for (let i = 0; i < 1000; i++) turn.addListener(client(`listener ${i}`));
    turn.end();
    expect(order.length).toBeGreaterThanOrEqual(50);
    expect(order.length).toBeLessThan(200);
    turn.add(client('another'));
    turn.end();
    expect(order.indexOf('another')).toBeLessThan(200);
    for (let i = 0; i < 20; i++) turn.end();
    expect(order).toHaveLength(1001);
    const listeners = order.filter((name) => name !== 'another');
    expect(listeners).toEqual(Array.from({ length: 1000 }, (_, i) => `listener ${i}`));
  });

  it('sends all of them when the server stops', () => {
    const { turn, order, client } = rig();
    for (let i = 0; i < 1000; i++) turn.addListener(client(`listener ${i}`));
    turn.finish();
    expect(order).toHaveLength(1000);
  });
});
