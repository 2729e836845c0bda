/**
 * PFSELFTEST: registers keep what they are given, sparse and dense strings agree, and the estimate
 * is within six standard errors.
 *
 * It holds the server up for as long as it takes, so it adds a million elements, where Redis adds
 * ten.
 */
import {
  count,
  DENSE_BYTES,
  denseRegister,
  EMPTY_HYPERLOGLOG,
  HyperLogLog,
  isDense,
  REGISTERS,
  setDenseRegister,
} from '../../datastructs/hyperloglog.js';
import { ReplyError } from '../../resp/reply-error.js';
import type { Call } from '../../server/api/call.js';
import type { CommandSpec } from '../../server/api/command.js';

const REGISTER_ROUNDS = 100;
const ELEMENTS = 1_000_000;
const STANDARD_ERROR = 1.04 / Math.sqrt(REGISTERS);

export const pfselftest: CommandSpec = {
  name: 'pfselftest',
  summary: 'Tests the implementation of HyperLogLogs.',
  since: '2.8.9',
  group: 'hyperloglog',
  complexity: 'N/A',
  arity: 1,
  flags: ['admin'],
  docFlags: ['syscmd'],
  reply: 'OK',
  run(call: Call) {
    testRegisters(call.server.random);
    testEstimates(call.server.random, call.server.config.values['hll-sparse-max-bytes']);
    call.reply.ok();
  },
};

function testRegisters(random: () => number): void {
  const dense = new Uint8Array(DENSE_BYTES);
  const expected = new Uint8Array(REGISTERS);
  for (let round = 0; round < REGISTER_ROUNDS; round++) {
    for (let i = 0; i < REGISTERS; i++) {
      expected[i] = Math.floor(random() * 64);
      setDenseRegister(dense, 0, i, expected[i]!);
    }
    for (let i = 0; i < REGISTERS; i++) {
      const value = denseRegister(dense, 0, i);
      if (value === expected[i]) continue;
      throw failed(`Register ${i} should be ${expected[i]} but is ${value}`);
    }
  }
}

function testEstimates(random: () => number, sparseMax: number): void {
  const sparse = new HyperLogLog();
  const dense = new HyperLogLog();
  sparse.open(EMPTY_HYPERLOGLOG, 0, EMPTY_HYPERLOGLOG.length);
  dense.open(EMPTY_HYPERLOGLOG, 0, EMPTY_HYPERLOGLOG.length);
  dense.toDense();
  const element = new Uint8Array(8);
  const view = new DataView(element.buffer);
  view.setUint32(4, Math.floor(random() * 2 ** 32));
  const seed = Math.floor(random() * 2 ** 32);
  let checkpoint = 1;
  for (let n = 1; n <= ELEMENTS; n++) {
    view.setUint32(0, n ^ seed);
    dense.add(element, 0, 8, sparseMax);
    sparse.add(element, 0, 8, sparseMax);
    if (n !== checkpoint) continue;
    checkEstimates(sparse, dense, n, sparseMax);
    checkpoint *= 10;
  }
}

function checkEstimates(
  sparse: HyperLogLog,
  dense: HyperLogLog,
  n: number,
  sparseMax: number,
): void {
  if (n < Math.floor(sparseMax / 2) && isDense(sparse.buf, sparse.off)) {
    throw failed('sparse encoding not used');
  }
  const counted = count(dense.buf, dense.off, dense.len);
  if (counted !== count(sparse.buf, sparse.off, sparse.len)) throw failed('dense/sparse disagree');
  const error = Math.abs(n - counted);
  const limit = n === 10 ? 1 : Math.ceil(STANDARD_ERROR * 6 * n);
  if (error > limit) throw failed(`Too big error. card:${n} abserr:${error}`);
}

function failed(what: string): ReplyError {
  return new ReplyError(`TESTFAILED ${what}`);
}
