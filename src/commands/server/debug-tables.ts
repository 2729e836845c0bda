/** DEBUG HTSTATS and HTSTATS-KEY: how full hash tables are, and how long their chains. */
import type { Dict } from '../../datastructs/dict.js';
import type { Database } from '../../keyspace/database.js';

/** Chains this long or longer are counted together. */
const LONGEST_CHAIN = 50;

/** A database's tables. */
export function databaseTables(db: Database, full: boolean): string {
  return `[Dictionary HT]\n${dictTables(db.dict, full)}[Expires HT]\n${expiryTable(db)}`;
}

/** A hash table, and the one that it is being moved to. */
export function dictTables(dict: Dict, full: boolean): string {
  const [main, target] = dict.buckets;
  if (target === 0) return tableText(0, main, dict.size, full ? dict.chainLengths(0) : undefined);
  const mainChains = dict.chainLengths(0);
  const moved = dict.size - entriesOf(mainChains);
  return (
    tableText(0, main, dict.size - moved, full ? mainChains : undefined) +
    tableText(1, target, moved, full ? dict.chainLengths(1) : undefined)
  );
}

/** Times to live stand in a dense table, without buckets. */
function expiryTable(db: Database): string {
  return tableText(0, db.expires.size, db.expires.size, undefined);
}

/** @param chains how many buckets hold n entries, by n */
function tableText(
  which: 0 | 1,
  buckets: number,
  entries: number,
  chains: readonly number[] | undefined,
): string {
  const title = which === 0 ? 'main hash table' : 'rehashing target';
  let text = `Hash table ${which} stats (${title}):\n`;
  if (entries === 0) return `${text}No stats available for empty dictionaries\n`;
  text += ` table size: ${buckets}\n number of elements: ${entries}\n`;
  return chains === undefined ? text : text + chainText(chains, buckets, entries);
}

function chainText(chains: readonly number[], buckets: number, entries: number): string {
  const used = buckets - (chains[0] ?? 0);
  let text =
    ` different slots: ${used}\n` +
    ` max chain length: ${chains.length - 1}\n` +
    ` avg chain length (counted): ${(entriesOf(chains) / used).toFixed(2)}\n` +
    ` avg chain length (computed): ${(entries / used).toFixed(2)}\n` +
    ' Chain length distribution:\n';
  for (let n = 0; n < Math.min(chains.length, LONGEST_CHAIN - 1); n++) {
    const count = chains[n] ?? 0;
    if (count > 0) text += `   ${n}: ${count} (${((count / buckets) * 100).toFixed(2)}%)\n`;
  }
  return text;
}

function entriesOf(chains: readonly number[]): number {
  return chains.reduce((sum, count, n) => sum + (count ?? 0) * n, 0);
}
