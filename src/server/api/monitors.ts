/** Clients that are told of every command, as MONITOR sees them. */
import type { Client } from './client.js';

export interface MonitorsApi {
  /** From now on this client is told of every command. */
  add(client: Client): void;
  /** … and now no more. Nothing happens if it was not. */
  remove(client: Client): void;
}
