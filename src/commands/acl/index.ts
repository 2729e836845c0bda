/** ACL: the container of its subcommands. */
import type { CommandSpec } from '../../server/api/command.js';
import { helpCommand } from '../server/help.js';
import { load, save } from './files.js';
import { log } from './log.js';
import { cat, dryRun, genPass } from './questions.js';
import { delUser, getUser, list, setUser, users, whoAmI } from './users.js';

const HELP = [
  'CAT [<category>]',
  '    Return the categories of commands, or the commands of <category>.',
  'DELUSER <username> [<username> ...]',
  '    Delete users, and end their connections.',
  'DRYRUN <username> <command> [<arg> ...]',
  '    Tell whether the user may run the command, without running it.',
  'GETUSER <username>',
  '    Return the flags, passwords (as digests) and rules of a user.',
  'GENPASS [<bits>]',
  '    Return a new password of random bits (256 by default).',
  'LIST',
  '    Return all users as lines of a config file.',
  'LOAD',
  '    Read the users from the ACL file.',
  'LOG [<count> | RESET]',
  '    Return what has been refused of late, or forget it.',
  'SAVE',
  '    Write the users into the ACL file.',
  'SETUSER <username> <attribute> [<attribute> ...]',
  '    Make or change a user.',
  'USERS',
  '    Return the names of all users.',
  'WHOAMI',
  '    Return the name of the user of this connection.',
];

export const acl: CommandSpec = {
  name: 'acl',
  summary: 'Commands about users and what they may do.',
  since: '6.0.0',
  group: 'server',
  complexity: 'Depends on subcommand.',
  arity: -2,
  flags: ['sentinel'],
  reply: 'any',
  subcommands: [
    cat,
    delUser,
    dryRun,
    genPass,
    getUser,
    helpCommand('ACL', '6.0.0', [], HELP),
    list,
    load,
    log,
    save,
    setUser,
    users,
    whoAmI,
  ],
};
