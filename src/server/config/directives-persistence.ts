/** Snapshots (RDB files) and the append-only file: when they are written, and how safely. */
import { INT_MAX, INT_MIN, LONG_MAX } from './c-numbers.js';
import { directory, savePoints } from './kinds-list.js';
import { integer, memory, oneOf, text, yesNo } from './kinds-scalar.js';
import { checkAofDirName, checkAofFileName, checkDbFileName } from './value-checks.js';

const MIB = 1024 ** 2;

export const snapshotDirectives = {
  save: savePoints(
    [
      { seconds: 3600, changes: 1 },
      { seconds: 300, changes: 100 },
      { seconds: 60, changes: 10000 },
    ],
    {
      about:
        'When to save a snapshot: pairs of seconds and changes, any of which is enough; in one ' +
        'line or in several. "" saves none.',
    },
  ),
  'stop-writes-on-bgsave-error': yesNo('yes', {
    about: 'Refuse writes while the last snapshot failed, so that somebody notices.',
  }),
  rdbcompression: yesNo('yes', {
    about: 'Compress long texts in snapshots.',
  }),
  rdbchecksum: yesNo('yes', {
    about: 'End snapshots with a checksum, and check it when one is loaded.',
    immutable: true,
  }),
  'rdb-version': oneOf(['auto', '9', '10', '11', '12'], 'auto', {
    about:
      'Version of the format in which snapshots are written: 9 for Redis 5 and 6, 10 for 7.0, 11 for ' +
      '7.2, 12 for 7.4. auto: the oldest from 10 on that has all that is to be saved.',
  }),
  'sanitize-dump-payload': oneOf(['no', 'yes', 'clients'], 'no', {
    about:
      'Check the inner structure of everything that comes in by RDB or RESTORE. clients: only ' +
      'of what a client sends, not of what a master or a file does.',
  }),
  dbfilename: text(
    'dump.rdb',
    { about: 'Name of the snapshot in dir.', protected: true },
    { check: checkDbFileName },
  ),
  'rdb-del-sync-files': yesNo('no', {
    about: 'Delete snapshots that were only made to synchronize, when persistence is off.',
  }),
  dir: directory('./', {
    about: 'Directory of all data files. Paths in other directives are relative to it.',
    protected: true,
    denyWhileLoading: true,
  }),
  'rdb-save-incremental-fsync': yesNo('yes', {
    about: 'Have the system write a growing snapshot to disk bit by bit, not all at the end.',
  }),
  'rdb-key-save-delay': integer({ min: INT_MIN, max: INT_MAX }, 0, {
    about: 'For tests: microseconds of pause after each saved key; -n pauses after one in n.',
    hidden: true,
  }),
  'key-load-delay': integer({ min: INT_MIN, max: INT_MAX }, 0, {
    about: 'For tests: microseconds of pause after each loaded key; -n pauses after one in n.',
    hidden: true,
  }),
  'loading-process-events-interval-bytes': integer({ min: 1024, max: INT_MAX }, 2 * MIB, {
    about: 'Serve clients each time so many bytes were loaded.',
    hidden: true,
  }),
};

export const appendOnlyDirectives = {
  appendonly: yesNo('no', {
    about: 'Write each change to a log that is replayed at the start.',
    denyWhileLoading: true,
  }),
  appendfilename: text(
    'appendonly.aof',
    { about: 'First part of the names of the append-only files.', immutable: true },
    { check: checkAofFileName },
  ),
  appenddirname: text(
    'appendonlydir',
    { about: 'Directory of the append-only files, in dir.', immutable: true },
    { check: checkAofDirName },
  ),
  appendfsync: oneOf(['everysec', 'always', 'no'], 'everysec', {
    about:
      'When the log is forced to disk: before each reply (always), once a second, or when the ' +
      'system does so by itself (no).',
  }),
  'no-appendfsync-on-rewrite': yesNo('no', {
    about: 'Do not force the log to disk while a snapshot or a rewrite keeps the disk busy.',
  }),
  'auto-aof-rewrite-percentage': integer({ min: 0, max: INT_MAX }, 100, {
    about: 'Rewrite the log when it has grown by this much since the last time. 0 never does.',
  }),
  'auto-aof-rewrite-min-size': memory({ min: 0, max: LONG_MAX }, 64 * MIB, {
    about: 'The size from which the log is rewritten by itself.',
  }),
  'aof-load-truncated': yesNo('yes', {
    about: 'Load a log whose end was torn off (by a power cut, say), and tell so.',
  }),
  'aof-use-rdb-preamble': yesNo('yes', {
    about: 'Let a rewritten log begin with a snapshot, which is smaller and loads faster.',
  }),
  'aof-timestamp-enabled': yesNo('no', {
    about: 'Note the time in the log, so that it can be cut off at a point in time.',
  }),
  'aof-rewrite-incremental-fsync': yesNo('yes', {
    about: 'Have the system write a rewritten log to disk bit by bit, not all at the end.',
  }),
  'aof-disable-auto-gc': yesNo('no', {
    about: 'For tests: keep the files of the log that a rewrite left behind.',
    hidden: true,
  }),
};
