/** Passwords, users, and which dangerous commands may be used by whom. */
import { LONG_MAX } from './c-numbers.js';
import { integer, oneOf, optionalText, text } from './kinds-scalar.js';

const WHO = ['no', 'yes', 'local'] as const;

export const securityDirectives = {
  requirepass: optionalText({
    about: 'Password of the default user.',
    sensitive: true,
  }),
  aclfile: text('', {
    about: 'File that holds the users, in place of user lines in this one.',
    immutable: true,
  }),
  'acllog-max-len': integer({ min: 0, max: LONG_MAX }, 128, {
    about: 'How many refused accesses ACL LOG remembers.',
  }),
  'acl-pubsub-default': oneOf(['allchannels', 'resetchannels'], 'resetchannels', {
    about: 'Whether a new user may use every channel or none.',
  }),
  'enable-protected-configs': oneOf(WHO, 'no', {
    about: 'Who may change dir and dbfilename at run time; local is who connects from here.',
    immutable: true,
  }),
  'enable-debug-command': oneOf(WHO, 'no', {
    about: 'Who may use DEBUG.',
    immutable: true,
  }),
  'enable-module-command': oneOf(WHO, 'no', {
    about: 'Who may use MODULE.',
    note: 'respd cannot load modules, which are programs in C.',
    immutable: true,
  }),
};
