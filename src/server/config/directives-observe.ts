/** What the server tells about itself: slow log, latency, keyspace events; and long scripts. */
import { LONG_MAX } from './c-numbers.js';
import { notificationClasses, percentiles } from './kinds-list.js';
import { integer, yesNo } from './kinds-scalar.js';

export const scriptingDirectives = {
  'busy-reply-threshold': integer({ min: 0, max: LONG_MAX }, 5000, {
    alias: 'lua-time-limit',
    about: 'Milliseconds after which a script that still runs makes others get -BUSY.',
  }),
};

export const observeDirectives = {
  'slowlog-log-slower-than': integer({ min: -1, max: LONG_MAX }, 10000, {
    about: 'Note commands that took more microseconds than this. 0 notes all, -1 none.',
  }),
  'slowlog-max-len': integer({ min: 0, max: LONG_MAX }, 128, {
    about: 'How many of them are remembered.',
  }),
  'latency-monitor-threshold': integer({ min: 0, max: LONG_MAX }, 0, {
    about: 'Note events that took at least so many milliseconds. 0 notes none.',
  }),
  'latency-tracking': yesNo('yes', {
    about: 'Measure how long each command takes, for INFO latencystats.',
  }),
  'latency-tracking-info-percentiles': percentiles([50, 99, 99.9], {
    about: 'The percentiles that INFO latencystats shows. "" shows none.',
  }),
  'notify-keyspace-events': notificationClasses('', {
    about:
      'Which events are published. Where: K (channel per key), E (channel per event). Which: ' +
      'g generic, $ string, l list, s set, h hash, z sorted set, x expired, e evicted, ' +
      't stream, d module, n new key, m missed key; A is g$lshzxetd.',
  }),
};
