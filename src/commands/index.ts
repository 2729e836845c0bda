/** All commands of a server, in the order COMMAND lists them. */
import type { CommandSpec } from '../server/api/command.js';
import { acl } from './acl/index.js';
import { bitmapCommands } from './bitmap/index.js';
import { config } from './config.js';
import { connectionCommands } from './connection/index.js';
import { geoCommands } from './geo/index.js';
import { hashCommands } from './hash/index.js';
import { hyperloglogCommands } from './hyperloglog/index.js';
import { keyCommands } from './keys/index.js';
import { listCommands } from './list/index.js';
import { pubsubCommands } from './pubsub/index.js';
import { scriptingCommands } from './scripting/index.js';
import { serverCommands } from './server/index.js';
import { setCommands } from './set/index.js';
import { sortCommands } from './sort/index.js';
import { streamCommands } from './stream/index.js';
import { stringCommands } from './string/index.js';
import { transactionCommands } from './transactions/index.js';
import { zsetCommands } from './zset/index.js';

export const allCommands: readonly CommandSpec[] = [
  acl,
  ...bitmapCommands,
  ...connectionCommands,
  config,
  ...geoCommands,
  ...hashCommands,
  ...hyperloglogCommands,
  ...keyCommands,
  ...listCommands,
  ...pubsubCommands,
  ...scriptingCommands,
  ...serverCommands,
  ...setCommands,
  ...streamCommands,
  ...sortCommands,
  ...stringCommands,
  ...transactionCommands,
  ...zsetCommands,
];
