/** Calls of cjson, cmsgpack, struct and bit, made up: most of them sensible, many broken. */
import { type Described, DescribedValues, toSource } from './lua-values.js';
import type { Random } from './random.js';

export type LibraryName = 'cjson' | 'cmsgpack' | 'struct' | 'bit';

/** A call of a library's function; of cjson, on a new table that some options were set on. */
export interface LibraryCall {
  readonly library: LibraryName;
  readonly options: readonly (readonly [name: string, args: readonly Described[]])[];
  readonly name: string;
  readonly args: readonly Described[];
}

/** A chunk of a script that calls it; its value is what P makes of it. */
export function callSource({ library, options, name, args }: LibraryCall): string {
  const list = (described: readonly Described[]) => described.map(toSource).join(',');
  if (options.length === 0) {
    return `P(pcall(function() local r = Q(${library}.${name}(${list(args)})) return r end))`;
  }
  const sets = options.map(([option, given]) => `c.${option}(${list(given)})`);
  const body = `local c = cjson.new() ${sets.join(' ')} local r = Q(c.${name}(${list(args)})) return r`;
  return `P(pcall(function() ${body} end))`;
}

export class LibraryCalls {
  private readonly values: DescribedValues;

  constructor(private readonly random: Random) {
    this.values = new DescribedValues(random);
  }

  next(): LibraryCall {
    switch (this.random.below(8)) {
      case 0:
      case 1:
        return this.encode();
      case 2:
        return this.decode();
      case 3:
        return this.call('cmsgpack', 'pack', this.list(this.random.below(4), 3));
      case 4:
        return this.unpack();
      case 5:
        return this.structPack();
      case 6:
        return this.structUnpack();
      default:
        return this.bit();
    }
  }

  private call(
    library: LibraryName,
    name: string,
    args: readonly Described[],
    options: LibraryCall['options'] = [],
  ): LibraryCall {
    return { library, name, args, options };
  }

  private list(count: number, depth: number): Described[] {
    return Array.from({ length: count }, () => this.values.any(depth));
  }

  private encode(): LibraryCall {
    const { random } = this;
    if (random.chance(0.05)) return this.call('cjson', 'encode', this.list(random.below(3), 2));
    return this.call('cjson', 'encode', [this.values.any(4)], this.options());
  }

  private options(): [string, Described[]][] {
    const { random } = this;
    const options: [string, Described[]][] = [];
    while (random.chance(0.25)) options.push(this.option());
    return options;
  }

  private option(): [string, Described[]] {
    const { random } = this;
    const flag = () => random.pick<Described>([true, false, 'on', 'off', undefined, 'maybe', 1]);
    const integer = (end: number) => {
      if (random.chance(0.1)) return this.values.any(1);
      return random.chance(0.1) ? String(random.below(end)) : random.below(end);
    };
    switch (random.below(6)) {
      case 0:
        return ['encode_sparse_array', [flag(), integer(4), integer(20)].slice(0, random.below(5))];
      case 1:
        return ['encode_max_depth', [integer(6)]];
      case 2:
        return ['decode_max_depth', [integer(6)]];
      case 3:
        return ['encode_number_precision', [integer(16)]];
      case 4:
        return ['encode_invalid_numbers', [random.chance(0.4) ? 'null' : flag()]];
      default:
        return [random.pick(['decode_invalid_numbers', 'encode_keep_buffer']), [flag()]];
    }
  }

  private decode(): LibraryCall {
    const { random } = this;
    let text = this.json(4);
    while (random.chance(0.3)) text = this.mutated(text, '{}[]",:\\u0019eE+-.xXinfaN \t\n\0/dD8cC');
    const args: Described[] = [text];
    if (random.chance(0.02)) args.push(1);
    if (random.chance(0.02)) args[0] = this.values.any(1);
    return this.call('cjson', 'decode', args, this.options());
  }

  private json(depth: number): string {
    const { random } = this;
    const blank = () => random.pick(['', '', '', ' ', '\n', '\t ', '\r']);
    const items = (item: () => string) => {
      return Array.from({ length: random.below(5) }, () => blank() + item() + blank()).join(',');
    };
    const kind = random.below(depth > 0 ? 9 : 6);
    if (kind === 0) return random.pick(['true', 'false', 'null', 'nul', 'nan', 'True', 'Infinity']);
    if (kind < 3) return this.jsonNumber();
    if (kind < 6) return this.jsonString();
    if (kind === 6) return `[${items(() => this.json(depth - 1))}]`;
    return `{${items(() => `${this.jsonString()}${blank()}:${this.json(depth - 1)}`)}}`;
  }

  private jsonNumber(): string {
    const { random } = this;
    const digits = () => String(random.below(10 ** random.below(10)));
    switch (random.below(6)) {
      case 0:
        return String(this.values.number());
      case 1:
        return `${random.pick(['', '-', '+'])}${digits()}.${digits()}`;
      case 2:
        return `${digits()}${random.pick(['e', 'E'])}${random.pick(['', '-', '+'])}${random.below(400)}`;
      case 3:
        return `${random.pick(['0x', '-0X', '0', '00'])}${random.uint32().toString(16)}${random.pick(['', '.8', 'p3', 'p-1'])}`;
      case 4:
        return random.pick(['-', '+', '-inf', '+INF', 'nan(1)', '-.5', '.5', '5.', '1e', '1e+']);
      default:
        return digits() + digits() + digits();
    }
  }

  private jsonString(): string {
    const { random } = this;
    let text = '';
    for (let i = random.below(6); i > 0; i--) {
      const code = random.below(0x10000).toString(16).padStart(4, '0');
      switch (random.below(6)) {
        case 0:
          text += `\\${random.pick([...'"\\/bfnrtux '])}`;
          break;
        case 1:
          text += `\\u${random.chance(0.5) ? code : code.toUpperCase()}`;
          break;
        case 2:
          text += `\\ud${random.pick(['8', '9', 'B', 'c'])}${code.slice(2)}\\uD${random.pick(['c', 'F', '8'])}${code.slice(0, 2)}`;
          break;
        case 3:
          text += this.values.bytes(random.below(5)).replace(/["\\]/g, '');
          break;
        default:
          text += random.pick(['abc', 'key', ' ', 'x', 'longer text than before']);
      }
    }
    return `"${text}"`;
  }

  /** A byte more, less or other, or the end cut off. */
  private mutated(text: string, bytes: string): string {
    const { random } = this;
    const at = random.below(text.length + 1);
    const byte = random.chance(0.8) ? random.pick([...bytes]) : this.values.bytes(1);
    switch (random.below(4)) {
      case 0:
        return text.slice(0, at);
      case 1:
        return text.slice(0, at) + text.slice(at + 1);
      case 2:
        return text.slice(0, at) + byte + text.slice(at);
      default:
        return text.slice(0, at) + byte + text.slice(at + 1);
    }
  }

  private unpack(): LibraryCall {
    const { random } = this;
    let text = '';
    for (let i = random.below(4); i > 0; i--) text += this.packed(3);
    while (random.chance(0.2)) text = this.mutated(text, '\xc0\x91\x81\xa1\xcb\xd3\xdc\xdb\xc1');
    const integer = () => (random.chance(0.1) ? this.values.any(1) : random.between(-1, 6));
    const kind = random.below(4);
    if (kind === 0)
      return this.call('cmsgpack', 'unpack_one', [text, integer()].slice(0, 1 + random.below(2)));
    if (kind === 1)
      return this.call(
        'cmsgpack',
        'unpack_limit',
        [text, integer(), integer()].slice(0, 1 + random.below(3)),
      );
    return this.call(
      'cmsgpack',
      'unpack',
      random.chance(0.02) ? this.list(random.below(3), 1) : [text],
    );
  }

  /** MessagePack of something, in whatever form of those it has. */
  private packed(depth: number): string {
    const { random } = this;
    const bytes = (n: number) => this.values.bytes(n);
    const size = (n: number, width: number) => {
      return String.fromCharCode(
        ...[24, 16, 8, 0].slice(4 - width).map((shift) => (n >>> shift) & 255),
      );
    };
    const items = (n: number) => Array.from({ length: n }, () => this.packed(depth - 1)).join('');
    const n = random.below(5);
    switch (random.below(depth > 0 ? 14 : 9)) {
      case 0:
        return String.fromCharCode(random.below(256));
      case 1:
        return random.pick(['\xc0', '\xc2', '\xc3']);
      case 2:
        return random.pick(['\xcc', '\xd0']) + bytes(1);
      case 3:
        return random.pick(['\xcd', '\xd1']) + bytes(2);
      case 4:
        return random.pick(['\xce', '\xd2', '\xca']) + bytes(4);
      case 5:
        return random.pick(['\xcf', '\xd3', '\xcb']) + bytes(8);
      case 6:
        return `\xd9${size(n, 1)}${bytes(n)}`;
      case 7:
        return random.pick([`\xda${size(n, 2)}`, `\xdb${size(n, 4)}`]) + bytes(n);
      case 8:
        return String.fromCharCode(0xa0 | n) + bytes(n);
      case 9:
        return random.pick([`\xdc${size(n, 2)}`, `\xdd${size(n, 4)}`]) + items(n);
      case 10:
        return random.pick([`\xde${size(n, 2)}`, `\xdf${size(n, 4)}`]) + items(2 * n);
      case 11:
        return String.fromCharCode(0x80 | n) + items(2 * n);
      default:
        return String.fromCharCode(0x90 | n) + items(n);
    }
  }

  private structFormat(): string {
    const { random } = this;
    let format = '';
    for (let i = random.below(7); i > 0; i--) {
      const option = random.pick([...'bBhHlLTfdxscciIiI<>! ']);
      format += option;
      if (option === '!' && random.chance(0.8))
        format += random.pick(['1', '2', '4', '8', '16', '3']);
      if ('iIc'.includes(option) && random.chance(0.8))
        format += random.below(random.pick([5, 10, 35]));
      if (random.chance(0.02)) format += random.pick([...'zZ59%\0\xe9', '99999999999']);
    }
    return format;
  }

  private structPack(): LibraryCall {
    const { random, values } = this;
    const format = this.structFormat();
    if (random.chance(0.15)) return this.call('struct', 'size', [format]);
    const args: Described[] = [format];
    for (const option of format) {
      if ('bBhHlLTfdiI'.includes(option)) args.push(values.anyNumber());
      if (option === 's' || option === 'c') args.push(values.string());
    }
    if (random.chance(0.1)) args[random.below(args.length)] = values.any(1);
    if (random.chance(0.1)) args.splice(random.below(args.length + 1), 1);
    return this.call('struct', 'pack', args);
  }

  private structUnpack(): LibraryCall {
    const { random, values } = this;
    const args: Described[] = [this.structFormat(), values.bytes(random.below(60))];
    if (random.chance(0.3)) {
      args.push(random.chance(0.2) ? values.any(1) : random.between(-2, 20));
    }
    if (random.chance(0.03)) args[1] = values.any(1);
    return this.call('struct', 'unpack', args);
  }

  private bit(): LibraryCall {
    const { random, values } = this;
    const name = random.pick([
      'tobit',
      'tohex',
      'bnot',
      'band',
      'bor',
      'bxor',
      'lshift',
      'rshift',
      'arshift',
      'rol',
      'ror',
      'bswap',
    ]);
    const args: Described[] = Array.from({ length: random.between(1, 3) }, () => {
      return random.chance(0.3) ? random.between(-40, 40) : values.anyNumber();
    });
    if (random.chance(0.1)) args[random.below(args.length)] = values.any(1);
    if (random.chance(0.05)) args.length = 0;
    return this.call('bit', name, args);
  }
}
