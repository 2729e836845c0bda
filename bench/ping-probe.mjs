/**
 * A worker thread that sends about a thousand PINGs a second on one connection and notes how long
 * each took. It sends on time whether or not the last was answered, so that one stall shows in all
 * the PINGs that fell into it. Any message ends a phase; the answer is that phase's latencies.
 */
import { createConnection } from 'node:net';
import { parentPort, workerData } from 'node:worker_threads';
import { encode } from './wire.mjs';

const INTERVAL_MS = 1;
const PONG_BYTES = '+PONG\r\n'.length;
/** PINGs under way; more than this unanswered means the server is gone, and probing stops. */
const MAX_PENDING = 1 << 20;

const ping = Buffer.from(encode(['PING']));
/** @type {number[]} */
let sentAt = [];
let answered = 0;
let bytes = 0;
/** @type {number[]} */
let latencies = [];

const socket = createConnection({ port: workerData.port, host: '127.0.0.1', noDelay: true });
socket.on('data', (chunk) => {
  const now = performance.now();
  bytes += chunk.length;
  for (; bytes >= PONG_BYTES; bytes -= PONG_BYTES) latencies.push(now - sentAt[answered++]);
  if (answered === sentAt.length) {
    sentAt = [];
    answered = 0;
  }
});
socket.once('connect', () => {
  const timer = setInterval(() => {
    if (sentAt.length > MAX_PENDING) return;
    sentAt.push(performance.now());
    socket.write(ping);
  }, INTERVAL_MS);
  socket.once('close', () => clearInterval(timer));
});
socket.on('error', () => socket.destroy());

parentPort?.on('message', () => {
  // A PING that still waits counts with what it has waited so far.
  const now = performance.now();
  const waiting = sentAt.slice(answered).map((sent) => now - sent);
  const sorted = Float64Array.from([...latencies, ...waiting]).sort();
  latencies = [];
  const at = (/** @type {number} */ part) =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0;
  parentPort?.postMessage({ count: sorted.length, p50: at(0.5), p999: at(0.999), worst: at(1) });
});
