/**
 * The kinds of directives that hold one thing: yes or no, a word out of a list, a number, a memory
 * size, an octal mode, a text. Each function here makes a whole declaration out of a default and
 * the facts, so that a table of directives reads as a list.
 *
 * Error texts are those of Redis's config.c, since CONFIG SET and the startup error repeat them.
 */
import { untilNul } from '../../text/c-string.js';
import { quoteBytes } from '../../text/quote.js';
import {
  looseOctal,
  memorySize,
  memoryText,
  narrow,
  strictInteger,
  ULONG_MAX,
} from './c-numbers.js';
import { bytesFromText } from './config-text.js';
import { type Directive, type DirectiveFacts, type Kind, Refusal } from './directive.js';

const same = <V>(a: V, b: V): boolean => a === b;
const itself = <V>(value: V): V => value;

// ---------------------------------------------------------------------------------- yes or no

export type YesNoNatural = boolean | 'yes' | 'no';

const YES_NO: Kind<boolean, boolean, YesNoNatural> = {
  title: 'yes or no',
  takesMany: false,
  parse(args) {
    const word = untilNul(args[0] as string).toLowerCase();
    if (word === 'yes') return true;
    return word === 'no' ? false : new Refusal("argument must be 'yes' or 'no'");
  },
  format: yesOrNo,
  rewrite: (stored, fallback) => [{ text: yesOrNo(stored), isNeeded: stored !== fallback }],
  equal: same,
  toValue: itself,
  argumentsOf: (natural) => [typeof natural === 'boolean' ? yesOrNo(natural) : natural],
};

function yesOrNo(value: boolean): string {
  return value ? 'yes' : 'no';
}

/** A directive that is `yes` or `no`. */
export function yesNo(
  fallback: 'yes' | 'no',
  facts: DirectiveFacts,
): Directive<boolean, boolean, YesNoNatural> {
  return { kind: YES_NO, default: fallback === 'yes', ...facts };
}

// ------------------------------------------------------------------------------ one of a list

/**
 * A directive whose value is one word of a list, in any case of letters. `synonyms` maps further
 * words to the one that stands for them; `order` is the list as the error text names it, when
 * synonyms stand in it.
 */
export function oneOf<const Word extends string>(
  words: readonly Word[],
  fallback: NoInfer<Word>,
  facts: DirectiveFacts,
  synonyms: Readonly<Record<string, NoInfer<Word>>> = {},
  order: readonly string[] = words,
): Directive<Word> {
  const meaning = new Map<string, Word>([
    ...words.map((word): [string, Word] => [word, word]),
    ...Object.entries(synonyms),
  ]);
  const kind: Kind<Word> = {
    title: words.join(' | '),
    takesMany: false,
    parse: (args) => meaning.get(untilNul(args[0] as string).toLowerCase()) ?? notOneOf(order),
    format: itself,
    rewrite: (stored, standard) => [{ text: stored, isNeeded: stored !== standard }],
    equal: same,
    toValue: itself,
    argumentsOf: (natural) => [natural],
  };
  return { kind, default: fallback, ...facts };
}

/** The refusal of a word that is not in the list. */
export function notOneOf(words: readonly string[]): Refusal {
  return new Refusal(`argument(s) must be one of the following: ${words.join(', ')}`);
}

// ------------------------------------------------------------------------------------ numbers

/** A number as a caller may write it: a number, or text with a unit where units are allowed. */
export type NumberNatural = number | string;
type NumberStored = number | bigint;
type NumberDirective = Directive<NumberStored, number, NumberNatural>;

interface NumberRule {
  readonly title: string;
  readonly min: NumberStored;
  readonly max: NumberStored;
  /** Compared as C's unsigned types, where -1 is the biggest value there is. */
  readonly isUnsigned?: boolean;
  /** Taken in a wider range than it acts in: it is moved to the nearer end of this one. */
  readonly clampTo?: readonly [number, number];
  read(text: string): bigint | undefined;
  readonly unreadable: string;
  /** A limit as the error text shows it. */
  show(limit: bigint): string;
  format(stored: NumberStored): string;
  rewriteAs(stored: NumberStored): string;
}

function numberKind(rule: NumberRule): Kind<NumberStored, number, NumberNatural> {
  return {
    title: rule.title,
    takesMany: false,
    parse(args) {
      const read = rule.read(args[0] as string);
      if (read === undefined) return new Refusal(rule.unreadable);
      const refusal = outOfRange(read, rule);
      return refusal ?? clamp(narrow(read), rule.clampTo);
    },
    format: rule.format,
    rewrite: (stored, fallback) => [
      { text: rule.rewriteAs(stored), isNeeded: stored !== fallback },
    ],
    equal: same,
    toValue: Number,
    argumentsOf: (natural) => [
      typeof natural === 'number' && Number.isInteger(natural)
        ? BigInt(natural).toString()
        : String(natural),
    ],
  };
}

function outOfRange(read: bigint, rule: NumberRule): Refusal | undefined {
  const value = rule.isUnsigned ? BigInt.asUintN(64, read) : read;
  const min = BigInt(rule.min);
  const max = BigInt(rule.max);
  if (value >= min && value <= max) return undefined;
  return new Refusal(`argument must be between ${rule.show(min)} and ${rule.show(max)} inclusive`);
}

function clamp(value: NumberStored, range: readonly [number, number] | undefined): NumberStored {
  if (range === undefined || typeof value === 'bigint') return value;
  return Math.min(Math.max(value, range[0]), range[1]);
}

const decimal = (value: NumberStored | bigint): string => `${value}`;

interface Limits {
  readonly min: NumberStored;
  readonly max: NumberStored;
  readonly isUnsigned?: boolean;
  readonly clampTo?: readonly [number, number];
}

/** A directive that is a whole number without unit. */
export function integer(limits: Limits, fallback: number, facts: DirectiveFacts): NumberDirective {
  const kind = numberKind({
    ...limits,
    title: 'number',
    read: strictInteger,
    unreadable: "argument couldn't be parsed into an integer",
    show: decimal,
    format: decimal,
    rewriteAs: decimal,
  });
  return { kind, default: fallback, ...facts };
}

/** A directive that counts bytes: `1000`, `64kb`, `100mb`, `1g`. */
export function memory(limits: Limits, fallback: number, facts: DirectiveFacts): NumberDirective {
  const kind = numberKind({
    ...limits,
    title: 'memory size',
    read: (text) => {
      const bytes = memorySize(text);
      return bytes === undefined || limits.isUnsigned ? bytes : BigInt.asIntN(64, bytes);
    },
    unreadable: 'argument must be a memory value',
    show: decimal,
    format: decimal,
    rewriteAs: memoryText,
  });
  return { kind, default: fallback, ...facts };
}

/**
 * A directive that is a memory size, or a percentage of maxmemory. A percentage is stored as a
 * negative number, as Redis does: `5%` is -5.
 */
export function memoryOrPercent(
  limits: { readonly maxPercent: number; readonly max: NumberStored },
  fallback: number,
  facts: DirectiveFacts,
): NumberDirective {
  const sizes = numberKind({
    title: 'memory size or percentage',
    min: -limits.maxPercent,
    max: limits.max,
    read: readMemoryOrPercent,
    unreadable: 'argument must be a memory or percent value',
    show: decimal,
    format: (stored) => (stored < 0 ? `${-stored}%` : `${stored}`),
    rewriteAs: (stored) => (stored < 0 ? `${-stored}%` : memoryText(stored)),
  });
  const kind: Kind<NumberStored, number, NumberNatural> = {
    ...sizes,
    parse(args, context) {
      const read = readMemoryOrPercent(args[0] as string);
      if (read !== undefined && read < -BigInt(limits.maxPercent)) {
        return new Refusal(`percentage argument must be less or equal to ${limits.maxPercent}`);
      }
      return sizes.parse(args, context);
    },
  };
  return { kind, default: fallback, ...facts };
}

function readMemoryOrPercent(text: string): bigint | undefined {
  const bytes = memorySize(text);
  if (bytes !== undefined) return BigInt.asIntN(64, bytes);
  const percent = text.endsWith('%') ? strictInteger(text.slice(0, -1)) : undefined;
  return percent !== undefined && percent >= 0n ? -percent : undefined;
}

/** A directive that is a file mode in octal digits. */
export function octal(max: number, fallback: number, facts: DirectiveFacts): NumberDirective {
  const octalText = (value: NumberStored | bigint): string => value.toString(8);
  const digits = numberKind({
    title: 'octal number',
    min: 0,
    max,
    isUnsigned: true,
    read: looseOctal,
    unreadable: "argument couldn't be parsed as an octal number",
    show: octalText,
    format: octalText,
    rewriteAs: octalText,
  });
  const kind: Kind<NumberStored, number, NumberNatural> = {
    ...digits,
    argumentsOf: (natural) => [typeof natural === 'number' ? natural.toString(8) : natural],
  };
  return { kind, default: fallback, ...facts };
}

/** The limits of a number that fills C's unsigned long long. */
export const ANY_SIZE: Limits = { min: 0, max: ULONG_MAX, isUnsigned: true };

// --------------------------------------------------------------------------------------- text

interface TextRule {
  /** Says what is wrong with a text, in Redis's words. */
  check?(text: string, lookup: (name: string) => unknown): string | undefined;
}

/** A directive that is a text, and may be the empty one. */
export function text(
  fallback: string,
  facts: DirectiveFacts,
  rule: TextRule = {},
): Directive<string> {
  return { kind: textKind(rule, false), default: fallback, ...facts };
}

/** A directive that is a text, or is not set, which the empty text stands for. */
export function optionalText(facts: DirectiveFacts, rule: TextRule = {}): Directive<string> {
  return { kind: textKind(rule, true), default: '', ...facts };
}

function textKind(rule: TextRule, emptyMeansUnset: boolean): Kind<string> {
  return {
    title: 'text',
    takesMany: false,
    parse(args, context) {
      const given = args[0] as string;
      const wrong = rule.check?.(given, context.lookup);
      return wrong === undefined ? given : new Refusal(wrong);
    },
    format: itself,
    rewrite(stored, fallback) {
      if (emptyMeansUnset && stored === '') return [];
      return [{ text: quoteBytes(bytesFromText(stored)), isNeeded: stored !== fallback }];
    },
    equal: same,
    toValue: itself,
    argumentsOf: (natural) => [natural],
  };
}
