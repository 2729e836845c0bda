/** Threads, processors and the kernel: what an operating system lets a server ask for. */
import { oomScores } from './kinds-list.js';
import { integer, oneOf, optionalText, yesNo } from './kinds-scalar.js';

const ONE_THREAD = 'respd serves all clients in one thread: kept and shown, without effect.';
const NO_AFFINITY = 'Node.js cannot choose processors (use taskset): without effect.';

export const systemDirectives = {
  'io-threads': integer({ min: 1, max: 128 }, 1, {
    about: 'Threads that read and write sockets.',
    note: ONE_THREAD,
    immutable: true,
  }),
  'io-threads-do-reads': yesNo('no', {
    about: 'Let these threads read and parse too.',
    note: ONE_THREAD,
    immutable: true,
  }),
  'oom-score-adj': oneOf(
    ['no', 'yes', 'absolute'],
    'no',
    {
      about:
        'Tell the Linux kernel which process to end first when memory runs out: by numbers ' +
        'added to the present score (yes or relative), or by the numbers themselves.',
    },
    { relative: 'yes' },
    ['no', 'yes', 'relative', 'absolute'],
  ),
  'oom-score-adj-values': oomScores([0, 200, 800], {
    about: 'These numbers, for a master, a replica, and a background process.',
  }),
  'disable-thp': yesNo('yes', {
    about: 'Ask the kernel for no transparent huge pages.',
    note: 'respd never forks its memory, so huge pages do it no harm: without effect.',
    immutable: true,
  }),
  server_cpulist: optionalText({
    about: 'Processors that the server may run on.',
    note: NO_AFFINITY,
    immutable: true,
  }),
  bio_cpulist: optionalText({
    about: 'Processors that background threads may run on.',
    note: NO_AFFINITY,
    immutable: true,
  }),
  aof_rewrite_cpulist: optionalText({
    about: 'Processors that a rewrite of the append-only file may run on.',
    note: NO_AFFINITY,
    immutable: true,
  }),
  bgsave_cpulist: optionalText({
    about: 'Processors that the saving of a snapshot may run on.',
    note: NO_AFFINITY,
    immutable: true,
  }),
};
