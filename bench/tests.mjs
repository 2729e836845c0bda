/**
 * The commands that are measured, by group, and how many requests a run of each takes.
 *
 * Most are redis-benchmark's own tests (`-t name`). Those that redis-benchmark precedes with a
 * loading run, or that only its newer versions know, are given as the same command written out, so
 * that nothing but the command itself is counted. A test that consumes data (a pop) is given as
 * many items before each run as the run will take, or most of it would measure an empty key.
 */

/** Random keys go from 0 to this, less one: redis-benchmark's -r. */
export const KEY_SPACE = 1_000_000;

/**
 * @typedef {object} BenchTest
 * @property {string} name as it is written on the command line
 * @property {string[]} drive arguments of redis-benchmark that choose it
 * @property {string[]} probe one such command, sent first to see whether the server knows it
 * @property {number} weight how much work one request is, in SETs; divides the number of requests
 * @property {(requests: number) => Fill[]} prepare commands to run, uncounted, before each run
 */

/**
 * A command to be sent `count` times; each run of '#' in it becomes the number of the repetition,
 * with leading zeros.
 * @typedef {{ args: string[], count: number }} Fill
 */

const ITEMS_PER_FILL = 50;
const LIST_LENGTH_FOR_LRANGE = 10_000;

const nothing = () => [];

/**
 * @param {string} key
 * @returns {(requests: number) => Fill[]}
 */
const emptied = (key) => () => [{ args: ['DEL', key], count: 1 }];

/**
 * @param {string} name
 * @param {string[]} probe
 * @param {Partial<BenchTest>} [rest]
 * @returns {BenchTest}
 */
function builtIn(name, probe, rest = {}) {
  return { name, drive: ['-t', name], probe, weight: 1, prepare: nothing, ...rest };
}

/** @param {number} requests @returns {Fill[]} */
function filledList(requests) {
  const items = Array(ITEMS_PER_FILL).fill('xxx');
  return [
    { args: ['DEL', 'mylist'], count: 1 },
    { args: ['RPUSH', 'mylist', ...items], count: Math.ceil(requests / ITEMS_PER_FILL) },
  ];
}

/** @param {number} requests @returns {Fill[]} */
function filledSet(requests) {
  return [
    { args: ['DEL', 'myset'], count: 1 },
    { args: ['SADD', 'myset', 'element:############'], count: requests },
  ];
}

/** @param {number} requests @returns {Fill[]} */
function filledSortedSet(requests) {
  return [
    { args: ['DEL', 'myzset'], count: 1 },
    { args: ['ZADD', 'myzset', '############', 'element:############'], count: requests },
  ];
}

/** @param {number} length @returns {BenchTest} */
function lrange(length) {
  const command = ['LRANGE', 'mylist', '0', String(length - 1)];
  return {
    name: `lrange_${length}`,
    drive: command,
    probe: command,
    weight: length / 10,
    prepare: () => filledList(LIST_LENGTH_FOR_LRANGE),
  };
}

/** @type {Record<string, BenchTest[]>} */
export const GROUPS = {
  strings: [
    builtIn('ping_inline', ['PING']),
    builtIn('ping_mbulk', ['PING']),
    builtIn('set', ['SET', 'key:000000000000', 'xxx']),
    builtIn('get', ['GET', 'key:000000000000']),
    builtIn('incr', ['INCR', 'counter:000000000000']),
    builtIn('mset', ['MSET', 'key:000000000000', 'xxx'], { weight: 8 }),
  ],
  lists: [
    builtIn('lpush', ['LPUSH', 'mylist', 'xxx'], { prepare: emptied('mylist') }),
    builtIn('rpush', ['RPUSH', 'mylist', 'xxx'], { prepare: emptied('mylist') }),
    builtIn('lpop', ['LPOP', 'mylist'], { prepare: filledList }),
    builtIn('rpop', ['RPOP', 'mylist'], { prepare: filledList }),
    lrange(100),
    lrange(300),
    lrange(500),
    lrange(600),
  ],
  hashes: [builtIn('hset', ['HSET', 'myhash', 'element:000000000000', 'xxx'])],
  sets: [
    builtIn('sadd', ['SADD', 'myset', 'element:000000000000']),
    builtIn('spop', ['SPOP', 'myset'], { prepare: filledSet }),
  ],
  zsets: [
    builtIn('zadd', ['ZADD', 'myzset', '0', 'element:000000000000']),
    builtIn('zpopmin', ['ZPOPMIN', 'myzset'], { prepare: filledSortedSet }),
  ],
  streams: [
    {
      name: 'xadd',
      drive: ['XADD', 'mystream', '*', 'myfield', 'xxx'],
      probe: ['XADD', 'mystream', '*', 'myfield', 'xxx'],
      weight: 1,
      prepare: emptied('mystream'),
    },
  ],
};

/** The most CPU per request, as a part of Redis's, that is promised from a pipeline depth on. */
const PROMISED_FOR_STRINGS = [
  { fromDepth: 64, limit: 0.6 },
  { fromDepth: 16, limit: 0.8 },
  { fromDepth: 1, limit: 1.1 },
];
const PROMISED_FOR_COLLECTIONS = [
  { fromDepth: 64, limit: 0.75 },
  { fromDepth: 16, limit: 0.85 },
  { fromDepth: 1, limit: 1.1 },
];

/** @param {BenchTest} test @param {number} depth */
export function ratioLimit(test, depth) {
  const promised = GROUPS.strings.includes(test) ? PROMISED_FOR_STRINGS : PROMISED_FOR_COLLECTIONS;
  return promised.find(({ fromDepth }) => depth >= fromDepth)?.limit ?? Infinity;
}

/**
 * The tests named by groups or by their own names, each once, in the table's order.
 * @param {string[]} names
 * @returns {BenchTest[]}
 */
export function chooseTests(names) {
  const all = Object.values(GROUPS).flat();
  const wanted = new Set();
  for (const name of names) {
    const found = name === 'all' ? all : (GROUPS[name] ?? all.filter((test) => test.name === name));
    if (found.length === 0) {
      const known = [...Object.keys(GROUPS), ...all.map((test) => test.name)].join(', ');
      throw new Error(`There is no test or group named ${name}. There are: all, ${known}.`);
    }
    for (const test of found) wanted.add(test);
  }
  return all.filter((test) => wanted.has(test));
}
