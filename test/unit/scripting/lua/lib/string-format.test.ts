import { describe, expect, it } from 'vitest';
import { scriptRunner } from '../../../../support/lua-script.js';

const { run } = scriptRunner();

function format(...args: string[]): unknown {
  return run(`return string.format(${args.join(', ')})`)[0];
}

describe('string.format', () => {
  it('puts in strings, cut and brought to a width', () => {
    expect(format("'%s|%5s|%-5s|%.2s'", "'abc'", "'abc'", "'abc'", "'abc'")).toBe(
      'abc|  abc|abc  |ab',
    );
    expect(format("'100%%'")).toBe('100%');
  });

  it('takes integers for 64 bits, as casts of C make them of doubles', () => {
    expect(format("'%d'", '2^53 + 2')).toBe('9007199254740994');
    expect(format("'%d'", '-3.99')).toBe('-3');
    expect(format("'%d'", '1e300')).toBe('-9223372036854775808');
    expect(format("'%x'", '-1')).toBe('ffffffffffffffff');
    expect(format("'%u'", '2^63')).toBe('9223372036854775808');
    expect(format("'%+05d|% d|%#x|%#o|%.3d'", '42', '42', '255', '8', '7')).toBe(
      '+0042| 42|0xff|010|007',
    );
  });

  it('rounds what lies in the middle to the even digit', () => {
    expect(format("'%.0f %.0f %.1f %.2f'", '0.5', '2.5', '0.25', '1.005')).toBe('0 2 0.2 1.00');
    expect(format("'%.0e %.1e %.2g'", '9.5', '1.25', '125')).toBe('1e+01 1.2e+00 1.2e+02');
  });

  it('writes doubles to the last digit', () => {
    expect(format("'%.20f'", '0.1')).toBe('0.10000000000000000555');
    expect(format("'%.3f'", '1e22')).toBe('10000000000000000000000.000');
    expect(format("'%g %g %g %#g'", '1e20', '0.0001', '100000', '1')).toBe(
      '1e+20 0.0001 100000 1.00000',
    );
    expect(format("'%5.1f|%-8g|%08.2f'", 'math.huge', '-math.huge', '-1')).toBe(
      '  inf|-inf    |-0001.00',
    );
  });

  it('quotes so that Lua reads it back', () => {
    expect(format("'%q'", "'a\"b\\\\\\n\\r\\0'")).toBe('"a\\"b\\\\\\\n\\r\\000"');
  });

  it('ends strings of less than 100 bytes at a zero byte, as C does', () => {
    expect(format("'%s.'", "'a\\0b'")).toBe('a.');
    expect(format("'[%c]'", '0')).toBe('[]');
    expect(format("'%s'", "('x'):rep(99) .. '\\0y'")).toBe(`${'x'.repeat(99)}\0y`);
  });

  it('says what is wrong with a format when it comes to it', () => {
    expect(() => format("'%d %y'", '1')).toThrow("bad argument #3 to 'format' (no value)");
    expect(() => format("'%y'", '1')).toThrow("script:1: invalid option '%y' to 'format'");
    expect(() => format("'%'", '1')).toThrow("invalid option '%' to 'format'");
    expect(() => format("'%123d'", '1')).toThrow('invalid format (width or precision too long)');
    expect(() => format("'%------d'", '1')).toThrow('invalid format (repeated flags)');
    expect(() => format("'%s'", 'nil')).toThrow(
      "bad argument #2 to 'format' (string expected, got nil)",
    );
  });
});
