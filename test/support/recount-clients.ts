/**
 * Counts anew how much memory a server's clients take, and all else that is no data: buffers, queued
 * commands, subscriptions, the table of tracked keys, scripts. As recount.ts, it goes by what is
 * there and not by the counters.
 */
import type { Rax } from '../../src/datastructs/rax.js';
import type { ClientImpl } from '../../src/server/client.js';
import type { OutputBudget } from '../../src/server/output-budget.js';
import type { OutputQueue } from '../../src/server/output-queue.js';
import type { Server } from '../../src/server/server.js';
import { Recount, type Recounted } from './recount.js';

/** What is said of objects without buffers: a client, its channels, a queued command, … */
const CLIENT_BYTES = 4096;
const SUBSCRIPTIONS_BYTES = 208;
const TOPIC_BYTES = 72;
const QUEUED_BYTES = 896;
const WATCH_BYTES = 512;
const PREFIX_BYTES = 128;
const OWNERS_BYTES = 8;
const OWNER_BYTES = 32;
const SCRIPT_BYTES = 200;
const LIBRARY_BYTES = 200;
const FUNCTION_BYTES = 150;

interface QueueInside {
  chunks: Buffer[];
  head: number;
  headAt: number;
  block: Buffer | undefined;
  blockEnd: number;
}

interface ClientInside {
  segStart: number;
  segEnd: number;
}

interface ServerInside {
  watches: { byClient: Map<unknown, Map<string, unknown>> };
}

/** Counts all that a server has in memory beside its keyspace. */
export function recountClients(server: Server): Recounted {
  const check = new Recount();
  const budgets = new Map<OutputBudget<unknown>, number>();
  let clients = 0;
  for (const client of server.clients.all()) {
    const { output } = client;
    const waiting = waitingBytes(output);
    check.expectEqual(`what waits for client ${client.id}`, output.bytes, waiting);
    const { budget } = output as unknown as { budget: OutputBudget<unknown> };
    budgets.set(budget, (budgets.get(budget) ?? 0) + waiting);
    const bytes = clientBytes(client, server) + waiting;
    check.expectEqual(`client ${client.id}`, client.memoryBytes, bytes);
    clients += bytes;
  }
  for (const [budget, bytes] of budgets) check.expectEqual('all output', budget.used, bytes);
  check.expectEqual('all clients', server.memory.clients(), clients);
  const others = trackingBytes(server, check) + scriptBytes(server, check) + logBytes(server);
  const { usedBytes } = server.keyspace;
  check.expectEqual('all of used_memory', server.memory.used(), usedBytes + clients + others);
  return { bytes: clients + others, faults: check.faults };
}

function waitingBytes(output: OutputQueue): number {
  const { chunks, head, headAt, block, blockEnd } = output as unknown as QueueInside;
  let bytes = -headAt;
  for (const chunk of chunks.slice(head)) bytes += chunk === block ? blockEnd : chunk.length;
  return bytes;
}

/** All of a client but what waits in its queue. */
function clientBytes(client: ClientImpl, server: Server): number {
  const { segStart, segEnd } = client as unknown as ClientInside;
  let bytes = CLIENT_BYTES + client.inBuf.byteLength + segEnd - segStart;
  bytes += client.transport.buffered + (client.blockedBy?.requestBytes ?? 0);
  for (const { args } of client.transaction?.queue ?? []) bytes += QUEUED_BYTES + args.buf.length;
  if (client.subscriptions !== undefined) bytes += SUBSCRIPTIONS_BYTES;
  for (const { name } of client.subscriptions?.all() ?? []) bytes += TOPIC_BYTES + name.length;
  for (const prefix of client.tracking?.joined ?? []) bytes += PREFIX_BYTES + prefix.bytes.length;
  const { watches } = server as unknown as ServerInside;
  return bytes + (watches.byClient.get(client)?.size ?? 0) * WATCH_BYTES;
}

/** The table of tracked keys. */
function trackingBytes(server: Server, check: Recount): number {
  const { table } = server.tracking as unknown as {
    table: { keys: Rax; owners: (number | Set<number>)[]; items: number; bytes: number };
  };
  let items = 0;
  let bytes = table.owners.length * OWNERS_BYTES;
  check.tree(table.keys, (place) => {
    const owners = table.owners[place]!;
    items += typeof owners === 'number' ? 1 : owners.size;
    if (typeof owners !== 'number') bytes += owners.size * OWNER_BYTES;
  });
  bytes += check.arena(table.keys.arena);
  check.expectEqual('tracked items', table.items, items);
  check.expectEqual('the tracking table', table.bytes, bytes);
  return bytes;
}

/** Cached scripts and libraries. */
function scriptBytes(server: Server, check: Recount): number {
  const { cache } = server.scripting as unknown as {
    cache: { bySha: Map<string, { name: string; source: string }>; bytes: number };
  };
  let cached = 0;
  for (const { name, source } of cache.bySha.values()) {
    cached += SCRIPT_BYTES + name.length + source.length;
  }
  check.expectEqual('cached scripts', cache.bytes, cached);
  let libraries = 0;
  for (const { name, source, functions } of server.scripting.functions.libraries()) {
    libraries += LIBRARY_BYTES + name.length + source.length;
    for (const one of functions) {
      libraries += FUNCTION_BYTES + one.name.length + (one.description?.length ?? 0);
    }
  }
  check.expectEqual('libraries', server.scripting.functions.bytes, libraries);
  return cached + libraries;
}

/** What waits to be written to the append-only file. */
function logBytes(server: Server): number {
  return server.appendOnly.isOn ? server.appendOnly.file.writer.bufferBytes : 0;
}
