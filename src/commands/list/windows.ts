/**
 * The windows through which list commands look at lists: one set serves all commands, of all
 * servers of the process, for commands run one at a time. They mean nothing between two commands.
 */
import { ListCursor, Needle } from '../../keyspace/list/cursor.js';
import { List } from '../../keyspace/list/list.js';

/** The list that the command is about. */
export const list = new List();
/** The second list, of a command that moves elements. */
export const destination = new List();
export const cursor = new ListCursor();
export const needle = new Needle();
