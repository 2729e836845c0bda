import { beforeEach, describe, expect, it } from 'vitest';
import { EventClass } from '../../../src/keyspace/events.js';
import { Keyspace } from '../../../src/keyspace/keyspace.js';
import { Notifications } from '../../../src/server/notifications.js';
import { Observers } from '../../../src/server/observers.js';

let keyspace: Keyspace;
let notifications: Notifications;
let published: string[];
let isDeserted: boolean;

beforeEach(() => {
  keyspace = new Keyspace({ databases: 16, random: () => 0.5 });
  published = [];
  isDeserted = false;
  notifications = new Notifications(new Observers(keyspace), {
    get isDeserted() {
      return isDeserted;
    },
    announce: (channel, message) => published.push(`${channel} ${Buffer.from(message)}`),
  });
});

function happen(eventClass: number, event: string, database = 0): string[] {
  published = [];
  if (!keyspace.observed) return published;
  keyspace.observer!.keyEvent(keyspace.databases[database]!, eventClass, event, Buffer.from('k'));
  return published;
}

describe('keyspace notifications', () => {
  it('leave the keyspace alone while there is nothing to publish', () => {
    for (const letters of ['', 'A', 'g$', 'K', 'KE', 'E']) {
      notifications.configure(letters);
      expect(keyspace.observed).toBe(false);
    }
    notifications.configure('Kg');
    expect(keyspace.observed).toBe(true);
    notifications.configure('');
    expect(keyspace.observed).toBe(false);
  });

  it('come by key, then by event, with the number of the database', () => {
    notifications.configure('KEA');
    expect(happen(EventClass.String, 'set', 9)).toEqual([
      '__keyspace@9__:k set',
      '__keyevent@9__:set k',
    ]);
    notifications.configure('KA');
    expect(happen(EventClass.String, 'set')).toEqual(['__keyspace@0__:k set']);
    notifications.configure('EA');
    expect(happen(EventClass.String, 'set')).toEqual(['__keyevent@0__:set k']);
  });

  it.each([
    ['g', EventClass.Generic],
    ['$', EventClass.String],
    ['l', EventClass.List],
    ['s', EventClass.Set],
    ['h', EventClass.Hash],
    ['z', EventClass.Zset],
    ['x', EventClass.Expired],
    ['e', EventClass.Evicted],
    ['t', EventClass.Stream],
    ['d', EventClass.Module],
    ['m', EventClass.KeyMiss],
    ['n', EventClass.New],
  ])('of class %s come for that class alone', (letter, eventClass) => {
    notifications.configure(`E${letter}`);
    for (const one of Object.values(EventClass)) {
      expect(happen(one, 'e').length).toBe(one === eventClass ? 1 : 0);
    }
  });

  it('of all classes (A) leave out misses and new keys', () => {
    notifications.configure('EA');
    const silent = Object.entries(EventClass).filter(([, one]) => happen(one, 'e').length === 0);
    expect(silent.map(([name]) => name)).toEqual(['KeyMiss', 'New']);
  });

  it('are not even made up while nobody listens to any channel', () => {
    notifications.configure('KEA');
    isDeserted = true;
    expect(happen(EventClass.String, 'set')).toEqual([]);
  });
});
