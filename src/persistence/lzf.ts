/**
 * LZF: the compression of strings in RDB files. Quick rather than thorough.
 *
 *     000lllll                        the next l + 1 bytes as they are (1 to 32)
 *     lllooooo oooooooo               a copy of l + 2 bytes (3 to 8), from o + 1 bytes back
 *     111ooooo llllllll oooooooo      a copy of l + 9 bytes (9 to 264)
 *
 * A copy may reach into what it is writing: a run of one byte is a copy from one byte back.
 *
 * To compress, a table remembers where each three bytes were seen last, by their hash. It need not be
 * cleared between calls: positions are counted on from call to call, so what an earlier one left is
 * below `base` and means nothing.
 *
 * Source: M. Lehmann's liblzf (the format), http://oldhome.schmorp.de/marc/liblzf.html
 */

const MAX_LITERAL = 32;
const MAX_DISTANCE = 8192;
const MAX_COPY = 264;
const HASH_BITS = 15;
/** Positions begin anew, with a cleared table, before they leave 31 bits. */
const MAX_POSITION = 0x7fffffff;
/** Bytes become at most so many times their number. */
export const LZF_MAX_RATIO = MAX_COPY / 3;

// What it holds means nothing between calls.
const lastSeen = new Int32Array(1 << HASH_BITS);
const state = { base: 1 };

/**
 * Compresses src[off .. off + len) to dst[at ..].
 * @param max bytes that it may take at most
 * @returns how many it took, 0 if they do not suffice
 */
export function lzfCompress(
  src: Uint8Array,
  off: number,
  len: number,
  dst: Uint8Array,
  at: number,
  max: number,
): number {
  const base = takePositions(len) - off;
  const end = off + len;
  const limit = at + max;
  let from = off; // first byte not yet written
  let out = at;
  let i = off;
  const lastTriple = end - 3;
  while (i <= lastTriple) {
    const triple = (src[i]! << 16) | (src[i + 1]! << 8) | src[i + 2]!;
    const h = Math.imul(triple, 0x9e3779b1) >>> (32 - HASH_BITS);
    const seen = lastSeen[h]! - base;
    lastSeen[h] = i + base;
    const distance = i - seen;
    if (
      seen < off ||
      distance > MAX_DISTANCE ||
      src[seen] !== src[i] ||
      src[seen + 1] !== src[i + 1] ||
      src[seen + 2] !== src[i + 2]
    ) {
      i++;
      continue;
    }
    out = writeLiterals(src, from, i, dst, out, limit);
    if (out === 0 || out + 3 > limit) return 0;
    const longest = Math.min(end - i, MAX_COPY);
    let n = 3;
    while (n < longest && src[seen + n] === src[i + n]) n++;
    out = writeCopy(dst, out, distance - 1, n - 2);
    // So that what follows is found behind the copy too.
    const next = i + n;
    if (next <= lastTriple) {
      for (let k = next - 2; k < next; k++) {
        const t = (src[k]! << 16) | (src[k + 1]! << 8) | src[k + 2]!;
        lastSeen[Math.imul(t, 0x9e3779b1) >>> (32 - HASH_BITS)] = k + base;
      }
    }
    i = next;
    from = next;
  }
  out = writeLiterals(src, from, end, dst, out, limit);
  return out === 0 ? 0 : out - at;
}

/**
 * Decompresses src[off .. off + len) to dst[at .. at + size).
 * @returns whether that is just what the bytes say; any bytes may be given
 */
export function lzfDecompress(
  src: Uint8Array,
  off: number,
  len: number,
  dst: Uint8Array,
  at: number,
  size: number,
): boolean {
  const end = off + len;
  const limit = at + size;
  let i = off;
  let out = at;
  while (i < end) {
    const control = src[i++]!;
    if (control < MAX_LITERAL) {
      const n = control + 1;
      if (i + n > end || out + n > limit) return false;
      for (let k = 0; k < n; k++) dst[out + k] = src[i + k]!;
      i += n;
      out += n;
      continue;
    }
    let n = control >>> 5;
    if (n === 7) {
      if (i >= end) return false;
      n += src[i++]!;
    }
    if (i >= end) return false;
    n += 2;
    const from = out - (((control & 0x1f) << 8) | src[i++]!) - 1;
    if (from < at || out + n > limit) return false;
    if (n > 32 && out - from >= n) dst.copyWithin(out, from, from + n);
    else for (let k = 0; k < n; k++) dst[out + k] = dst[from + k]!;
    out += n;
  }
  return out === limit;
}

/** Positions for so many bytes. @returns the first */
function takePositions(len: number): number {
  if (state.base > MAX_POSITION - len) {
    lastSeen.fill(0);
    state.base = 1;
  }
  const first = state.base;
  state.base = first + len;
  return first;
}

/** @returns where it ends, 0 if that would be beyond the limit */
function writeLiterals(
  src: Uint8Array,
  from: number,
  to: number,
  dst: Uint8Array,
  at: number,
  limit: number,
): number {
  const count = to - from;
  if (count === 0) return at;
  if (at + count + Math.ceil(count / MAX_LITERAL) > limit) return 0;
  let out = at;
  for (let i = from; i < to; ) {
    const n = Math.min(MAX_LITERAL, to - i);
    dst[out++] = n - 1;
    for (let k = 0; k < n; k++) dst[out + k] = src[i + k]!;
    out += n;
    i += n;
  }
  return out;
}

/** @param distance less one @param n length less two @returns where it ends */
function writeCopy(dst: Uint8Array, at: number, distance: number, n: number): number {
  let out = at;
  if (n < 7) dst[out++] = (n << 5) | (distance >>> 8);
  else {
    dst[out++] = 0xe0 | (distance >>> 8);
    dst[out++] = n - 7;
  }
  dst[out++] = distance & 0xff;
  return out;
}
