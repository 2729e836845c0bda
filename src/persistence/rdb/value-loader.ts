/**
 * What reads a value of many items. Reading may be cut short between any two of them by SHORT (see
 * input.ts); `read` is then called again and goes on.
 */
import type { LooseValue } from '../../keyspace/loose-value.js';
import type { RdbInput } from './input.js';

export interface ValueLoader {
  /** Reads items until there are no more, marking where each begins. @throws SHORT, RdbFault */
  read(input: RdbInput): void;
  /** Gives the value that was read; Kind.None if it has no members. */
  finish(value: LooseValue): void;
  /** Frees what was read of a value that is wrong. */
  drop(): void;
}
