/**
 * What a command says of itself, all but the handler: names, arguments, keys, flags, documentation.
 *
 * Shapes follow https://redis.io/docs/latest/commands/command-docs/ and
 * https://redis.io/docs/latest/develop/reference/key-specs/.
 */
import type { Args } from '../../resp/args.js';

export type CommandGroup =
  | 'bitmap'
  | 'cluster'
  | 'connection'
  | 'generic'
  | 'geo'
  | 'hash'
  | 'hyperloglog'
  | 'list'
  | 'pubsub'
  | 'scripting'
  | 'sentinel'
  | 'server'
  | 'set'
  | 'sorted-set'
  | 'stream'
  | 'string'
  | 'transactions';

export type CommandFlag =
  | 'write'
  | 'readonly'
  | 'denyoom'
  | 'module'
  | 'admin'
  | 'pubsub'
  | 'noscript'
  | 'blocking'
  | 'loading'
  | 'stale'
  | 'skip_monitor'
  | 'skip_slowlog'
  | 'asking'
  | 'fast'
  | 'no_auth'
  | 'may_replicate'
  | 'no_mandatory_keys'
  | 'protected'
  | 'sentinel'
  | 'only_sentinel'
  | 'no_async_loading'
  | 'no_multi'
  | 'allow_busy'
  | 'touches_arbitrary_keys'
  | 'sentinel_only';

export type KeyFlag =
  | 'RO'
  | 'RW'
  | 'OW'
  | 'RM'
  | 'access'
  | 'update'
  | 'insert'
  | 'delete'
  | 'not_key'
  | 'incomplete'
  | 'variable_flags';

/** Where a command's keys stand among its arguments. */
export interface KeySpec {
  flags: readonly KeyFlag[];
  /** Where to begin: an argument's number, or the place behind a keyword searched from `from`. */
  begin: { index: number } | { keyword: string; from: number } | 'unknown';
  /**
   * How to go on from there: `lastKey` counts from the beginning (-1: to the last argument, -2: to
   * the last but one), `limit` n > 1 stops after 1/n of the arguments; or the number of keys stands
   * in an argument itself.
   */
  find:
    | { lastKey: number; step: number; limit: number }
    | { keyNumIndex: number; firstKey: number; step: number }
    | 'unknown';
  notes?: string;
}

/** Which of a command's arguments name Pub/Sub channels, and what it does with them (for ACL). */
export interface ChannelSpec {
  /** The first one's argument number. */
  first: number;
  /** The last one's; -1: to the last argument. */
  last: number;
  /** Whether they are glob patterns. */
  isPattern: boolean;
  use: 'publish' | 'subscribe' | 'unsubscribe';
}

/** An argument as COMMAND DOCS describes it. */
export interface ArgSpec {
  name: string;
  type:
    | 'string'
    | 'integer'
    | 'double'
    | 'key'
    | 'pattern'
    | 'unix-time'
    | 'pure-token'
    | 'oneof'
    | 'block';
  /** Which of the command's key specs this argument belongs to. */
  keySpec?: number;
  token?: string;
  summary?: string;
  since?: string;
  deprecatedSince?: string;
  optional?: boolean;
  multiple?: boolean;
  multipleToken?: boolean;
  display?: string;
  args?: readonly ArgSpec[];
}

/** The shape of a command's reply; the differential test holds replies against it. */
export type ReplySchema =
  | 'OK'
  | 'status'
  | 'integer'
  | 'bulk'
  | 'null'
  | 'double'
  | 'boolean'
  | 'bignumber'
  | 'verbatim'
  | 'none'
  | 'any'
  | { const: string | number }
  | { oneOf: readonly ReplySchema[] }
  | { arrayOf: ReplySchema }
  | { setOf: ReplySchema }
  | { mapOf: ReplySchema }
  | { tuple: readonly ReplySchema[] };

export interface CommandDeclaration {
  /** In small letters; of a subcommand only its own word. */
  name: string;
  summary: string;
  since: string;
  group: CommandGroup;
  complexity: string;
  /** Arguments, the name (and subcommand's name) included; negative: at least so many. */
  arity: number;
  flags: readonly CommandFlag[];
  /** ACL categories beyond those that follow from group and flags; `-name` takes the group's back. */
  categories?: readonly string[];
  keys?: readonly KeySpec[];
  /** Pub/Sub channels among the arguments. */
  channels?: ChannelSpec;
  args?: readonly ArgSpec[];
  /**
   * Which arguments are members (fields) of the collection at argument 1: from the `first` on, every
   * `step`th. For warming only: an argument wrongly taken for one costs a little time.
   */
  members?: { first: number; step: number };
  history?: readonly (readonly [since: string, change: string])[];
  deprecated?: { since: string; replacedBy: string };
  docFlags?: readonly string[];
  /** Hints for cluster-aware clients. */
  tips?: readonly string[];
  reply: ReplySchema;
  /** Key positions where no key spec can say them (all of them, in order). */
  getKeys?: (args: Args) => readonly KeyPosition[];
  /** Arguments (their numbers) that nobody may see: the slow log and MONITOR hide them. */
  secrets?: (args: Args) => readonly number[];
  subcommands?: readonly CommandDeclaration[];
}

export interface KeyPosition {
  index: number;
  flags: readonly KeyFlag[];
}
