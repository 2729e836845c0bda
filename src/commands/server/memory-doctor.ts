/** What MEMORY DOCTOR finds. */
import type { MemoryReport } from '../../server/api/server.js';
import { humanBytes } from '../../text/memory-units.js';

const MB = 1024 * 1024;
/** Below this, ratios say nothing. */
const ENOUGH_BYTES = 5 * MB;
const PEAK_RATIO = 1.5;
const RESIDENT_RATIO = 1.4;
/** What Node.js itself takes, about, which is no excess. */
const NODE_BYTES = 150 * MB;
const FREE_BLOCKS_RATIO = 1.1;
/** An excess that is worth a word, in bytes. */
const MUCH_BYTES = 10 * MB;
const BIG_CLIENT_BYTES = 200 * 1024;
const MANY_SCRIPTS = 1000;

/** @returns a text for people, ending with a newline */
export function diagnose(report: MemoryReport, clients: number): string {
  const { usedBytes } = report;
  if (usedBytes < ENOUGH_BYTES) {
    return (
      `Only ${humanBytes(usedBytes)} are in use: too little to tell what is right or wrong. ` +
      'Ask again when there is some data.\n'
    );
  }
  const found = symptoms(report, clients);
  if (found.length === 0) return 'No problem with memory was found.\n';
  return `Problems with memory that were found:\n\n${found.map((s) => ` * ${s}\n\n`).join('')}`;
}

function symptoms(report: MemoryReport, clients: number): string[] {
  const { usedBytes, peakBytes, residentBytes, activeBytes, allocatedBytes, clientBytes } = report;
  const found: string[] = [];
  if (peakBytes / usedBytes > PEAK_RATIO) {
    found.push(
      `Past peak: ${humanBytes(peakBytes)} were in use once, ${humanBytes(usedBytes)} are now. ` +
        'What the process still holds of the difference will be used when data grows again.',
    );
  }
  const dataResidentBytes = residentBytes - NODE_BYTES;
  if (
    dataResidentBytes / usedBytes > RESIDENT_RATIO &&
    dataResidentBytes - usedBytes > MUCH_BYTES
  ) {
    found.push(
      `Resident size: the process takes ${humanBytes(residentBytes)} for ` +
        `${humanBytes(usedBytes)} of data. Beyond what Node.js itself takes, that is a past peak, ` +
        'fragmentation, or what scripts have left. `MEMORY PURGE` gives back what is empty.',
    );
  }
  const freeBytes = activeBytes - allocatedBytes;
  if (activeBytes / allocatedBytes > FREE_BLOCKS_RATIO && freeBytes > MUCH_BYTES) {
    found.push(
      `Fragmentation: ${humanBytes(freeBytes)} are held in pages that are only partly used. ` +
        '`CONFIG SET activedefrag yes` has such pages emptied.',
    );
  }
  if (clientBytes / Math.max(clients, 1) > BIG_CLIENT_BYTES) {
    found.push(
      `Client buffers: ${humanBytes(clientBytes)} for ${clients} clients. CLIENT LIST shows whose ` +
        'they are (omem, qbuf): clients that do not read their replies, or send huge requests.',
    );
  }
  if (report.scripts > MANY_SCRIPTS) {
    found.push(
      `Scripts: ${report.scripts} are cached. Scripts that differ only in what they work on should ` +
        'take that as KEYS and ARGV, be loaded once and run by EVALSHA; SCRIPT FLUSH forgets them all.',
    );
  }
  return found;
}
