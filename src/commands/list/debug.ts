/**
 * What DEBUG tells about lists and listpacks. Redis prints structures on its standard output; here
 * they go to the log.
 */
import { Listpack } from '../../datastructs/listpack.js';
import type { Quicklist } from '../../datastructs/quicklist.js';
import { PACKED_THRESHOLD } from '../../datastructs/quicklist-limits.js';
import type { Database } from '../../keyspace/database.js';
import { FIELD_SLOT_BYTES } from '../../keyspace/hash/hash-fields.js';
import { InlineValue } from '../../keyspace/inline-value.js';
import { encodingName, Kind } from '../../keyspace/kinds.js';
import { NO_SUCH_KEY } from '../../resp/errors.js';
import { ReplyError } from '../../resp/reply-error.js';
import type { Call } from '../../server/api/call.js';
import { parseMemory, twoDecimals } from '../../text/memory-units.js';

const NOT_A_LISTPACK = new ReplyError('ERR Not a listpack encoded object.');
const NOT_A_QUICKLIST = new ReplyError('ERR Not a quicklist encoded object.');
const BAD_THRESHOLD = new ReplyError(
  'ERR argument must be a memory value bigger than 1 and smaller than 4gb',
);
/** A little below 4 GiB, as Redis has it. */
const THRESHOLD_MAX = 2 ** 32 - 2 ** 20;

/** What DEBUG OBJECT adds for a quicklist; nothing for other kinds. */
export function quicklistFacts(db: Database, e: number): string {
  if (db.kind(e) !== Kind.ListQuicklist) return '';
  const { count, depth, fill, nodes } = db.objectOf(e) as Quicklist;
  let bytes = 0;
  for (let n = nodes.head; n !== 0; n = nodes.next(n)) bytes += nodes.bytes(n);
  return (
    ` ql_nodes:${nodes.length} ql_avg_node:${twoDecimals(count / nodes.length)} ` +
    `ql_listpack_max:${fill} ql_compressed:${depth !== 0 ? 1 : 0} ql_uncompressed_size:${bytes}`
  );
}

/** DEBUG LISTPACK key. */
export function debugListpack(call: Call): void {
  const { args, db, server, reply } = call;
  const e = call.peek(2);
  if (e === 0) throw NO_SUCH_KEY;
  if (!encodingName(db.kind(e)).startsWith('listpack')) throw NOT_A_LISTPACK;
  const skip = db.kind(e) === Kind.HashListpackEx ? FIELD_SLOT_BYTES : 0;
  const { byteLength, count } = new Listpack(new InlineValue().attach(db, e, skip));
  server.log.notice(`DEBUG LISTPACK ${args.utf8(2)}: ${byteLength} bytes, ${count} elements`);
  reply.status('Listpack structure printed on stdout');
}

/** DEBUG QUICKLIST key [0|1]. */
export function debugQuicklist(call: Call): void {
  const { args, db, server, reply } = call;
  const e = call.peek(2);
  if (e === 0) throw NO_SUCH_KEY;
  if (db.kind(e) !== Kind.ListQuicklist) throw NOT_A_QUICKLIST;
  const quicklist = db.objectOf(e) as Quicklist;
  const { nodes } = quicklist;
  const lines = [
    `DEBUG QUICKLIST ${args.utf8(2)}: ${quicklist.count} elements, ${nodes.length} nodes, ` +
      `fill ${quicklist.fill}, depth ${quicklist.depth}`,
  ];
  for (let n = nodes.head; n !== 0; n = nodes.next(n)) {
    lines.push(
      `${nodes.isPlain(n) ? 'PLAIN' : 'PACKED'} ${nodes.isCompressed(n) ? 'LZ4' : 'RAW'} ` +
        `${nodes.bytes(n)} bytes, ${nodes.count(n)} elements`,
    );
  }
  server.log.notice(lines.join('; '));
  reply.status('Quicklist structure printed on stdout');
}

/** DEBUG QUICKLIST-PACKED-THRESHOLD size; 0 for what it is at first. */
export function debugPackedThreshold({ args, keyspace, reply }: Call): void {
  const bytes = parseMemory(args.text(2));
  if (bytes === undefined || bytes > THRESHOLD_MAX) throw BAD_THRESHOLD;
  keyspace.limits.listPackedThreshold = bytes === 0 ? PACKED_THRESHOLD : bytes;
  reply.ok();
}
