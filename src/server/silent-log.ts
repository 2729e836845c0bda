/** A log that writes nothing: the default of a server inside another program. */
import type { ServerLog } from './log.js';

export const silentLog: ServerLog = {
  debug() {},
  verbose() {},
  notice() {},
  warning() {},
  setLevel() {},
  setFormat() {},
};
