/** CLIENT: the container of its subcommands, and their HELP. */
import type { Call } from '../../server/api/call.js';
import type { CommandSpec } from '../../server/api/command.js';
import {
  clientGetname,
  clientId,
  clientInfoCommand,
  clientList,
  clientSetinfo,
  clientSetname,
} from './client-identity.js';
import { clientKill } from './client-kill.js';
import { clientNoEvict, clientNoTouch, clientReply } from './client-modes.js';
import { clientPause, clientUnblock, clientUnpause } from './client-pause.js';

const HELP = [
  'CLIENT <subcommand> [<arg> [value] [opt] ...]. Subcommands are:',
  'GETNAME',
  '    Return the name of this connection.',
  'ID',
  '    Return the number of this connection.',
  'INFO',
  '    Return what is known of this connection.',
  'KILL <ip:port>',
  '    End the connection made from <ip:port>.',
  'KILL <option> <value> [<option> <value> [...]]',
  '    End all connections that the options select:',
  '    * ADDR (<ip:port>|<unixsocket>:0)',
  '      Those made from this address.',
  '    * LADDR (<ip:port>|<unixsocket>:0)',
  '      Those made to this address of the server.',
  '    * TYPE (NORMAL|MASTER|REPLICA|PUBSUB)',
  '      Those of this type.',
  '    * USER <username>',
  '      Those authenticated as <username>.',
  '    * SKIPME (YES|NO)',
  '      Whether to spare this connection (default: yes).',
  'LIST [options ...]',
  '    Return what is known of all connections, a line each. Options:',
  '    * TYPE (NORMAL|MASTER|REPLICA|PUBSUB)',
  '      Only those of this type.',
  'UNPAUSE',
  '    End the pause of the clients.',
  'PAUSE <timeout> [WRITE|ALL]',
  '    Have all clients, or just their writes, wait for <timeout> milliseconds.',
  'REPLY (ON|OFF|SKIP)',
  '    Choose whether this connection is answered.',
  'SETNAME <name>',
  '    Give this connection the name <name>.',
  'SETINFO <option> <value>',
  '    Describe the client. Options are:',
  '    * LIB-NAME: the name of its library.',
  '    * LIB-VER: the version of its library.',
  'UNBLOCK <clientid> [TIMEOUT|ERROR]',
  '    End the waiting of a client that a blocking command holds.',
  'NO-EVICT (ON|OFF)',
  '    Keep this connection from being closed for lack of memory.',
  'NO-TOUCH (ON|OFF)',
  '    Leave the LRU and LFU clocks of keys alone.',
  'HELP',
  '    Print this help.',
];

const clientHelp: CommandSpec = {
  name: 'help',
  summary: 'Describes the subcommands.',
  since: '5.0.0',
  group: 'connection',
  complexity: 'O(1)',
  arity: 2,
  flags: ['loading', 'stale', 'sentinel'],
  reply: { arrayOf: 'status' },
  run(call: Call) {
    call.reply.statuses(HELP);
  },
};

export const client: CommandSpec = {
  name: 'client',
  summary: 'Commands about connections.',
  since: '2.4.0',
  group: 'connection',
  complexity: 'Depends on subcommand.',
  arity: -2,
  flags: ['sentinel'],
  reply: 'any',
  subcommands: [
    clientGetname,
    clientHelp,
    clientId,
    clientInfoCommand,
    clientKill,
    clientList,
    clientNoEvict,
    clientNoTouch,
    clientPause,
    clientReply,
    clientSetinfo,
    clientSetname,
    clientUnblock,
    clientUnpause,
  ],
};
