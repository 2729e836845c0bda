/** Masters and replicas: who follows whom, how they synchronize, and what a replica may do. */
import { INT_MAX, LONG_MAX } from './c-numbers.js';
import { masterAddress } from './kinds-list.js';
import { integer, memory, oneOf, optionalText, yesNo } from './kinds-scalar.js';

const COUNT = { min: 0, max: INT_MAX };
const LEAST_BACKLOG_BYTES = 16 * 1024;
const PORT = { min: 0, max: 65535 };

export const replicationDirectives = {
  replicaof: masterAddress({
    alias: 'slaveof',
    about: 'Be a replica of the server at this host and port. At run time: REPLICAOF.',
    immutable: true,
  }),
  masterauth: optionalText({
    about: 'Password that a replica gives to its master.',
    sensitive: true,
  }),
  masteruser: optionalText({
    about: 'User as whom a replica logs in to its master. "" is the default user.',
    sensitive: true,
  }),
  'replica-serve-stale-data': yesNo('yes', {
    alias: 'slave-serve-stale-data',
    about: 'Answer clients with what is there while the master cannot be reached.',
  }),
  'replica-read-only': yesNo('yes', {
    alias: 'slave-read-only',
    about: 'Refuse writes of clients on a replica.',
  }),
  'repl-diskless-sync': yesNo('yes', {
    about: 'Send the snapshot of a full synchronization to replicas without a file.',
  }),
  'repl-diskless-sync-delay': integer(COUNT, 5, {
    about: 'Seconds to wait for more replicas before such a snapshot starts.',
  }),
  'repl-diskless-sync-max-replicas': integer(COUNT, 0, {
    about: 'Do not wait any longer once so many replicas wait. 0 always waits.',
  }),
  'repl-diskless-load': oneOf(['disabled', 'on-empty-db', 'swapdb'], 'disabled', {
    about:
      'Load the snapshot of a master straight from the socket: never, when there is no data ' +
      'yet, or beside the old data, which goes on being served (swapdb).',
    denyWhileLoading: true,
  }),
  'repl-ping-replica-period': integer({ min: 1, max: INT_MAX }, 10, {
    alias: 'repl-ping-slave-period',
    about: 'Seconds between two PINGs from a master to its replicas.',
  }),
  'repl-timeout': integer({ min: 1, max: INT_MAX }, 60, {
    about: 'Seconds of silence after which master and replica give each other up.',
  }),
  'repl-disable-tcp-nodelay': yesNo('no', {
    about: 'Let TCP gather what goes to replicas: fewer packets, more delay.',
  }),
  'repl-backlog-size': memory(
    { min: 1, max: LONG_MAX, clampTo: [LEAST_BACKLOG_BYTES, Number.MAX_SAFE_INTEGER] },
    1024 ** 2,
    {
      about: 'How many bytes of past changes are kept for replicas that come back; 16kb at least.',
    },
  ),
  'repl-backlog-ttl': integer({ min: 0, max: LONG_MAX }, 3600, {
    about: 'Seconds without any replica after which these bytes are dropped. 0 never does.',
  }),
  'replica-priority': integer(COUNT, 100, {
    alias: 'slave-priority',
    about: 'Sentinels promote the replica with the lowest number; with 0 never this one.',
  }),
  'propagation-error-behavior': oneOf(['ignore', 'panic', 'panic-on-replicas'], 'ignore', {
    about: 'What a command that fails on a replica, or in the AOF, leads to.',
  }),
  'replica-ignore-disk-write-errors': yesNo('no', {
    about: 'Take commands of the master although the own disk cannot be written.',
  }),
  'replica-announced': yesNo('yes', {
    about: 'Let sentinels show this replica to clients.',
  }),
  'min-replicas-to-write': integer(COUNT, 0, {
    alias: 'min-slaves-to-write',
    about: 'Refuse writes when fewer replicas than this are in time. 0 never does.',
  }),
  'min-replicas-max-lag': integer(COUNT, 10, {
    alias: 'min-slaves-max-lag',
    about: 'Seconds since its last word up to which a replica counts as in time.',
  }),
  'replica-announce-ip': optionalText({
    alias: 'slave-announce-ip',
    about: 'Address that a replica gives its master, behind NAT for instance.',
  }),
  'replica-announce-port': integer(PORT, 0, {
    alias: 'slave-announce-port',
    about: 'Port that a replica gives its master. 0 is the port it listens on.',
  }),
};
