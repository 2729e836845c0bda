/** The geo commands, in the order COMMAND lists them. */
import type { CommandSpec } from '../../server/api/command.js';
import { geoadd } from './add.js';
import { georadius, georadiusbymember, georadiusbymemberRo, georadiusRo } from './georadius.js';
import { geosearch, geosearchstore } from './geosearch.js';
import { geodist, geohashCommand, geopos } from './position.js';

export const geoCommands: readonly CommandSpec[] = [
  geoadd,
  geodist,
  geohashCommand,
  geopos,
  georadius,
  georadiusRo,
  georadiusbymember,
  georadiusbymemberRo,
  geosearch,
  geosearchstore,
];
