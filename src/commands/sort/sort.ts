/**
 * SORT and SORT_RO: the elements of a list, set or sorted set in order, or values that belong to
 * them, replied or stored.
 *
 *     elements ──BY──> numbers or texts ──> order ──LIMIT──> part ──GET──> values
 *
 * With a BY pattern that names no key, nothing is sorted: a list or sorted set comes in its own
 * order, of which LIMIT then takes a part without looking at the rest.
 */
import type { Args } from '../../resp/args.js';
import type { Call } from '../../server/api/call.js';
import type { ArgSpec, CommandSpec, KeyPosition, KeySpec } from '../../server/api/command.js';
import { oneKey } from '../key-specs.js';
import { ByteTable } from './byte-table.js';
import { allElements, isSet, rangeOfElements, SORTABLE, sizeOf, unpackZset } from './elements.js';
import { parseSortOptions, type SortOptions } from './options.js';
import { sortedOrder } from './order.js';
import { Pattern } from './pattern.js';
import { storeList } from './store.js';

const OPTIONS: readonly ArgSpec[] = [
  { name: 'key', type: 'key', keySpec: 0 },
  {
    name: 'by-pattern',
    type: 'pattern',
    token: 'BY',
    display: 'pattern',
    keySpec: 1,
    optional: true,
  },
  {
    name: 'limit',
    type: 'block',
    token: 'LIMIT',
    optional: true,
    args: [
      { name: 'offset', type: 'integer' },
      { name: 'count', type: 'integer' },
    ],
  },
  {
    name: 'get-pattern',
    type: 'pattern',
    token: 'GET',
    display: 'pattern',
    keySpec: 1,
    optional: true,
    multiple: true,
    multipleToken: true,
  },
  {
    name: 'order',
    type: 'oneof',
    optional: true,
    args: [
      { name: 'asc', type: 'pure-token', token: 'ASC' },
      { name: 'desc', type: 'pure-token', token: 'DESC' },
    ],
  },
  { name: 'sorting', type: 'pure-token', token: 'ALPHA', optional: true },
];
const DESTINATION: ArgSpec = {
  name: 'destination',
  type: 'key',
  token: 'STORE',
  keySpec: 2,
  optional: true,
};

const NAMED_KEYS: KeySpec = {
  flags: ['RO', 'access'],
  begin: 'unknown',
  find: 'unknown',
  notes:
    "For the optional BY/GET keyword. It is marked 'unknown' because the key names derive from the content of the key we sort",
};
const STORE_KEY: KeySpec = {
  flags: ['OW', 'update'],
  begin: 'unknown',
  find: 'unknown',
  notes:
    "For the optional STORE keyword. It is marked 'unknown' because the keyword can appear anywhere in the argument array",
};

const COMPLEXITY =
  'O(N+M*log(M)) where N is the number of elements to sort and M the number of those returned; O(N) when nothing is sorted.';
const CATEGORIES = ['-keyspace', 'set', 'sortedset', 'list', 'dangerous'];

export const sort: CommandSpec = {
  name: 'sort',
  summary: 'Sorts the elements of a list, set or sorted set, and replies or stores them.',
  since: '1.0.0',
  group: 'generic',
  complexity: COMPLEXITY,
  arity: -2,
  flags: ['write', 'denyoom'],
  categories: CATEGORIES,
  keys: [oneKey(['RO', 'access']), NAMED_KEYS, STORE_KEY],
  args: [...OPTIONS, DESTINATION],
  reply: { oneOf: ['integer', { arrayOf: { oneOf: ['bulk', 'null'] } }] },
  getKeys: sortKeys,
  run(call: Call) {
    runSort(call, parseSortOptions(call, true));
  },
};

export const sortRo: CommandSpec = {
  name: 'sort_ro',
  summary: 'Replies the elements of a list, set or sorted set in order.',
  since: '7.0.0',
  group: 'generic',
  complexity: COMPLEXITY,
  arity: -2,
  flags: ['readonly'],
  categories: CATEGORIES,
  keys: [oneKey(['RO', 'access']), NAMED_KEYS],
  args: OPTIONS,
  reply: { arrayOf: { oneOf: ['bulk', 'null'] } },
  getKeys: () => [{ index: 1, flags: ['RO', 'access'] }],
  run(call: Call) {
    runSort(call, parseSortOptions(call, false));
  },
};

/** The sorted key, and the last destination that is named. */
function sortKeys(args: Args): readonly KeyPosition[] {
  const keys: KeyPosition[] = [{ index: 1, flags: ['RO', 'access'] }];
  for (let i = 2; i < args.count; i++) {
    if (args.is(i, 'LIMIT')) i += 2;
    else if (args.is(i, 'GET') || args.is(i, 'BY')) i++;
    else if (args.is(i, 'STORE') && i + 1 < args.count) {
      keys[1] = { index: i + 1, flags: ['OW', 'update'] };
    }
  }
  return keys;
}

/** What is to be replied: some of the elements, in this order. */
interface Selection {
  readonly elements: ByteTable;
  /** Their numbers; undefined: as they are. */
  readonly numbers: readonly number[] | undefined;
  readonly start: number;
  readonly count: number;
}

function runSort(call: Call, options: SortOptions): void {
  const { db, reply } = call;
  const e = call.readKind(1, SORTABLE);
  unpackZset(db, e);
  const selection = select(call, e, options);
  const { gets, destination } = options;
  if (destination !== 0) {
    const values = valuesToStore(call, selection, gets);
    storeList(call, destination, values);
    reply.int(values.count);
  } else replyValues(call, selection, gets);
}

function select(call: Call, e: number, options: SortOptions): Selection {
  const { db } = call;
  const size = sizeOf(db, e);
  const { start, count } = limited(size, options);
  const { destination, descending } = options;
  const ofSet = isSet(db, e);
  // A set has no order of its own; one that others can repeat is needed to store it, and in scripts.
  const isForced = options.unsorted && ofSet && (destination !== 0 || call.inScript);
  if (options.unsorted && !ofSet) {
    const elements = rangeOfElements(db, e, { start, count, reversed: descending });
    return { elements, numbers: undefined, start: 0, count: elements.count };
  }
  const elements = allElements(db, e, size);
  if (options.unsorted && !isForced) return { elements, numbers: undefined, start, count };
  const order = {
    by: isForced ? 0 : options.by,
    alpha: isForced || options.alpha,
    descending,
    stored: destination !== 0,
  };
  const numbers = sortedOrder(call, elements, order, start, start + count - 1);
  return { elements, numbers, start, count };
}

/** LIMIT's range, within what there is. */
function limited(size: number, { limitStart, limitCount }: SortOptions): ElementLimits {
  const start = Math.max(limitStart, 0);
  if (start >= size) return { start: size, count: 0 };
  const rest = size - start;
  return { start, count: limitCount < 0 ? rest : Math.min(limitCount, rest) };
}

interface ElementLimits {
  readonly start: number;
  readonly count: number;
}

function replyValues(call: Call, selection: Selection, gets: readonly number[]): void {
  const { reply } = call;
  const { elements, numbers, start, count } = selection;
  const patterns = gets.map((i) => new Pattern(call.args.view(i)));
  reply.array(count * Math.max(1, patterns.length));
  for (let i = start; i < start + count; i++) {
    const n = numbers === undefined ? i : numbers[i]!;
    const off = elements.offs[n]!;
    const len = elements.lens[n]!;
    if (patterns.length === 0) reply.bulk(elements.buf, off, len);
    for (const pattern of patterns) {
      if (pattern.lookup(call, elements.buf, off, len)) {
        reply.bulk(pattern.buf, pattern.off, pattern.len);
      } else reply.nil();
    }
  }
}

/** As `replyValues`, into a table; what is not there is an empty string. */
function valuesToStore(call: Call, selection: Selection, gets: readonly number[]): ByteTable {
  const { elements, numbers, start, count } = selection;
  const patterns = gets.map((i) => new Pattern(call.args.view(i)));
  const values = new ByteTable();
  for (let i = start; i < start + count; i++) {
    const n = numbers === undefined ? i : numbers[i]!;
    const off = elements.offs[n]!;
    const len = elements.lens[n]!;
    if (patterns.length === 0) values.add(elements.buf, off, len);
    for (const pattern of patterns) {
      if (pattern.lookup(call, elements.buf, off, len)) {
        values.add(pattern.buf, pattern.off, pattern.len);
      } else values.add(elements.buf, 0, 0);
    }
  }
  return values;
}
