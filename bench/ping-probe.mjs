/**
 * A process that sends about a thousand PINGs a second on one connection and notes how long each took.
 * It sends on time whether or not the last was answered, so that one stall shows in all the PINGs that
 * fell into it. The first message has it begin, and any further one ends a phase; the answer is what that
 * phase's latencies were.
 *
 *     sent                                   answered
 *      |-- the server waits for a core --|-- it works, or waits for its own threads --|
 *      |<---------------------------- latency --------------------------------------->|
 *
 * How long a thread has waited for a core is counted by Linux (schedstat): it is looked up when a PING
 * is sent and when its answer comes. The difference is taken off for `worstOwn`. A wait that was under
 * way when the PING was sent is taken off whole: so what is left may be up to a millisecond short.
 */
import { openSync, readSync } from 'node:fs';
import { createConnection } from 'node:net';

const INTERVAL_MS = 1;
const PONG_BYTES = '+PONG\r\n'.length;
const PING = '*1\r\n$4\r\nPING\r\n';
/** PINGs under way; more than this unanswered means the server is gone, and probing stops. */
const MAX_PENDING = 1 << 16;
const NS_PER_MS = 1e6;

const [port, pid] = process.argv.slice(2).map(Number);

/** The PINGs that are not answered: when each was sent, and how long the server had waited by then. */
/** @type {{ at: number, waited: number }[]} */
let pending = [];
let answered = 0;
let bytes = 0;
/** @type {number[]} */
let latencies = [];
let worstOwn = 0;

/**
 * How long the server's main thread has waited for a core so far, as a function; where the system
 * doesn't say, no wait is ever known.
 * @returns {() => number} milliseconds
 */
function waitReader() {
  try {
    const file = openSync(`/proc/${pid}/schedstat`, 'r');
    const buffer = Buffer.alloc(128);
    return () => {
      const text = buffer.toString('latin1', 0, readSync(file, buffer, 0, buffer.length, 0));
      return Number(text.split(' ')[1]) / NS_PER_MS;
    };
  } catch {
    return () => 0;
  }
}
const waitedMs = waitReader();

/** @param {{ at: number, waited: number }} ping @param {number} now @param {number} waited */
function note({ at, waited: before }, now, waited) {
  const latency = now - at;
  latencies.push(latency);
  worstOwn = Math.max(worstOwn, latency - (waited - before));
}

function begin() {
  const socket = createConnection({ port, host: '127.0.0.1', noDelay: true });
  socket.on('data', (chunk) => {
    const now = performance.now();
    const waited = waitedMs();
    bytes += chunk.length;
    for (; bytes >= PONG_BYTES; bytes -= PONG_BYTES) note(pending[answered++], now, waited);
    if (answered === pending.length) {
      pending = [];
      answered = 0;
    }
  });
  socket.once('connect', () => {
    const timer = setInterval(() => {
      if (pending.length > MAX_PENDING) return;
      pending.push({ at: performance.now(), waited: waitedMs() });
      socket.write(PING);
    }, INTERVAL_MS);
    socket.once('close', () => clearInterval(timer));
  });
  socket.on('error', () => socket.destroy());
}

process.once('message', begin);
process.on('message', () => {
  // A PING that still waits counts with what it has waited so far.
  const now = performance.now();
  const waited = waitedMs();
  for (const ping of pending.slice(answered)) note(ping, now, waited);
  const sorted = Float64Array.from(latencies).sort();
  const at = (/** @type {number} */ part) =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0;
  process.send?.({ count: sorted.length, p50: at(0.5), p999: at(0.999), worst: at(1), worstOwn });
  latencies = [];
  worstOwn = 0;
});
process.once('disconnect', () => process.exit());
