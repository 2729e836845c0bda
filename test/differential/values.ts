/**
 * Values for arguments, good and bad, by the type and the name that a command's spec gives them.
 *
 * The pools are small, so that keys, members and numbers meet again: a command is worth testing on
 * a key that others have written. Beside them stand the values on which servers trip: empty and
 * binary strings, lengths around an encoding's limit, integers around 2^31, 2^53 and 2^63, numbers
 * that are almost numbers.
 *
 * Keys of one group (`string:2`) are used mostly by that group's commands, and now and then by all
 * others, which meets wrong types without drowning in them.
 *
 * Two kinds of values are chosen with care, because two servers never run at the very same instant:
 *
 *     times to live    >= 1000 s, and never the same twice, lest GT and LT depend on the clock
 *     Unix times       long past, or from LATER_S to MUCH_LATER_S; only those are compared exactly
 */
import type { ArgSpec, CommandGroup } from '../../src/server/api/declaration.js';
import {
  ALMOST_DOUBLES,
  ALMOST_INTEGERS,
  DOUBLES,
  LIMIT_INTEGERS,
  LONG_LENGTHS,
  latin1,
  MEBIBYTE,
  MEMBERS,
  ODD_KEYS,
  PATTERN_PARTS,
  PATTERNS,
  SMALL_INTEGERS,
  VALUE_LENGTHS,
  WORDS,
} from './pools.js';
import type { Random } from './random.js';

/** Absolute times in the future that commands are given, Unix seconds. */
export const LATER_S = 4_100_000_000;
export const MUCH_LATER_S = 40_000_000_000;
/** How many of them come again and again, so that equal ones meet. */
const LATER_TIMES = 4;

const MIN_TTL = 10_000_000;
/** Times to live lie below this, or above HUGE_TTL, so that no instant falls between the above. */
const MAX_TTL = 1_000_000_000;
const HUGE_TTL = 2n ** 50n;
const HUGE_TTL_JITTER = 2 ** 40;
/** From here on a time to live overflows 64 bits whenever it begins, and so is refused. */
const ALWAYS_TOO_LONG_TTL = 2n ** 63n - 2n ** 40n;

/** Groups whose commands have keys of any group. */
const UNGROUPED = new Set<CommandGroup>([
  'generic',
  'server',
  'connection',
  'transactions',
  'scripting',
  'cluster',
  'sentinel',
]);
const LONG_KEY = 0.0003;

/** Names of integer arguments that count seconds or milliseconds from now. */
const TTL_NAMES = new Set(['seconds', 'milliseconds', 'ttl']);
/** Names of integer arguments that make sense when small. */
const SMALL_NAMES = new Set(['min-match-len', 'count', 'len', 'rank', 'num-matches', 'maxlen']);
/** Names of integer arguments that are a database's number. */
const DATABASE_NAMES = new Set(['index', 'index1', 'index2', 'db', 'destination-db']);

/** Whether commands of this group have keys of their own, of one type. */
export function hasKeysOfItsOwn(group: CommandGroup): boolean {
  return !UNGROUPED.has(group);
}

/** Whether the argument is a time to live, which must be a long one. */
export function isTtl(spec: ArgSpec): boolean {
  return spec.type === 'integer' && TTL_NAMES.has(spec.name);
}

export class Values {
  private readonly longValues: readonly Buffer[];
  private readonly hugeValue = Buffer.alloc(MEBIBYTE, 'a mebibyte of text, ');

  /** @param groups those that have keys of their own @param keysPerGroup how many each has */
  constructor(
    private readonly random: Random,
    private readonly groups: readonly CommandGroup[],
    private readonly keysPerGroup: number,
    /** How many members there are of each sort. */
    private readonly members: number,
  ) {
    this.longValues = LONG_LENGTHS.map((length) => {
      const value = Buffer.alloc(length);
      for (let i = 0; i < length; i++) value[i] = random.below(256);
      return value;
    });
  }

  /** A value as the spec wants it, mostly. @param group of the command */
  of(spec: ArgSpec, group: CommandGroup): Buffer {
    switch (spec.type) {
      case 'key':
        return this.key(group);
      case 'integer':
        return latin1(this.integerOf(spec));
      case 'unix-time':
        return latin1(this.unixTime(spec.name.includes('milli')));
      case 'double':
        return latin1(this.double());
      case 'pattern':
        return this.pattern();
      default:
        return this.textOf(spec);
    }
  }

  /** Anything at all. */
  junk(): Buffer {
    const { random } = this;
    switch (random.below(6)) {
      case 0:
        return latin1(this.integer());
      case 1:
        return latin1(this.double());
      case 2:
        return this.pattern();
      case 3:
        return this.value();
      case 4:
        return random.pick(WORDS);
      default:
        return random.pick(ODD_KEYS);
    }
  }

  key(group: CommandGroup): Buffer {
    const { random } = this;
    if (random.chance(0.08)) return random.pick(ODD_KEYS);
    if (random.chance(LONG_KEY)) return random.pick(this.longValues);
    const own = this.groups.includes(group);
    const chosen = own && random.chance(0.9) ? group : random.pick(this.groups);
    return latin1(`${chosen}:${random.below(this.keysPerGroup)}`);
  }

  /** What is stored: numbers, texts, binary bytes; short mostly, now and then long. */
  value(): Buffer {
    const { random } = this;
    const choice = random.fraction();
    if (choice < 0.3) return latin1(this.integer());
    if (choice < 0.4) return latin1(this.double());
    if (choice < 0.6) return this.letters(random.between(0, 30));
    if (choice < 0.75) return this.letters(random.pick(VALUE_LENGTHS));
    if (choice < 0.85) return this.bytes(random.between(1, 60));
    if (choice < 0.98) return random.pick(WORDS);
    return choice < 0.9995 ? random.pick(this.longValues) : this.hugeValue;
  }

  integer(): string {
    const { random } = this;
    const choice = random.fraction();
    if (choice < 0.6) return String(random.pick(SMALL_INTEGERS));
    if (choice < 0.75) return String(random.between(-70_000, 70_000));
    if (choice < 0.9) return random.pick(LIMIT_INTEGERS);
    if (choice < 0.94) return this.bigInteger().toString();
    return random.pick(ALMOST_INTEGERS);
  }

  double(): string {
    const { random } = this;
    const choice = random.fraction();
    if (choice < 0.5) return random.pick(DOUBLES);
    if (choice < 0.65) return String((random.fraction() - 0.5) * 10 ** random.between(-6, 20));
    if (choice < 0.75) return (random.between(-10_000, 10_000) / 100).toFixed(2);
    if (choice < 0.93) return this.integer();
    return random.pick(ALMOST_DOUBLES);
  }

  /** A time to live that ends long after the test, in seconds or milliseconds. */
  ttl(): string {
    const { random } = this;
    const choice = random.fraction();
    if (choice < 0.75) return String(random.between(MIN_TTL, MAX_TTL));
    if (choice < 0.85) return String(-random.between(0, 5000));
    return choice < 0.9 ? this.integer() : random.pick(LIMIT_INTEGERS);
  }

  private integerOf(spec: ArgSpec): string {
    const { random } = this;
    if (isTtl(spec)) return this.ttl();
    if (DATABASE_NAMES.has(spec.name) && random.chance(0.9)) {
      return String(random.chance(0.9) ? random.below(3) : random.pick([15, 16, -1, 100]));
    }
    if (SMALL_NAMES.has(spec.name) && random.chance(0.7)) return String(random.below(12));
    if (spec.name === 'cursor' && random.chance(0.7)) return '0';
    if (spec.name === 'protover' && random.chance(0.9)) return String(random.pick([2, 3, 3, 1, 4]));
    return this.integer();
  }

  private textOf(spec: ArgSpec): Buffer {
    const { random } = this;
    switch (spec.name) {
      case 'field':
      case 'member':
      case 'member1':
      case 'member2':
        return this.member();
      case 'pivot':
        return random.chance(0.5) ? this.member() : this.value();
      case 'element':
        return random.chance(0.5) ? this.member() : this.value();
      case 'value':
      case 'message':
        return this.value();
      default:
        return random.chance(0.7) ? random.pick(WORDS) : this.junk();
    }
  }

  /** A member of a set, a field of a hash: few, many, or all numbers. */
  private member(): Buffer {
    const { random } = this;
    const choice = random.fraction();
    if (choice < 0.4) return random.pick(MEMBERS);
    if (choice < 0.7) return latin1(`m:${random.below(this.members)}`);
    if (choice < 0.92) return latin1(String(random.below(this.members)));
    return this.value();
  }

  private unixTime(inMilliseconds: boolean): string {
    const { random } = this;
    const choice = random.fraction();
    if (choice < 0.65) {
      const share = random.chance(0.5)
        ? random.below(LATER_TIMES) / LATER_TIMES
        : random.fraction();
      const s = LATER_S + share * (MUCH_LATER_S - LATER_S);
      return String(Math.floor(inMilliseconds ? s * 1000 : s));
    }
    if (choice < 0.9) return String(random.between(-10, 1_400_000_000));
    return this.integer();
  }

  private pattern(): Buffer {
    const { random } = this;
    if (random.chance(0.6)) return random.pick(PATTERNS);
    const length = random.between(1, 8);
    return latin1(Array.from({ length }, () => random.pick(PATTERN_PARTS)).join(''));
  }

  /** Text of few letters, so that two of them have something in common. */
  private letters(length: number): Buffer {
    const text = Buffer.alloc(length);
    for (let i = 0; i < length; i++) text[i] = 97 + this.random.below(4);
    return text;
  }

  private bytes(length: number): Buffer {
    const bytes = Buffer.alloc(length);
    for (let i = 0; i < length; i++) bytes[i] = this.random.below(256);
    return bytes;
  }

  /** Of any length in bits, and never near the present, be it in seconds or milliseconds. */
  private bigInteger(): bigint {
    const { random } = this;
    const bits = random.between(20, 63);
    const number = (BigInt(random.uint32()) << 32n) | BigInt(random.uint32());
    const magnitude = BigInt.asUintN(bits, number);
    const isPresent = isBetween(magnitude, 10n ** 9n) || isBetween(magnitude, 10n ** 12n);
    return isPresent || random.chance(0.4) ? -magnitude : magnitude;
  }

  /**
   * A time to live in place of this one, should it end too soon, or be one that comes twice.
   * Numbers that are refused anyway stay as they are.
   */
  safeTtl(text: Buffer): Buffer {
    if (!/^[1-9]\d{0,18}$/.test(text.toString('latin1'))) return text;
    const { random } = this;
    const ttl = BigInt(text.toString('latin1'));
    if (ttl > ALWAYS_TOO_LONG_TTL) return text;
    if (ttl >= HUGE_TTL) return latin1(String(ttl - BigInt(random.between(0, HUGE_TTL_JITTER))));
    const isFine = ttl >= MIN_TTL && ttl <= MAX_TTL && !LIMIT_INTEGERS.includes(String(ttl));
    return isFine ? text : latin1(String(random.between(MIN_TTL, MAX_TTL)));
  }
}

function isBetween(n: bigint, low: bigint): boolean {
  return n >= low && n < 4n * low;
}
