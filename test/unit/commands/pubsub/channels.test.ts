import { describe, expect, it } from 'vitest';
import { pubsubCommands } from '../../../../src/commands/pubsub/index.js';

describe('Pub/Sub commands', () => {
  it('declare which arguments are channels, for permissions', () => {
    const declared = pubsubCommands.flatMap(({ name, channels: c }) =>
      c === undefined ? [] : [`${name} ${c.first}..${c.last} ${c.isPattern ? 'p' : 'c'} ${c.use}`],
    );
    expect(declared).toEqual([
      'psubscribe 1..-1 p subscribe',
      'publish 1..1 c publish',
      'punsubscribe 1..-1 p unsubscribe',
      'spublish 1..1 c publish',
      'ssubscribe 1..-1 c subscribe',
      'subscribe 1..-1 c subscribe',
      'sunsubscribe 1..-1 c unsubscribe',
      'unsubscribe 1..-1 c unsubscribe',
    ]);
  });
});
