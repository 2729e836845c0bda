/** A server that has a debugging session (debug-forks.ts), in the process of the one it is a copy of. */
import type { Duplex } from 'node:stream';
import type { Keyspace } from '../keyspace/keyspace.js';
import { ClientFlag, ClientGate } from './api/client.js';
import type { ClientImpl } from './client.js';
import type { Clients } from './clients.js';
import { INSIDE } from './peers.js';
import type { ForkedServer } from './scripting/debug-forks.js';
import { Transport } from './transport.js';

/** What is needed of the server. */
export interface ForkParts {
  readonly clients: Clients;
  readonly keyspace: Keyspace;
  stop(): Promise<void>;
}

export class Fork implements ForkedServer {
  readonly keyspace: Keyspace;

  constructor(private readonly server: ForkParts) {
    this.keyspace = server.keyspace;
  }

  join(stream: Duplex, { db, flags, gate, resp, user }: ClientImpl): void {
    const client = this.server.clients.add(Transport.over(stream), INSIDE)!;
    client.flags |= flags & ClientFlag.ScriptDebug;
    client.gate = gate & ClientGate.Restricted;
    client.authenticated = true;
    client.user = user;
    client.resp = resp;
    client.db = this.keyspace.databases[db.index]!;
  }

  stop(): void {
    void this.server.stop();
  }
}
