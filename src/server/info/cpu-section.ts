/** INFO cpu: seconds of processor time, of the process, its children and its main thread. */
import { readFileSync } from 'node:fs';
import type { InfoLine, InfoSection } from './context.js';

/** Ticks per second in /proc. */
const PROC_TICKS = 100;
/** Fields of /proc/…/stat, counted from the one behind the program's name. */
const USER = 11;
const SYSTEM = 12;
const CHILDREN_USER = 13;
const CHILDREN_SYSTEM = 14;

export const cpuSection: InfoSection = {
  name: 'cpu',
  title: 'CPU',
  shown: 'default',
  *lines(): Generator<InfoLine> {
    const { userCPUTime, systemCPUTime } = process.resourceUsage();
    const own = [systemCPUTime / 1e6, userCPUTime / 1e6];
    const main = procTimes('/proc/thread-self/stat', SYSTEM, USER) ?? own;
    const children = procTimes('/proc/self/stat', CHILDREN_SYSTEM, CHILDREN_USER) ?? [0, 0];
    yield ['used_cpu_sys', own[0]!.toFixed(6)];
    yield ['used_cpu_user', own[1]!.toFixed(6)];
    yield ['used_cpu_sys_children', children[0]!.toFixed(6)];
    yield ['used_cpu_user_children', children[1]!.toFixed(6)];
    yield ['used_cpu_sys_main_thread', main[0]!.toFixed(6)];
    yield ['used_cpu_user_main_thread', main[1]!.toFixed(6)];
  },
};

/** Two times in seconds from a stat file; undefined where the system has none (only Linux does). */
function procTimes(path: string, first: number, second: number): number[] | undefined {
  try {
    const text = readFileSync(path, 'latin1');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return [Number(fields[first]) / PROC_TICKS, Number(fields[second]) / PROC_TICKS];
  } catch {
    return undefined;
  }
}
