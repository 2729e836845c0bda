/** How the process starts, stops, is supervised, and where it writes its log. */
import { INT_MAX } from './c-numbers.js';
import { shutdownWords } from './kinds-list.js';
import { integer, oneOf, optionalText, text, yesNo } from './kinds-scalar.js';
import { checkLocale, checkProcTitle } from './value-checks.js';

export const generalDirectives = {
  daemonize: yesNo('no', {
    about: 'Go on in the background after the start.',
    immutable: true,
  }),
  supervised: oneOf(['upstart', 'systemd', 'auto', 'no'], 'no', {
    about: 'The service manager to tell when the server is ready; auto looks at the environment.',
    immutable: true,
  }),
  pidfile: optionalText({
    about: 'File that holds the process id while the server runs.',
    immutable: true,
  }),
  loglevel: oneOf(['debug', 'verbose', 'notice', 'warning', 'nothing'], 'notice', {
    about: 'The least important messages that are still logged.',
  }),
  logfile: text('', {
    about: 'File to append the log to. "" is standard output, or nowhere when daemonized.',
    immutable: true,
  }),
  'log-format': oneOf(['redis', 'json'], 'redis', {
    about: 'Form of log lines: as Redis writes them, or JSON objects. Redis does not know it.',
  }),
  'syslog-enabled': yesNo('no', {
    about: 'Send the log to the system log as well.',
    note: 'Node.js has no access to syslog; run under a service manager that collects stdout.',
    immutable: true,
  }),
  'syslog-ident': text('redis', {
    about: 'Name that the messages bear in the system log.',
    note: 'See syslog-enabled.',
    immutable: true,
  }),
  'syslog-facility': oneOf(
    ['user', 'local0', 'local1', 'local2', 'local3', 'local4', 'local5', 'local6', 'local7'],
    'local0',
    {
      about: 'Facility that the messages go to in the system log.',
      note: 'See syslog-enabled.',
      immutable: true,
    },
  ),
  'crash-log-enabled': yesNo('yes', {
    about: 'Write a report to the log when the server crashes.',
  }),
  'crash-memcheck-enabled': yesNo('yes', {
    about: 'Test the memory when the server crashes.',
    note: 'A JavaScript program cannot test memory: kept and shown, without effect.',
  }),
  'use-exit-on-panic': yesNo('no', {
    about: 'Exit after a failed assertion in place of an abort with a core dump.',
    hidden: true,
  }),
  'watchdog-period': integer({ min: 0, max: INT_MAX }, 0, {
    about: 'Log where the server hangs when it does so for this many milliseconds.',
    note: 'A single JavaScript thread cannot look at itself while it hangs: without effect.',
    hidden: true,
  }),
  databases: integer({ min: 1, max: INT_MAX }, 16, {
    about: 'How many databases SELECT can choose from. In cluster mode there is one.',
    immutable: true,
  }),
  'always-show-logo': yesNo('no', {
    about: 'Start the log with a logo even when it does not go to a terminal.',
    immutable: true,
  }),
  'set-proc-title': yesNo('yes', {
    about: 'Show what the server does in its process title.',
    immutable: true,
  }),
  'proc-title-template': text(
    '{title} {listen-addr} {server-mode}',
    {
      about:
        'Form of the process title. Variables: {title}, {listen-addr}, {server-mode}, {port}, ' +
        '{tls-port}, {unixsocket}, {config-file}.',
    },
    { check: checkProcTitle },
  ),
  'locale-collate': text(
    '',
    { about: 'Locale that SORT with ALPHA compares texts by. "" takes it from the environment.' },
    { check: checkLocale },
  ),
  hz: integer({ min: 0, max: INT_MAX, clampTo: [1, 500] }, 10, {
    about: 'How many times a second the background work runs, from 1 to 500.',
  }),
  'dynamic-hz': yesNo('yes', {
    about: 'Let hz rise while many clients are connected.',
  }),
  'shutdown-timeout': integer({ min: 0, max: INT_MAX }, 10, {
    about: 'Seconds that a shutdown waits for replicas which lag behind.',
  }),
  'shutdown-on-sigint': shutdownWords({
    about: 'How SIGINT shuts down: default, or words of save, nosave, now, force.',
  }),
  'shutdown-on-sigterm': shutdownWords({
    about: 'How SIGTERM shuts down: default, or words of save, nosave, now, force.',
  }),
  'ignore-warnings': text('', {
    about: 'Names of warnings at the start that are not to stop it, separated by blanks.',
  }),
};
