/**
 * Listens to the keyspace notifications of two servers beside a stream of commands, and compares
 * which events there were, of which keys, in which order.
 *
 * Events come over connections of their own. A message that is published behind a batch of commands
 * says that all of their events are there.
 */
import { type Received, RespClient } from '../support/resp-client.js';

/** The directive and value that has every event published, by its name. */
export const ALL_EVENTS = ['notify-keyspace-events', 'EAmn'];
const PATTERN = '__keyevent@*__:*';
const END_MARK = '__keyevent@-__:end';
const CONTEXT = 3;
const UNORDERED = new Set(['expired', 'keymiss']);

export interface EventDifference {
  readonly what: string;
  /** The key of the first event that differs. */
  readonly key: Buffer;
}

interface Event {
  /** Database, name and key, as in `@0 set k`. */
  readonly text: string;
  readonly name: string;
  readonly key: Buffer;
}

/** One server's side. */
interface Listener {
  readonly subscriber: RespClient;
  readonly publisher: RespClient;
}

export class EventTap {
  private marks = 0;

  private constructor(
    private readonly ours: Listener,
    private readonly theirs: Listener,
  ) {}

  static async begin(oursPort: number, theirsPort: number): Promise<EventTap> {
    return new EventTap(await listen(oursPort), await listen(theirsPort));
  }

  end(): void {
    for (const { subscriber, publisher } of [this.ours, this.theirs]) {
      subscriber.close();
      publisher.close();
    }
  }

  /** Compares the events since the last call. */
  async difference(): Promise<EventDifference | undefined> {
    const mark = String(this.marks++);
    const [ours, theirs] = await Promise.all([
      eventsUntil(this.ours, mark),
      eventsUntil(this.theirs, mark),
    ]);
    const at = ours.findIndex((event, i) => event.text !== theirs[i]?.text);
    if (at < 0 && ours.length === theirs.length) return undefined;
    const first = at < 0 ? ours.length : at;
    const { key } = (ours[first] ?? theirs[first])!;
    const what = `the events differ: respd has ${shown(ours, first)}; Redis ${shown(theirs, first)}`;
    return { what, key };
  }
}

async function listen(port: number): Promise<Listener> {
  const subscriber = await RespClient.connect(port);
  subscriber.write('PSUBSCRIBE', PATTERN);
  await subscriber.nextOutOfBand();
  return { subscriber, publisher: await RespClient.connect(port) };
}

async function eventsUntil({ subscriber, publisher }: Listener, mark: string): Promise<Event[]> {
  const published = publisher.send('PUBLISH', END_MARK, mark);
  const events: Event[] = [];
  for (;;) {
    const event = eventOf(await subscriber.nextOutOfBand());
    if (event.text === `@- end ${mark}`) break;
    events.push(event);
  }
  await published;
  return withUnorderedSorted(events);
}

/** A message `pmessage <pattern> __keyevent@<db>__:<name> <key>`. */
function eventOf({ reply }: Received): Event {
  const items = reply.kind === 'array' ? reply.items : [];
  const [channel, key] = items.slice(2).map((item) => (item.kind === 'bulk' ? item.bytes : NONE));
  const [, db, name] = /^__keyevent@(.+?)__:(.*)$/.exec(channel!.toString('latin1'))!;
  return { text: `@${db} ${name} ${key!.toString('latin1')}`, name: name!, key: key! };
}

const NONE = Buffer.alloc(0);

/** KEYS comes upon keys that are due, and SORT BY asks for keys, in the order of a server's table. */
function withUnorderedSorted(events: Event[]): Event[] {
  for (let from = 0; from < events.length; from++) {
    let to = from;
    while (UNORDERED.has(events[to]?.name ?? '')) to++;
    if (to - from < 2) continue;
    const sorted = events.slice(from, to).sort((a, b) => (a.text < b.text ? -1 : 1));
    events.splice(from, to - from, ...sorted);
    from = to;
  }
  return events;
}

function shown(events: readonly Event[], at: number): string {
  const from = Math.max(0, at - CONTEXT);
  const texts = events.slice(from, at + CONTEXT + 1).map(({ text }) => text);
  return JSON.stringify([...texts, ...(at + CONTEXT + 1 < events.length ? [] : ['(end)'])]);
}
