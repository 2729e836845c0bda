/**
 * Sorts an array only as far as a part of it is asked for: SORT with LIMIT, GEOSEARCH with COUNT.
 *
 * It is quicksort that leaves alone what cannot reach the part: about n + k log k comparisons for k
 * of n elements.
 *
 *     | = pivot |   < pivot   |  not seen yet  |   > pivot   | = pivot |
 *     lo        less          i                j          greater      hi
 *
 * Elements equal to the pivot are put aside at both ends, and into the middle in the end. Which of
 * several equal elements comes first depends on every choice made here, and clients see it (which
 * of the members at one place are "the nearest two"?); so all choices are those of J. L. Bentley and
 * M. D. McIlroy, "Engineering a sort function", 1993, whose program Redis uses too: insertion sort
 * below 7 elements, median of three, median of three such medians above 40.
 */
export type Compare<T> = (a: T, b: T) => number;

const INSERTION_BELOW = 7;
const NINTHER_ABOVE = 40;

/**
 * Puts at positions `first` to `last` (both included) what sorting all of it would put there.
 * @param compare an order; may be called for an element and itself
 */
export function partialSort<T>(items: T[], compare: Compare<T>, first: number, last: number): void {
  sortPart(items, compare, 0, items.length, first, last);
}

/** As `partialSort`, of items[from … end). */
function sortPart<T>(
  items: T[],
  compare: Compare<T>,
  from: number,
  end: number,
  first: number,
  last: number,
): void {
  let lo = from;
  while (end - lo >= INSERTION_BELOW) {
    swap(items, lo, pivot(items, compare, lo, end));
    partition(items, compare, lo, end);
    const above = end - greaterCount;
    const below = lo + lessCount;
    if (lessCount > 1 && overlaps(lo, below, first, last)) {
      sortPart(items, compare, lo, below, first, last);
    }
    if (end - above <= 1 || !overlaps(above, end, first, last)) return;
    lo = above;
  }
  insertionSort(items, compare, lo, end);
}

/** What `partition` found: how many are less and greater than the pivot. */
let lessCount = 0;
let greaterCount = 0;

/** Sorts roughly: less than the pivot, which stands at `lo`; equal to it; greater. */
function partition<T>(items: T[], compare: Compare<T>, lo: number, end: number): void {
  const value = items[lo]!;
  let less = lo + 1;
  let i = less;
  let j = end - 1;
  let greater = j;
  for (;;) {
    for (; i <= j; i++) {
      const order = compare(items[i]!, value);
      if (order > 0) break;
      if (order === 0) swap(items, less++, i);
    }
    for (; i <= j; j--) {
      const order = compare(items[j]!, value);
      if (order < 0) break;
      if (order === 0) swap(items, j, greater--);
    }
    if (i > j) break;
    swap(items, i++, j--);
  }
  lessCount = i - less;
  greaterCount = greater - j;
  const front = Math.min(less - lo, lessCount);
  swapRuns(items, lo, i - front, front);
  const back = Math.min(greaterCount, end - 1 - greater);
  swapRuns(items, i, end - back, back);
}

/** Position of an element that is likely to be in the middle of the order. */
function pivot<T>(items: T[], compare: Compare<T>, lo: number, end: number): number {
  const n = end - lo;
  const middle = lo + Math.floor(n / 2);
  if (n === INSERTION_BELOW) return middle;
  const last = end - 1;
  if (n <= NINTHER_ABOVE) return median(items, compare, lo, middle, last);
  const d = Math.floor(n / 8);
  return median(
    items,
    compare,
    median(items, compare, lo, lo + d, lo + 2 * d),
    median(items, compare, middle - d, middle, middle + d),
    median(items, compare, last - 2 * d, last - d, last),
  );
}

/** Which of three positions holds the median. */
function median<T>(items: T[], compare: Compare<T>, a: number, b: number, c: number): number {
  const x = items[a]!;
  const y = items[b]!;
  const z = items[c]!;
  if (compare(x, y) < 0) {
    if (compare(y, z) < 0) return b;
    return compare(x, z) < 0 ? c : a;
  }
  if (compare(y, z) > 0) return b;
  return compare(x, z) < 0 ? a : c;
}

function insertionSort<T>(items: T[], compare: Compare<T>, lo: number, end: number): void {
  for (let i = lo + 1; i < end; i++) {
    const item = items[i]!;
    let at = i;
    for (; at > lo && compare(items[at - 1]!, item) > 0; at--) items[at] = items[at - 1]!;
    items[at] = item;
  }
}

function overlaps(from: number, end: number, first: number, last: number): boolean {
  return first < end && last >= from;
}

function swap<T>(items: T[], a: number, b: number): void {
  const item = items[a]!;
  items[a] = items[b]!;
  items[b] = item;
}

function swapRuns<T>(items: T[], a: number, b: number, length: number): void {
  for (let i = 0; i < length; i++) swap(items, a + i, b + i);
}
