/**
 * Who may come in: no more than `maxclients` at once, and in protected mode nobody from outside
 * while the default user has no password.
 *
 * A new client is told why it can't stay, in one error reply, before it has said anything. Over TLS
 * the number is checked before the handshake, when nothing can be told yet, so that a flood of
 * connections can't have the server do the most expensive part of its work.
 */
import type { Peer } from './clients.js';
import type { DirectiveValues } from './config/directives.js';

const FULL = Buffer.from('-ERR max number of clients reached\r\n');
const FULL_CLUSTER = Buffer.from('-ERR max number of clients + cluster connections reached\r\n');
const PROTECTED = Buffer.from(
  '-DENIED Redis is running in protected mode because protected mode is enabled and no password ' +
    'is set for the default user. In this mode connections are only accepted from the loopback ' +
    'interface. If you want to connect from external computers to Redis you may adopt one of the ' +
    "following solutions: 1) Just disable protected mode sending the command 'CONFIG SET " +
    "protected-mode no' from the loopback interface by connecting to Redis from the same host the " +
    'server is running, however MAKE SURE Redis is not publicly accessible from internet if you ' +
    'do so. Use CONFIG REWRITE to make this change permanent. 2) Alternatively you can just ' +
    'disable the protected mode by editing the Redis configuration file, and setting the ' +
    "protected mode option to 'no', and then restarting the server. 3) If you started the server " +
    "manually just for testing, restart it with the '--protected-mode no' option. 4) Set up an " +
    'authentication password for the default user. NOTE: You only need to do one of the above ' +
    'things in order for the server to start accepting connections from the outside.\r\n',
);

export interface DoorParts {
  readonly values: DirectiveValues;
  /** Connections that are clients, or are about to be. */
  connections(): number;
  /** Whether anybody can be the default user. */
  defaultUserIsOpen(): boolean;
}

export class Door {
  constructor(private readonly parts: DoorParts) {}

  /** Whether there is no place for one more. */
  get isFull(): boolean {
    return this.parts.connections() >= this.parts.values.maxclients;
  }

  /** The reply for a connection that may not stay; undefined: it may. */
  refusal(peer: Peer): Buffer | undefined {
    const { values } = this.parts;
    if (this.isFull) return values['cluster-enabled'] ? FULL_CLUSTER : FULL;
    if (values['protected-mode'] && !peer.isLocal && this.parts.defaultUserIsOpen()) {
      return PROTECTED;
    }
    return undefined;
  }
}
