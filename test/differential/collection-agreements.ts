/** Ways of comparing what collections answer where it cannot be equal to the byte. */
import { type Reply, showReply } from '../support/resp-client.js';
import { type Agreement, elementsOf, sameBytes } from './exchange.js';

/** Pairs of field and value in any order, flat or as a map. */
export const samePairs: Agreement = ({ ours, theirs }) =>
  ours.reply.kind === theirs.reply.kind && pairs(ours.reply) === pairs(theirs.reply);

/** As many elements: which ones is up to chance. */
export const sameSize: Agreement = ({ ours, theirs }) =>
  ours.reply.kind === theirs.reply.kind &&
  elementsOf(ours.reply).length === elementsOf(theirs.reply).length;

/** SSCAN, HSCAN, ZSCAN: where one call has found all on both sides, the same in any order. */
export const sameWholeScan: Agreement = ({ ours, theirs, request, form }) => {
  const [our, their] = [scanned(ours.reply), scanned(theirs.reply)];
  if (our === undefined || their === undefined) return false;
  const began = request[2]!.toString('latin1') === '0';
  if (!began || our.cursor !== '0' || their.cursor !== '0') return true;
  return form?.name === 'sscan'
    ? our.items.sort().join() === their.items.sort().join()
    : pairsOf(our.items) === pairsOf(their.items);
};

/** XPENDING: all but how long entries have been idle. */
export const samePending: Agreement = (exchange) => {
  const [ours, theirs] = [exchange.ours.reply, exchange.theirs.reply].map(withoutIdleTimes);
  return sameBytes(exchange) || ours === theirs;
};

/** Numbers that two clocks or two trees give. */
const OWN_FACTS = new Set([
  ...['radix-tree-keys', 'radix-tree-nodes', 'idle', 'inactive', 'seen-time', 'active-time'],
  ...['pel', 'pending'],
]);

/** XINFO STREAM and CONSUMERS: the same facts by name, but for those of clocks and trees. */
export const sameStreamFacts: Agreement = ({ ours, theirs }) =>
  withoutOwnFacts(ours.reply) === withoutOwnFacts(theirs.reply);

/** Equal but for the texts of doubles, which mean the same. */
export const sameButDoubles: Agreement = ({ ours, theirs }) =>
  areSameButDoubles(ours.reply, theirs.reply);

function areSameButDoubles(ours: Reply, theirs: Reply): boolean {
  if (ours.kind === 'array' && theirs.kind === 'array') {
    const { items } = theirs;
    return (
      ours.items.length === items.length &&
      ours.items.every((item, i) => areSameButDoubles(item, items[i]!))
    );
  }
  if (ours.kind !== theirs.kind) return false;
  const [our, their] = [showReply(ours), showReply(theirs)];
  if (our === their) return true;
  const isDouble = ours.kind === 'double' || ours.kind === 'bulk';
  return isDouble && doubleOf(our) === doubleOf(their) && doubleOf(our) !== undefined;
}

/** The number in a reply as it is shown (`,1.5`, `"1.5"`). */
function doubleOf(shown: string): number | undefined {
  const text = /^,?"?(-?\d[\d.]*(?:e[+-]?\d+)?)"?$/.exec(shown)?.[1];
  return text === undefined ? undefined : Number(text);
}

function pairs(reply: Reply): string {
  if (reply.kind !== 'map') return pairsOf(elementsOf(reply));
  return reply.entries
    .map(([field, value]) => `${showReply(field)} ${showReply(value)}`)
    .sort()
    .join();
}

function pairsOf(items: readonly string[]): string {
  return items
    .flatMap((item, i) => (i % 2 === 0 ? [`${item} ${items[i + 1]}`] : []))
    .sort()
    .join();
}

function scanned(reply: Reply): { cursor: string; items: string[] } | undefined {
  if (reply.kind !== 'array' || reply.items.length !== 2) return undefined;
  const [cursor, items] = reply.items as [Reply, Reply];
  if (cursor.kind !== 'bulk' || items.kind !== 'array') return undefined;
  return { cursor: cursor.bytes.toString('latin1'), items: elementsOf(items) };
}

/** The detailed form has [ID, consumer, idle ms, deliveries] for each entry. */
function withoutIdleTimes(reply: Reply): string {
  if (reply.kind !== 'array') return showReply(reply);
  return reply.items
    .map((entry) =>
      entry.kind === 'array' && entry.items.length === 4 && entry.items[2]!.kind === 'integer'
        ? entry.items
            .filter((_, i) => i !== 2)
            .map(showReply)
            .join()
        : showReply(entry),
    )
    .join(';');
}

function withoutOwnFacts(reply: Reply): string {
  const entries = entriesOf(reply);
  if (entries === undefined) {
    if (reply.kind !== 'array') return showReply(reply);
    return reply.items.map(withoutOwnFacts).join(';');
  }
  return entries
    .filter(([name]) => !OWN_FACTS.has(name))
    .map(([name, value]) => `${name}=${withoutOwnFacts(value)}`)
    .join(';');
}

/** A map of names, in either protocol; undefined for anything else. */
function entriesOf(reply: Reply): [string, Reply][] | undefined {
  if (reply.kind === 'map') return reply.entries.map(([name, value]) => [nameOf(name), value]);
  if (reply.kind !== 'array' || reply.items.length % 2 !== 0 || reply.items.length === 0) {
    return undefined;
  }
  const { items } = reply;
  if (!items.every((item, i) => i % 2 === 1 || isName(item))) return undefined;
  return items.flatMap((item, i) => (i % 2 === 0 ? [[nameOf(item), items[i + 1]!]] : [])) as [
    string,
    Reply,
  ][];
}

function isName(reply: Reply): boolean {
  return reply.kind === 'bulk' && /^[a-z-]{3,}$/.test(reply.bytes.toString('latin1'));
}

function nameOf(reply: Reply): string {
  return reply.kind === 'bulk' ? reply.bytes.toString('latin1') : showReply(reply);
}
