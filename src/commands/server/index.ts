/** Commands about the server itself (see also CONFIG in commands/config.ts). */
import type { CommandSpec } from '../../server/api/command.js';
import { bgrewriteaof, waitaof } from './append-only.js';
import { command } from './command.js';
import { debug } from './debug.js';
import { hotkeys } from './hotkeys.js';
import { info } from './info.js';
import { latency } from './latency.js';
import { lolwut } from './lolwut.js';
import { memory } from './memory.js';
import { module } from './module.js';
import { monitor } from './monitor.js';
import { bgsave, lastsave, save } from './save.js';
import { shutdown } from './shutdown.js';
import { slowlog } from './slowlog.js';
import { time } from './time.js';

export const serverCommands: readonly CommandSpec[] = [
  bgrewriteaof,
  waitaof,
  command,
  debug,
  hotkeys,
  info,
  latency,
  lolwut,
  memory,
  module,
  monitor,
  bgsave,
  lastsave,
  save,
  shutdown,
  slowlog,
  time,
];
