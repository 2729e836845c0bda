/**
 * Requests made from commands' specs: most as the spec says, in all the orders, repetitions and
 * cases that clients think of, and the rest broken on purpose.
 *
 *     spec.args  --walk-->  parts  --shuffle options-->  words  --mutate (1 in 6)-->  request
 *
 * A part is what one argument of the spec became: none, one or several words. Parts of optional
 * arguments that begin with a word of their own may change places among themselves.
 */
import type { ArgSpec, CommandGroup } from '../../src/server/api/declaration.js';
import { type Form, isSince } from './forms.js';
import { latin1 } from './pools.js';
import type { Random } from './random.js';
import { type Rule, ruleOf } from './rules.js';
import type { Values } from './values.js';

export type Request = readonly Buffer[];

/** How likely each option is in a request: one of these, chosen for each request. */
const OPTION_DENSITIES = [0.1, 0.3, 0.8];
const OPTION_REPEATED = 0.03;
const OPTIONS_SHUFFLED = 0.4;
const TWO_ALTERNATIVES = 0.03;
const ODD_CASE = 0.15;
const MUTATED = 1 / 6;
const RULES_VALUE = 0.9;
const MANY = 40;

interface Part {
  words: Buffer[];
  /** Whether it may stand elsewhere among parts of this sort. */
  isMovable: boolean;
}

export class RequestGenerator {
  /** Of the command whose request is being made. */
  private rule: Rule = {};
  private optionDensity = 0;

  /** @param version of the older of the two servers: what it doesn't know is not sent */
  constructor(
    private readonly random: Random,
    private readonly values: Values,
    private readonly version: string,
  ) {}

  /**
   * A request of this form, right or wrong.
   * @param other makes the request that a command such as COMMAND GETKEYS takes
   */
  request(form: Form, other: () => Request): Request {
    const { random } = this;
    const name = form.words.map((word) => this.inSomeCase(word));
    const rule = ruleOf(form);
    const args = rule.takesRequest ? other() : this.argumentsOf(form, rule);
    let words = [...name, ...args];
    if (random.chance(MUTATED)) words = this.mutated(words, form);
    return this.withSafeTtls(words, form);
  }

  /** A request for a command that does not exist. */
  unknownCommand(): Request {
    const { random, values } = this;
    const names = ['nosuch', 'GETT', 'ge', '', 'get\0', 'client|id', '\r\n', 'x'.repeat(200)];
    const name = random.chance(0.8) ? latin1(random.pick(names)) : values.junk();
    const args = Array.from({ length: random.below(5) }, () => values.junk());
    return [name, ...args];
  }

  private argumentsOf(form: Form, rule: Rule): Buffer[] {
    this.rule = rule;
    this.optionDensity = this.random.pick(OPTION_DENSITIES);
    return this.arguments(form.spec.args ?? [], form.spec.group);
  }

  /** The words for a list of arguments. */
  private arguments(specs: readonly ArgSpec[], group: CommandGroup): Buffer[] {
    const { random } = this;
    const parts: Part[] = [];
    for (let i = 0; i < specs.length; i++) {
      const spec = specs[i]!;
      if (!this.isKnown(spec)) continue;
      const next = specs[i + 1];
      if (spec.name === 'numkeys' && next?.type === 'key' && next.multiple) {
        parts.push({ words: this.countedKeys(spec, next, group), isMovable: false });
        i++;
        continue;
      }
      if (spec.optional && !random.chance(this.optionDensity)) continue;
      const isMovable = spec.optional === true && beginsWithWord(spec);
      parts.push({ words: this.argument(spec, group), isMovable });
      if (isMovable && random.chance(OPTION_REPEATED)) {
        parts.push({ words: this.argument(spec, group), isMovable });
      }
    }
    if (random.chance(OPTIONS_SHUFFLED)) this.shuffleOptions(parts);
    return parts.flatMap((part) => part.words);
  }

  private shuffleOptions(parts: Part[]): void {
    const movable = this.random.shuffled(parts.filter((part) => part.isMovable));
    for (let i = 0; i < parts.length; i++) if (parts[i]!.isMovable) parts[i] = movable.pop()!;
  }

  private argument(spec: ArgSpec, group: CommandGroup): Buffer[] {
    const words: Buffer[] = [];
    const token = spec.type === 'pure-token' ? undefined : spec.token;
    const times = spec.multiple ? this.repetitions() : 1;
    for (let i = 0; i < times; i++) {
      if (token !== undefined && (i === 0 || spec.multipleToken)) {
        words.push(this.inSomeCase(token));
      }
      words.push(...this.once(spec, group));
    }
    return words;
  }

  private once(spec: ArgSpec, group: CommandGroup): Buffer[] {
    const { random } = this;
    switch (spec.type) {
      case 'pure-token':
        return [this.inSomeCase(spec.token ?? spec.name)];
      case 'block':
        return this.arguments(spec.args ?? [], group);
      case 'oneof': {
        const known = (spec.args ?? []).filter((arg) => this.isKnown(arg));
        const words = this.argument(random.pick(known), group);
        if (!random.chance(TWO_ALTERNATIVES)) return words;
        return [...words, ...this.argument(random.pick(known), group)];
      }
      default: {
        const chosen = this.rule.values?.[spec.name];
        if (chosen !== undefined && random.chance(RULES_VALUE))
          return [latin1(random.pick(chosen))];
        return [this.values.of(spec, group)];
      }
    }
  }

  /** A count and so many keys; now and then the count is wrong. */
  private countedKeys(count: ArgSpec, keys: ArgSpec, group: CommandGroup): Buffer[] {
    const { random, values } = this;
    const n = this.repetitions();
    const said = random.chance(0.93) ? latin1(String(n)) : values.of(count, group);
    return [said, ...Array.from({ length: n }, () => values.of(keys, group))];
  }

  private repetitions(): number {
    const { random } = this;
    if (random.chance(0.005)) return MANY;
    return random.chance(0.5) ? 1 : random.between(1, 5);
  }

  private isKnown(spec: ArgSpec): boolean {
    return spec.since === undefined || isSince(this.version, spec.since);
  }

  private inSomeCase(word: string): Buffer {
    const { random } = this;
    if (!random.chance(ODD_CASE)) return latin1(word);
    if (random.chance(0.5)) return latin1(word.toLowerCase());
    return latin1(word.replace(/[a-z]/gi, (c) => (random.chance(0.5) ? swapCase(c) : c)));
  }

  /** The request with a mistake or two. */
  private mutated(request: readonly Buffer[], form: Form): Buffer[] {
    const { random } = this;
    const named = form.words.length;
    const words = [...request];
    for (let i = random.chance(0.25) ? 2 : 1; i > 0; i--) {
      const from = Math.min(named, words.length);
      const at = random.between(from, Math.max(from, words.length - 1));
      switch (random.below(8)) {
        case 0:
          words.splice(at, 1);
          break;
        case 1:
          words.length = random.between(1, words.length);
          break;
        case 2:
          if (at < words.length) words.splice(at, 0, words[at]!);
          break;
        case 3:
          words.push(this.values.junk());
          break;
        case 4:
          words.push(this.someToken(form));
          break;
        case 5:
          words.splice(at, 0, this.values.junk());
          break;
        case 6:
          if (at < words.length) words[at] = this.values.junk();
          break;
        default:
          this.swapTwo(words, from);
      }
    }
    return words;
  }

  private swapTwo(words: Buffer[], from: number): void {
    if (words.length - from < 2) return;
    const i = this.random.between(from, words.length - 1);
    const j = this.random.between(from, words.length - 1);
    [words[i], words[j]] = [words[j]!, words[i]!];
  }

  /** One of the command's own words, or one that other commands have. */
  private someToken(form: Form): Buffer {
    const own = tokensOf(form.spec.args ?? []);
    const others = ['NX', 'XX', 'GET', 'WITHSCORES', 'LIMIT', 'COUNT', 'HELP', 'NOSUCHOPTION'];
    const word = this.inSomeCase(
      this.random.pick(this.random.chance(0.7) ? [...own, 'EX'] : others),
    );
    if (this.random.chance(0.85)) return word;
    return this.random.chance(0.5) ? word.subarray(1) : Buffer.concat([word, latin1('x')]);
  }

  /** The request, whose times to live have become long ones wherever chance has put them. */
  private withSafeTtls(words: Buffer[], form: Form): Buffer[] {
    const { indexes, tokens } = form.ttl;
    if (indexes.size === 0 && tokens.size === 0) return words;
    return words.map((word, i) => {
      const before = i > 0 && words[i - 1]!.length < 20 ? words[i - 1]!.toString('latin1') : '';
      const isTtl = indexes.has(i) || tokens.has(before.toUpperCase());
      return isTtl ? this.values.safeTtl(word) : word;
    });
  }
}

function beginsWithWord(spec: ArgSpec): boolean {
  if (spec.token !== undefined) return true;
  return (
    (spec.type === 'oneof' && (spec.args ?? []).every(beginsWithWord)) ||
    (spec.type === 'block' && spec.args?.[0] !== undefined && beginsWithWord(spec.args[0]))
  );
}

function tokensOf(args: readonly ArgSpec[]): string[] {
  return args.flatMap((arg) => [
    ...(arg.token === undefined ? [] : [arg.token]),
    ...tokensOf(arg.args ?? []),
  ]);
}

function swapCase(letter: string): string {
  const lower = letter.toLowerCase();
  return letter === lower ? letter.toUpperCase() : lower;
}
