/**
 * Access control as commands see it: users, what they may do, and who was refused what.
 *
 * Texts have one character per byte.
 *
 * Source: https://redis.io/docs/latest/operate/oss_and_stack/management/security/acl/
 */
import type { Args } from '../../resp/args.js';
import type { AclUser, Client } from './client.js';
import type { Command } from './command-table.js';

/** In the order in which they are shown. */
export const USER_FLAGS = [
  'on',
  'off',
  'nopass',
  'skip-sanitize-payload',
  'sanitize-payload',
] as const;
export type UserFlag = (typeof USER_FLAGS)[number];

/** A set of permissions in words: rules that make it. */
export interface SelectorDescription {
  /** Begins with `+@all` or `-@all`. */
  readonly commands: string;
  readonly keys: string;
  readonly channels: string;
}

export interface UserDescription {
  readonly flags: readonly UserFlag[];
  /** SHA-256 in hexadecimal digits. */
  readonly passwords: readonly string[];
  readonly root: SelectorDescription;
  readonly selectors: readonly SelectorDescription[];
}

/** Why something was refused. */
export type DenialReason = 'command' | 'key' | 'channel' | 'auth';
/** Where it was asked for. */
export type DenialContext = 'toplevel' | 'multi' | 'lua';

/** Similar refusals within a minute, as ACL LOG shows them. */
export interface AclLogEntry {
  readonly count: number;
  readonly reason: DenialReason;
  readonly context: DenialContext;
  /** The command, key or channel. */
  readonly object: string;
  readonly username: string;
  /** The last client it happened to, as CLIENT LIST shows it. */
  readonly clientInfo: string;
  readonly id: number;
  /** Unix ms. */
  readonly createdMs: number;
  readonly updatedMs: number;
}

/** Somebody says who it is. */
export interface LoginAttempt {
  readonly name: string;
  readonly password: Uint8Array;
  /** The command that is under way, and how its name was written. */
  readonly command: Command;
  readonly object: string;
  readonly context: DenialContext;
}

export interface AclApi {
  // ---- who a client is
  /** Makes the client this user. If name or password is wrong, that is logged. */
  authenticate(client: Client, attempt: LoginAttempt): boolean;
  /** Makes the client what a new one is. */
  resetClient(client: Client): void;
  /** Whether the default user takes any password. */
  readonly defaultNeedsNoPassword: boolean;

  // ---- what a client may do
  /** Whether the client may read every key there may be with this command. */
  mayReadAllKeys(client: Client, command: Command, args: Args): boolean;
  /**
   * What would be said to a user that runs this command; undefined if it may.
   * @param user a name that `hasUser`
   */
  explainRefusal(user: string, command: Command, args: Args): string | undefined;

  // ---- users
  hasUser(name: string): boolean;
  user(name: string): AclUser | undefined;
  /** In order. */
  userNames(): readonly string[];
  /** A user as rules, its name before them; of all users in order. */
  userLines(): readonly string[];
  describe(name: string): UserDescription | undefined;
  /** Applies rules to a user, old or new. All or none. @throws ReplyError */
  setUser(name: string, rules: readonly string[], by: Client): void;
  /** Deletes users and ends their connections. @returns how many there were */
  deleteUsers(names: readonly string[], by: Client): number;
  /** Reads the ACL file anew. All or nothing. @throws ReplyError */
  load(by: Client): void;
  /** Writes the ACL file. @throws ReplyError */
  save(): void;

  // ---- commands by category
  readonly categories: readonly string[];
  /** Full names; undefined if there is no such category (named in any case). */
  commandsOf(category: string): readonly string[] | undefined;

  // ---- the log
  /** Newest first. */
  logEntries(): readonly AclLogEntry[];
  clearLog(): void;
}
