/** The commands that publish messages and listen to them. */
import type { CommandSpec } from '../../server/api/command.js';
import { publish, spublish } from './publish.js';
import { pubsub } from './pubsub.js';
import {
  psubscribe,
  punsubscribe,
  ssubscribe,
  subscribe,
  sunsubscribe,
  unsubscribe,
} from './subscribe.js';

export const pubsubCommands: readonly CommandSpec[] = [
  psubscribe,
  publish,
  pubsub,
  punsubscribe,
  spublish,
  ssubscribe,
  subscribe,
  sunsubscribe,
  unsubscribe,
];
