/** Arguments that several list commands share. */
import { ListEnd } from '../../keyspace/list/list.js';
import type { Args } from '../../resp/args.js';
import { SYNTAX_ERROR } from '../../resp/errors.js';
import type { ArgSpec } from '../../server/api/command.js';

export const KEY: ArgSpec = { name: 'key', type: 'key', keySpec: 0 };

/** LEFT or RIGHT. */
export function endArgument(name: string): ArgSpec {
  return {
    name,
    type: 'oneof',
    args: [
      { name: 'left', type: 'pure-token', token: 'LEFT' },
      { name: 'right', type: 'pure-token', token: 'RIGHT' },
    ],
  };
}

/** The end that argument `i` names. @throws ReplyError "syntax error" */
export function parseEnd(args: Args, i: number): ListEnd {
  if (args.is(i, 'LEFT')) return ListEnd.Head;
  if (args.is(i, 'RIGHT')) return ListEnd.Tail;
  throw SYNTAX_ERROR;
}

/** LPOP or RPOP: what popping at this end is propagated as. */
export function popName(end: ListEnd): string {
  return end === ListEnd.Head ? 'LPOP' : 'RPOP';
}
