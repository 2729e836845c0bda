/** Cluster mode: the nodes' ports, names and time limits, and what happens when some fail. */
import { INT_MAX, LONG_MAX } from './c-numbers.js';
import { ANY_SIZE, integer, memory, oneOf, optionalText, text, yesNo } from './kinds-scalar.js';
import { checkHostName, checkNodeName } from './value-checks.js';

const COUNT = { min: 0, max: INT_MAX };
const PORT = { min: 0, max: 65535 };

export const clusterDirectives = {
  'cluster-enabled': yesNo('no', {
    about: 'Be a node of a cluster.',
    immutable: true,
  }),
  'cluster-config-file': text('nodes.conf', {
    about: 'File in dir that the node keeps its view of the cluster in. Not to be edited.',
    immutable: true,
  }),
  'cluster-node-timeout': integer({ min: 0, max: LONG_MAX }, 15000, {
    about: 'Milliseconds of silence after which a node counts as failing.',
  }),
  'cluster-ping-interval': integer({ min: 0, max: LONG_MAX }, 0, {
    about: 'For tests: milliseconds between two PINGs to a node. 0 follows the timeout.',
    hidden: true,
  }),
  'cluster-port': integer(PORT, 0, {
    about: 'Port of the cluster bus. 0 is the port of the clients plus 10000.',
    immutable: true,
  }),
  'cluster-replica-validity-factor': integer(COUNT, 10, {
    alias: 'cluster-slave-validity-factor',
    about:
      'A replica that was cut off for so many node timeouts does not take over. 0 lets it ' +
      'always try.',
  }),
  'cluster-migration-barrier': integer(COUNT, 1, {
    about: 'How many working replicas a master keeps before one may move to a bare master.',
  }),
  'cluster-allow-replica-migration': yesNo('yes', {
    about: 'Let replicas move to masters that have none.',
  }),
  'cluster-require-full-coverage': yesNo('yes', {
    about: 'Stop answering when a slot is served by nobody.',
  }),
  'cluster-replica-no-failover': yesNo('no', {
    alias: 'cluster-slave-no-failover',
    about: 'Never take over by itself as a replica.',
  }),
  'cluster-allow-reads-when-down': yesNo('no', {
    about: 'Answer reads while the cluster is down.',
  }),
  'cluster-allow-pubsubshard-when-down': yesNo('yes', {
    about: 'Serve sharded channels while the cluster is down.',
  }),
  'cluster-link-sendbuf-limit': memory(ANY_SIZE, 0, {
    about: 'Drop the link to a node when more than this waits to be sent. 0 is no limit.',
  }),
  'cluster-announce-ip': optionalText({
    about: 'Address that other nodes and clients are told, behind NAT for instance.',
  }),
  'cluster-announce-port': integer(PORT, 0, {
    about: 'Port of the clients that others are told. 0 is the real one.',
  }),
  'cluster-announce-tls-port': integer(PORT, 0, {
    about: 'TLS port of the clients that others are told. 0 is the real one.',
  }),
  'cluster-announce-bus-port': integer(PORT, 0, {
    about: 'Port of the cluster bus that others are told. 0 is the real one.',
  }),
  'cluster-announce-hostname': optionalText(
    { about: 'Host name that others are told.' },
    { check: checkHostName },
  ),
  'cluster-announce-human-nodename': optionalText(
    { about: 'Name of this node in the logs of all.' },
    { check: checkNodeName },
  ),
  'cluster-preferred-endpoint-type': oneOf(['ip', 'hostname', 'unknown-endpoint'], 'ip', {
    about: 'What clients are sent to other nodes by.',
  }),
};
