/**
 * What the operating system says a process has used: CPU time and resident memory.
 *
 * The server's own CPU time is the measure of choice on a busy machine: a neighbour that takes the
 * processor lowers the requests per second of everyone, but adds little to what a request costs.
 * Linux counts nanoseconds per thread in schedstat; the ticks in /proc/PID/stat, 10 ms each, are
 * the fallback, and `ps` serves other systems.
 */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

const NS_PER_TICK = 10_000_000;
const NS_PER_SECOND = 1e9;
const BYTES_PER_KIB = 1024;

/**
 * CPU time, user and system, of all live threads of a process.
 * @param {number} pid
 * @returns {number} nanoseconds
 */
export function cpuTimeNs(pid) {
  if (process.platform !== 'linux') return psCpuTimeNs(pid);
  try {
    return schedstatNs(pid);
  } catch {
    return statNs(pid);
  }
}

/** @param {number} pid */
function schedstatNs(pid) {
  let sumNs = 0;
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    sumNs += Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]);
  }
  if (!(sumNs > 0)) throw new Error('schedstat does not count here');
  return sumNs;
}

/** @param {number} pid */
function statNs(pid) {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The program's name, in parentheses, may hold spaces; utime and stime are fields 14 and 15.
  const afterName = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(afterName[11]) + Number(afterName[12])) * NS_PER_TICK;
}

/** @param {number} pid */
function psCpuTimeNs(pid) {
  const text = execFileSync('ps', ['-o', 'time=', '-p', String(pid)], { encoding: 'utf8' }).trim();
  return parsePsTime(text) * NS_PER_SECOND;
}

/**
 * `[[days-]hours:]minutes:seconds[.hundredths]`
 * @param {string} text
 * @returns {number} seconds
 */
export function parsePsTime(text) {
  const [clock, days = '0'] = text.split('-').reverse();
  return clock.split(':').reduce((sum, part) => sum * 60 + Number(part), 0) + Number(days) * 86_400;
}

/**
 * Resident memory of a process.
 * @param {number} pid
 * @returns {number} bytes
 */
export function residentBytes(pid) {
  if (process.platform === 'linux') {
    const line = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
    if (line !== null) return Number(line[1]) * BYTES_PER_KIB;
  }
  const text = execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' });
  return Number(text.trim()) * BYTES_PER_KIB;
}

/**
 * Memory that a process takes of the machine: pages that several share are counted in parts, so that
 * the sum over all of them is what they take together. Linux only; elsewhere resident memory.
 * @param {number} pid
 * @returns {number} bytes; 0 when the process has ended
 */
export function proportionalBytes(pid) {
  if (process.platform !== 'linux') return residentBytes(pid);
  try {
    const line = /^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'));
    return Number(line?.[1] ?? 0) * BYTES_PER_KIB;
  } catch {
    return 0;
  }
}

/**
 * Processes that a process has started. Linux only; elsewhere none are seen.
 * @param {number} pid
 * @returns {number[]}
 */
export function childrenOf(pid) {
  try {
    const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
    return text.trim().split(' ').filter(Boolean).map(Number);
  } catch {
    return [];
  }
}
