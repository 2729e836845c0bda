/**
 * All that clients are told without having asked just now, put together: messages of channels, changes
 * of keys, and the commands of others.
 *
 *     the keyspace ──> Observers ──┬──> Notifications ──> Pubsub ──> who listens to a channel
 *                                  └──> Tracking ──> Pushes ──> who has read the key
 *     each command ──> Monitors ──────────────────> Pushes ──> who has sent MONITOR
 */
import type { Keyspace } from '../keyspace/keyspace.js';
import type { ClientImpl } from './client.js';
import type { ServerClock } from './clock.js';
import type { Pushes } from './execution/pushes.js';
import type { Gate } from './gate.js';
import type { MessageBuffer } from './message-buffer.js';
import { Monitors } from './monitors.js';
import { Notifications } from './notifications.js';
import { Observers } from './observers.js';
import { Pubsub } from './pubsub/pubsub.js';
import { Tracking } from './tracking/tracking.js';
import type { Turn } from './turn.js';

export interface MessagingParts {
  readonly clock: ServerClock;
  readonly gate: Gate;
  readonly keyspace: Keyspace;
  readonly messages: MessageBuffer;
  readonly pushes: Pushes;
  readonly turn: Turn;
  clientById(id: number): ClientImpl | undefined;
}

export class Messaging {
  readonly observers: Observers;
  readonly pubsub: Pubsub;
  readonly notifications: Notifications;
  readonly tracking: Tracking;
  readonly monitors: Monitors;

  constructor(parts: MessagingParts) {
    const { clientById, clock, gate, keyspace, messages, pushes, turn } = parts;
    const observers = new Observers(keyspace);
    this.observers = observers;
    this.pubsub = new Pubsub({
      messages,
      push: (client, buf, start, end) => pushes.pushBytes(client, buf, start, end),
    });
    this.notifications = new Notifications(observers, this.pubsub);
    this.tracking = new Tracking({
      clientById,
      gate,
      meter: keyspace.meter,
      observers,
      pushes,
      scheduleTurn: () => turn.schedule(),
    });
    this.monitors = new Monitors(gate, pushes, clock);
  }

  /** This client's connection has ended. */
  forget(client: ClientImpl): void {
    this.tracking.disable(client);
    this.pubsub.forget(client);
    this.monitors.remove(client);
  }
}
