/** The commands about a connection: who it is, which protocol it speaks, which database it uses. */
import type { CommandSpec } from '../../server/api/command.js';
import { auth, hello } from './auth.js';
import { client } from './client.js';
import { echo, ping } from './ping.js';
import { quit, reset, select } from './session.js';

export const connectionCommands: readonly CommandSpec[] = [
  auth,
  client,
  echo,
  hello,
  ping,
  quit,
  reset,
  select,
];
