/** SORT's result as a list under the destination's key. */
import { maxNodeBytes, maxNodeCount } from '../../datastructs/quicklist-limits.js';
import { NodeView } from '../../datastructs/quicklist-nodes.js';
import { EventClass } from '../../keyspace/events.js';
import { Kind } from '../../keyspace/kinds.js';
import { ListEnd, newQuicklist } from '../../keyspace/list/list.js';
import type { Call } from '../../server/api/call.js';
import { deleteDestination } from '../delete-destination.js';
import type { ByteTable } from './byte-table.js';

type Quicklist = ReturnType<typeof newQuicklist>;

/** Stores the elements under argument `i`, in place of whatever there is; none: removes it. */
export function storeList(call: Call, i: number, elements: ByteTable): void {
  if (elements.count === 0) {
    deleteDestination(call, i);
    return;
  }
  putList(call, i, elements);
  call.changed(i, EventClass.List, 'sortstore');
  call.dirty += elements.count - 1;
}

function putList(call: Call, i: number, elements: ByteTable): void {
  const { db } = call;
  const quicklist = newQuicklist(db);
  for (let k = 0; k < elements.count; k++) {
    quicklist.push(ListEnd.Tail, elements.buf, elements.offs[k]!, elements.lens[k]!);
  }
  if (!fitsListpack(quicklist, db.limits.listMaxListpackSize)) {
    call.putObject(i, Kind.ListQuicklist, quicklist);
    return;
  }
  const { buf, off, len } = new NodeView().attach(quicklist.nodes, quicklist.nodes.head).range;
  const listpack = buf.slice(off, off + len);
  db.discard(quicklist.dispose());
  call.putRaw(i, Kind.ListListpack, listpack, 0, len);
}

/** Whether all of it is one listpack within the limits of the smaller encoding. */
function fitsListpack({ nodes, count }: Quicklist, fill: number): boolean {
  return (
    nodes.length === 1 &&
    !nodes.isPlain(nodes.head) &&
    nodes.bytes(nodes.head) <= maxNodeBytes(fill) &&
    count <= maxNodeCount(fill)
  );
}
