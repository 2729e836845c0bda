/**
 * The views through which the handlers look at the set of their key. They are filled anew by every
 * command; what they hold means nothing between two calls.
 */
import { ZsetReader, ZsetWriter } from '../../keyspace/zset/open.js';

export const reader = new ZsetReader();
export const writer = new ZsetWriter();
