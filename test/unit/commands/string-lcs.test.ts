import { beforeEach, describe, expect, it } from 'vitest';
import { stringCommands } from '../../../src/commands/string/index.js';
import { HandlerRig } from '../../support/handler-rig.js';

let rig: HandlerRig;
const run = (request: string | readonly (string | Uint8Array)[]) => rig.run(request);
/** A reply on one line. */
const flat = (request: string) => run(request).trimEnd().replaceAll('\r\n', ' ');

beforeEach(() => {
  rig = new HandlerRig(stringCommands);
  run('MSET a ohmytext b mynewtext');
});

describe('LCS', () => {
  it('replies the subsequence, or its length with LEN', () => {
    expect(flat('LCS a b')).toBe('$6 mytext');
    expect(flat('LCS a b LEN')).toBe(':6');
  });

  it('with IDX replies the runs, the last one first, and the length', () => {
    const runs = '*2 *2 *2 :4 :7 *2 :5 :8 *2 *2 :2 :3 *2 :0 :1';
    expect(flat('LCS a b IDX')).toBe(`*4 $7 matches ${runs} $3 len :6`);
  });

  it('with WITHMATCHLEN adds the length of each run', () => {
    const runs = '*2 *3 *2 :4 :7 *2 :5 :8 :4 *3 *2 :2 :3 *2 :0 :1 :2';
    expect(flat('LCS a b idx withmatchlen')).toBe(`*4 $7 matches ${runs} $3 len :6`);
  });

  it('with MINMATCHLEN leaves short runs out, but not out of the length', () => {
    const runs = '*1 *2 *2 :4 :7 *2 :5 :8';
    expect(flat('LCS a b IDX MINMATCHLEN 3')).toBe(`*4 $7 matches ${runs} $3 len :6`);
    expect(flat('LCS a b IDX MINMATCHLEN 9')).toBe('*4 $7 matches *0 $3 len :6');
    expect(flat('LCS a b IDX MINMATCHLEN -5')).toBe(flat('LCS a b IDX'));
    expect(flat('LCS a b MINMATCHLEN 5')).toBe('$6 mytext');
  });

  it('takes a missing key for an empty string', () => {
    expect(run('LCS a none')).toBe('$0\r\n\r\n');
    expect(run('LCS none none LEN')).toBe(':0\r\n');
    expect(flat('LCS none b IDX')).toBe('*4 $7 matches *0 $3 len :0');
  });

  it('compares integers by their digits, and a key with itself', () => {
    run('MSET n 1234 m 1324');
    expect(flat('LCS n m LEN')).toBe(':3');
    expect(flat('LCS n n')).toBe('$4 1234');
  });

  it('refuses other types before it reads the options', () => {
    rig.addHash('h');
    const error = '-ERR The specified keys must contain string values\r\n';
    expect(run('LCS a h')).toBe(error);
    expect(run('LCS h a FOO')).toBe(error);
  });

  it('refuses unknown options and LEN with IDX', () => {
    for (const options of ['FOO', 'MINMATCHLEN', 'LEN LEN FOO']) {
      expect(run(`LCS a b ${options}`)).toBe('-ERR syntax error\r\n');
    }
    expect(run('LCS a b MINMATCHLEN x')).toBe('-ERR value is not an integer or out of range\r\n');
    expect(run('LCS a b LEN IDX')).toBe(
      '-ERR If you want both the length and indexes, please just use IDX.\r\n',
    );
  });

  it('refuses strings whose table would exceed proto-max-bulk-len', () => {
    rig = new HandlerRig(stringCommands, { 'proto-max-bulk-len': 1024 * 1024 });
    run(['MSET', 'a', 'x'.repeat(511), 'b', 'x'.repeat(511), 'c', 'x'.repeat(512)]);
    expect(run('LCS a b LEN')).toBe(':511\r\n');
    const error =
      '-ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len\r\n';
    expect(run('LCS a c LEN')).toBe(error);
    expect(run('LCS a c')).toBe(error);
    expect(run('LCS a c IDX')).toBe(error);
  });
});
