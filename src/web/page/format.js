/** Figures as people read them. */

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];

/** @param {number} bytes */
export function bytes(bytes) {
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${unit === 0 ? value : value.toFixed(value < 10 ? 2 : 1)} ${UNITS[unit]}`;
}

/** @param {number} n */
export function count(n) {
  if (n >= 1e9) return `${(n / 1e9).toFixed(2)} G`;
  if (n >= 1e6) return `${(n / 1e6).toFixed(2)} M`;
  if (n >= 1e4) return `${(n / 1e3).toFixed(1)} k`;
  return n >= 100 || Number.isInteger(n) ? Math.round(n).toString() : n.toFixed(1);
}

/** @param {number | null} share 0 to 1 */
export function percent(share) {
  return share === null || Number.isNaN(share) ? '–' : `${(share * 100).toFixed(1)} %`;
}

/** @param {number} usec */
export function usec(usec) {
  if (usec >= 1e6) return `${(usec / 1e6).toFixed(2)} s`;
  if (usec >= 1e3) return `${(usec / 1e3).toFixed(2)} ms`;
  return `${usec < 10 ? usec.toFixed(2) : Math.round(usec)} µs`;
}

/** @param {number} seconds */
export function duration(seconds) {
  if (seconds < 60) return `${Math.round(seconds)} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
  if (seconds < 86400)
    return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
  return `${Math.floor(seconds / 86400)} d ${Math.floor((seconds % 86400) / 3600)} h`;
}

/** @param {number} ms as PTTL answers: -1 for ever, -2 gone */
export function ttl(ms) {
  if (ms === -2) return 'gone';
  return ms < 0 ? 'none' : duration(ms / 1000);
}

/** @param {number} ms Unix time */
export function time(ms) {
  return new Date(ms).toLocaleTimeString();
}
