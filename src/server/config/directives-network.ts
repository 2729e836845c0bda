/** Where the server listens, how many clients it takes, and what it grants each of them. */
import { INT_MAX, LONG_MAX, UINT_MAX } from './c-numbers.js';
import { addresses, bufferLimits } from './kinds-list.js';
import { integer, memory, octal, optionalText, yesNo } from './kinds-scalar.js';

const PORT = { min: 0, max: 65535 };
const MIB = 1024 ** 2;

export const networkDirectives = {
  bind: addresses(['*', '-::*'], {
    about:
      'Addresses to listen on. One with a "-" before it may be missing on this machine; ' +
      '"*" is every IPv4 address, "::*" every IPv6 address; "" opens no TCP port.',
    alwaysApplies: true,
  }),
  'bind-source-addr': optionalText({
    about: 'Address that outgoing connections (to a master or to cluster nodes) come from.',
  }),
  port: integer(PORT, 6379, {
    about: 'TCP port to listen on. 0 opens none.',
  }),
  'protected-mode': yesNo('yes', {
    about: 'Refuse clients of other machines as long as the default user has no password.',
  }),
  'tcp-backlog': integer({ min: 0, max: INT_MAX }, 511, {
    about: 'How many connections may wait to be accepted; the system may allow fewer.',
    immutable: true,
  }),
  unixsocket: optionalText({
    about: 'Path of a Unix socket to listen on as well.',
    immutable: true,
  }),
  unixsocketperm: octal(0o777, 0, {
    about: 'File mode of the Unix socket, in octal. 0 leaves what the system gives it.',
    immutable: true,
  }),
  timeout: integer({ min: 0, max: INT_MAX }, 0, {
    about: 'Close a client that was silent for so many seconds. 0 never does.',
  }),
  'tcp-keepalive': integer({ min: 0, max: INT_MAX }, 300, {
    about: 'Seconds of silence after which TCP asks whether the other side is still there.',
  }),
  'socket-mark-id': integer({ min: 0, max: UINT_MAX, isUnsigned: true }, 0, {
    about: 'Mark (SO_MARK) on the listening sockets, for routing rules of the system.',
    note: 'Node.js cannot mark a socket: kept and shown, without effect.',
    immutable: true,
  }),
  maxclients: integer({ min: 1, max: UINT_MAX, isUnsigned: true }, 10000, {
    about: 'How many clients may be connected at once; the next one is told so and closed.',
  }),
  'client-query-buffer-limit': memory({ min: MIB, max: LONG_MAX, isUnsigned: true }, 1024 ** 3, {
    about: 'Close a client whose unfinished request has grown to so many bytes.',
  }),
  'client-output-buffer-limit': bufferLimits(
    {
      normal: { hardBytes: 0, softBytes: 0, softSeconds: 0 },
      replica: { hardBytes: 256 * MIB, softBytes: 64 * MIB, softSeconds: 60 },
      pubsub: { hardBytes: 32 * MIB, softBytes: 8 * MIB, softSeconds: 60 },
    },
    {
      about:
        'Close a client that does not read its replies: at once above the hard limit, after so ' +
        'many seconds above the soft one. Classes: normal, replica, pubsub. 0 is no limit.',
    },
  ),
  'http-port': integer(PORT, 0, {
    about:
      'Port for HTTP: /metrics for Prometheus, /health, and a page that shows what the server ' +
      'does. 0 opens none.',
  }),
  'http-bind': addresses(['127.0.0.1', '-::1'], {
    about: 'Addresses for http-port, written as in bind. HTTP is not encrypted.',
  }),
  'proto-max-bulk-len': memory({ min: MIB, max: LONG_MAX }, 512 * MIB, {
    about: 'The longest single argument that a request may hold.',
  }),
};
