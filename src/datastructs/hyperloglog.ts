/**
 * HyperLogLog: counts distinct elements in 12 KiB, with a standard error of 0.81 %.
 *
 * An element's hash names one of 16384 registers and a value for it; a register keeps the greatest
 * value it was given (P. Flajolet et al., "HyperLogLog", 2007). The bytes are Redis's:
 *
 *     +------+----------+----------+------------------+-----------
 *     | HYLL | encoding | 3 unused | cached count: 8  | registers
 *     +------+----------+----------+------------------+-----------
 *
 * The count is little-endian; its highest bit says that it is out of date. Registers are either
 * dense (encoding 0): 6 bits each, the lowest first; or sparse (1), runs of equal registers:
 *
 *     00llllll            ZERO   l + 1 registers of 0
 *     01llllll llllllll   XZERO  l + 1 registers of 0
 *     1vvvvvll            VAL    l + 1 registers of v + 1
 *
 * A sparse one becomes dense when it would outgrow a limit, or when a value is greater than 32.
 *
 * `HyperLogLog` is a window on such a string. Dense registers are changed where they are. A sparse
 * string is copied to a scratch buffer when it is opened, where it can grow and turn dense;
 * whoever opened it stores the bytes when `moved` says so. Bytes come from clients: a sparse string
 * whose runs do not make 16384 registers is found out and never read beyond its end.
 */
import { estimate } from './hyperloglog-estimate.js';
import { hashElement, hashedIndex, hashedRank } from './hyperloglog-hash.js';

export const REGISTERS = 16384;
export const HEADER_BYTES = 16;
export const DENSE_BYTES = HEADER_BYTES + (REGISTERS * 6) / 8;

const MAGIC = [0x48, 0x59, 0x4c, 0x4c];
const ENCODING_AT = 4;
const COUNT_AT = 8;
const DENSE = 0;
const SPARSE = 1;

const XZERO_BIT = 0x40;
const VAL_BIT = 0x80;
const ZERO_MAX_RUN = 64;
const VAL_MAX_RUN = 4;
const VAL_MAX_VALUE = 32;
/** How many runs are looked at for neighbours of one value after a change. */
const MERGE_RUNS = 5;
/** Bytes by which one change can lengthen a sparse string, generously. */
const ROOM = 8;
/** A scratch buffer longer than this is not kept. */
const SCRATCH_MAX = 64 * 1024;

/** What `add` and `set` answer. */
export const Outcome = { Same: 0, Changed: 1, Corrupted: -1 } as const;

/** An empty HyperLogLog, sparse: one run of zeros. */
export const EMPTY_HYPERLOGLOG: Uint8Array = (() => {
  const bytes = new Uint8Array(HEADER_BYTES + 2);
  bytes.set(MAGIC);
  bytes[ENCODING_AT] = SPARSE;
  bytes[HEADER_BYTES] = XZERO_BIT | ((REGISTERS - 1) >> 8);
  bytes[HEADER_BYTES + 1] = (REGISTERS - 1) & 0xff;
  return bytes;
})();

/** Whether the bytes have the header (and the length, where it is known) of a HyperLogLog. */
export function isHyperLogLog(buf: Uint8Array, off: number, len: number): boolean {
  if (len < HEADER_BYTES) return false;
  for (let i = 0; i < MAGIC.length; i++) if (buf[off + i] !== MAGIC[i]) return false;
  const encoding = buf[off + ENCODING_AT];
  return encoding === SPARSE || (encoding === DENSE && len === DENSE_BYTES);
}

export function isDense(buf: Uint8Array, off: number): boolean {
  return buf[off + ENCODING_AT] === DENSE;
}

/** Whether the cached count is up to date. */
export function hasCount(buf: Uint8Array, off: number): boolean {
  return buf[off + COUNT_AT + 7]! < 0x80;
}

export function cachedCount(buf: Uint8Array, off: number): bigint {
  return new DataView(buf.buffer, buf.byteOffset + off + COUNT_AT, 8).getBigUint64(0, true);
}

export function cacheCount(buf: Uint8Array, off: number, count: number): void {
  const view = new DataView(buf.buffer, buf.byteOffset + off + COUNT_AT, 8);
  view.setBigUint64(0, BigInt.asUintN(64, BigInt(count)), true);
}

export function forgetCount(buf: Uint8Array, off: number): void {
  buf[off + COUNT_AT + 7]! |= 0x80;
}

/** Length of the run at `p`, in registers. @param end where the string ends */
function runAt(buf: Uint8Array, p: number, end: number): number {
  const code = buf[p]!;
  if (code >= VAL_BIT) return (code & 3) + 1;
  if (code < XZERO_BIT) return code + 1;
  return (((code & 0x3f) << 8) | (p + 1 < end ? buf[p + 1]! : 0)) + 1;
}

/** Bytes of a run's code. */
function codeBytes(code: number): number {
  return code >= XZERO_BIT && code < VAL_BIT ? 2 : 1;
}

function runValue(code: number): number {
  return code >= VAL_BIT ? ((code >> 2) & 0x1f) + 1 : 0;
}

function valCode(value: number, run: number): number {
  return VAL_BIT | ((value - 1) << 2) | (run - 1);
}

/** A register of a dense string. @param at where the string begins */
export function denseRegister(buf: Uint8Array, at: number, index: number): number {
  const bit = index * 6;
  const p = at + HEADER_BYTES + (bit >> 3);
  const shift = bit & 7;
  if (shift <= 2) return (buf[p]! >> shift) & 63;
  return ((buf[p]! >> shift) | (buf[p + 1]! << (8 - shift))) & 63;
}

/** @param at where the dense string begins */
export function setDenseRegister(buf: Uint8Array, at: number, index: number, value: number): void {
  const bit = index * 6;
  const p = at + HEADER_BYTES + (bit >> 3);
  const shift = bit & 7;
  buf[p] = (buf[p]! & ~(63 << shift)) | (value << shift);
  if (shift <= 2) return;
  buf[p + 1] = (buf[p + 1]! & ~(63 >> (8 - shift))) | (value >> (8 - shift));
}

/** Raises registers (one byte each) to those of a HyperLogLog. @returns whether that is valid */
export function mergeInto(max: Uint8Array, buf: Uint8Array, off: number, len: number): boolean {
  if (isDense(buf, off)) {
    for (let i = 0; i < REGISTERS; i++) {
      const value = denseRegister(buf, off, i);
      if (value > max[i]!) max[i] = value;
    }
    return true;
  }
  const end = off + len;
  let index = 0;
  for (let p = off + HEADER_BYTES; p < end; p += codeBytes(buf[p]!)) {
    const run = runAt(buf, p, end);
    const value = runValue(buf[p]!);
    if (value !== 0) {
      if (index + run > REGISTERS) return false;
      for (let i = index; i < index + run; i++) if (value > max[i]!) max[i] = value;
    }
    index += run;
  }
  return index === REGISTERS;
}

/** How many elements registers of one byte each stand for. */
export function countRegisters(registers: Uint8Array): number {
  const histogram = new Int32Array(64);
  for (let i = 0; i < REGISTERS; i++) histogram[registers[i]! & 63]!++;
  return estimate(histogram);
}

/** How many elements a HyperLogLog has seen, whatever its cache says; NaN if it is corrupted. */
export function count(buf: Uint8Array, off: number, len: number): number {
  const histogram = new Int32Array(64);
  if (isDense(buf, off)) {
    for (let i = 0; i < REGISTERS; i++) histogram[denseRegister(buf, off, i)]!++;
    return estimate(histogram);
  }
  const end = off + len;
  let index = 0;
  for (let p = off + HEADER_BYTES; p < end; p += codeBytes(buf[p]!)) {
    const run = runAt(buf, p, end);
    histogram[runValue(buf[p]!)]! += run;
    index += run;
  }
  return index === REGISTERS ? estimate(histogram) : Number.NaN;
}

/** The runs of a sparse string in PFDEBUG's notation: `Z:100 v:3,1 z:10`. */
export function describeRuns(buf: Uint8Array, off: number, len: number): string {
  const end = off + len;
  const words: string[] = [];
  for (let p = off + HEADER_BYTES; p < end; p += codeBytes(buf[p]!)) {
    const run = runAt(buf, p, end);
    const code = buf[p]!;
    if (code >= VAL_BIT) words.push(`v:${runValue(code)},${run}`);
    else words.push(code >= XZERO_BIT ? `Z:${run}` : `z:${run}`);
  }
  return words.join(' ');
}

export class HyperLogLog {
  /** The string's bytes: the caller's, or the scratch buffer. */
  buf: Uint8Array = EMPTY_HYPERLOGLOG;
  off = 0;
  len = 0;
  /** Whether the bytes are in the scratch buffer and differ from those that were opened. */
  moved = false;

  /** Kept from one string to the next. */
  private scratch = new Uint8Array(DENSE_BYTES);
  private readonly sequence = new Uint8Array(5);

  /** Opens a string, which isHyperLogLog must have passed. */
  open(buf: Uint8Array, off: number, len: number): void {
    this.moved = false;
    this.len = len;
    if (isDense(buf, off)) {
      this.buf = buf;
      this.off = off;
      return;
    }
    if (this.scratch.length > SCRATCH_MAX) this.scratch = new Uint8Array(DENSE_BYTES);
    if (this.scratch.length < len + ROOM) this.scratch = new Uint8Array(len + ROOM);
    this.scratch.set(buf.subarray(off, off + len));
    this.buf = this.scratch;
    this.off = 0;
  }

  /**
   * Adds an element.
   * @param sparseMax longest sparse string, in bytes
   * @returns of Outcome
   */
  add(src: Uint8Array, off: number, len: number, sparseMax: number): number {
    hashElement(src, off, len);
    return this.set(hashedIndex, hashedRank, sparseMax);
  }

  /** Raises a register to `value` (1 to 63). @returns of Outcome */
  set(index: number, value: number, sparseMax: number): number {
    return isDense(this.buf, this.off)
      ? this.setDense(index, value)
      : this.setSparse(index, value, sparseMax);
  }

  /** Makes the string dense. @returns whether it is valid */
  toDense(): boolean {
    if (isDense(this.buf, this.off)) return true;
    const { buf, len } = this;
    const dense = new Uint8Array(DENSE_BYTES);
    dense.set(buf.subarray(0, HEADER_BYTES));
    dense[ENCODING_AT] = DENSE;
    let index = 0;
    for (let p = HEADER_BYTES; p < len; p += codeBytes(buf[p]!)) {
      const run = runAt(buf, p, len);
      const value = runValue(buf[p]!);
      if (value !== 0) {
        if (index + run > REGISTERS) return false;
        for (let i = index; i < index + run; i++) setDenseRegister(dense, 0, i, value);
      }
      index += run;
    }
    if (index !== REGISTERS) return false;
    this.buf = dense;
    this.len = DENSE_BYTES;
    this.moved = true;
    return true;
  }

  private setDense(index: number, value: number): number {
    if (value <= denseRegister(this.buf, this.off, index)) return Outcome.Same;
    setDenseRegister(this.buf, this.off, index, value);
    return Outcome.Changed;
  }

  private setSparse(index: number, value: number, sparseMax: number): number {
    if (value > VAL_MAX_VALUE) return this.promote(index, value);
    const { buf, len } = this;
    let p = HEADER_BYTES;
    let before = p;
    let first = 0;
    let run = 0;
    while (p < len) {
      run = runAt(buf, p, len);
      if (index < first + run) break;
      before = p;
      first += run;
      p += codeBytes(buf[p]!);
    }
    if (p >= len) return Outcome.Corrupted;
    const old = runValue(buf[p]!);
    if (old >= value) return Outcome.Same;
    if (!this.splitRun(p, index - first, run, value, sparseMax)) return this.promote(index, value);
    this.mergeRuns(before);
    forgetCount(this.buf, 0);
    this.moved = true;
    return Outcome.Changed;
  }

  /**
   * Puts a register of its own into the run at `p`, which is split in up to three.
   * @returns whether there is room for that
   */
  private splitRun(p: number, at: number, run: number, value: number, sparseMax: number): boolean {
    const { buf, sequence } = this;
    const oldCode = buf[p]!;
    const oldBytes = codeBytes(oldCode);
    let n = this.putRun(0, oldCode, at);
    sequence[n++] = valCode(value, 1);
    n = this.putRun(n, oldCode, run - at - 1);
    const growth = n - oldBytes;
    if (growth > 0 && this.len + growth > sparseMax) return false;
    const room = this.withRoom();
    if (growth !== 0) room.copyWithin(p + n, p + oldBytes, this.len);
    for (let i = 0; i < n; i++) room[p + i] = sequence[i]!;
    this.len += growth;
    return true;
  }

  /** Writes what is left of a run to `sequence[n]`. @returns where the sequence goes on */
  private putRun(n: number, code: number, run: number): number {
    const { sequence } = this;
    if (run === 0) return n;
    if (code >= VAL_BIT) {
      sequence[n] = valCode(runValue(code), run);
      return n + 1;
    }
    if (run <= ZERO_MAX_RUN) {
      sequence[n] = run - 1;
      return n + 1;
    }
    sequence[n] = XZERO_BIT | ((run - 1) >> 8);
    sequence[n + 1] = (run - 1) & 0xff;
    return n + 2;
  }

  /** Joins neighbours of one value, from the run at `from` on, as far as Redis looks. */
  private mergeRuns(from: number): void {
    const { buf } = this;
    let p = from;
    for (let i = 0; i < MERGE_RUNS && p < this.len; i++) {
      const code = buf[p]!;
      const next = p + 1 < this.len ? buf[p + 1]! : 0;
      const run = (code & 3) + (next & 3) + 2;
      const isPair = code >= VAL_BIT && next >= VAL_BIT && runValue(code) === runValue(next);
      if (!isPair || run > VAL_MAX_RUN) {
        p += codeBytes(code);
        continue;
      }
      buf[p + 1] = valCode(runValue(code), run);
      buf.copyWithin(p, p + 1, this.len);
      this.len--;
    }
  }

  /** The scratch buffer, with room for one more change. */
  private withRoom(): Uint8Array {
    if (this.scratch.length < this.len + ROOM) {
      const longer = new Uint8Array(2 * this.len + ROOM);
      longer.set(this.scratch.subarray(0, this.len));
      this.scratch = longer;
      this.buf = longer;
    }
    return this.buf;
  }

  private promote(index: number, value: number): number {
    return this.toDense() ? this.setDense(index, value) : Outcome.Corrupted;
  }
}
