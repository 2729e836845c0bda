/**
 * Access control of one server: its users, what each client may do, and the log of refusals.
 *
 * A client's rights are looked at only if they have limits. What the gate of a client says of that
 * (ClientGate.Restricted, ClientGate.NeedsAuth) is kept up to date here, whenever it gets another
 * user or its user's rights change:
 *
 *     SETUSER alice … ──draft──rules──> all right? ──> alice ──> gates of alice's clients
 *                                   └─> an error: the draft is thrown away
 *
 * The default user is always there, as the same object: it is what every client is at first. Its
 * password is `requirepass`, unless rules say otherwise later.
 */
import { resolve } from 'node:path';
import type { Args } from '../../resp/args.js';
import { ReplyError } from '../../resp/reply-error.js';
import { untilNul } from '../../text/c-string.js';
import type {
  AclApi,
  AclLogEntry,
  DenialContext,
  LoginAttempt,
  UserDescription,
} from '../api/acl.js';
import { type AclUser, type Client, ClientGate } from '../api/client.js';
import { clientInfo } from '../api/client-info.js';
import type { Command } from '../api/command-table.js';
import type { Log } from '../api/log.js';
import type { ClientImpl } from '../client.js';
import { ACL_CATEGORIES, type CommandTableImpl } from '../command-table.js';
import type { Config } from '../config/config.js';
import { bytesFromText, fromLatin1, toLatin1 } from '../config/config-text.js';
import { type ConfigFiles, FileFailure } from '../config/host.js';
import type { Stats } from '../stats.js';
import { readAclFile } from './acl-file.js';
import { AclLog } from './acl-log.js';
import { CommandIndex } from './command-index.js';
import { type Pattern, Permission } from './patterns.js';
import { Permissions } from './permissions.js';
import { applyRule, hasBlanks, joinSelectors, newSelector, type RuleContext } from './rules.js';
import { mayLogIn, passwordDigest, User } from './user.js';

export interface AclParts {
  readonly commands: CommandTableImpl;
  readonly config: Config;
  readonly files: ConfigFiles;
  readonly log: Log;
  readonly stats: Stats;
  /** All clients of the server. */
  clients(): Iterable<ClientImpl>;
  /** Unix ms. */
  now(): number;
}

/** A `user` line of the config file. Texts are those of config files (see config-text.ts). */
export interface UserLine {
  readonly name: string;
  readonly rules: readonly string[];
}

/** Why users can't be had as they are configured: the server can't start. */
export class AclStartError extends Error {}

const DEFAULT_USER = 'default';
const NO_ACL_FILE = new ReplyError(
  'ERR This Redis instance is not configured to use an ACL file. You may want to specify users ' +
    'via the ACL SETUSER command and then issue a CONFIG REWRITE (assuming you have a Redis ' +
    'configuration file set) in order to store users in the Redis configuration.',
);
const NOT_SAVED = new ReplyError(
  'ERR There was an error trying to save the ACLs. Please check the server logs for more ' +
    'information',
);
const TWO_SOURCES =
  'Configuring Redis with users defined in redis.conf and at the same setting an ACL file path is ' +
  'invalid. This setup is very likely to lead to configuration errors and security holes, please ' +
  'define either an ACL file or declare users directly in your redis.conf, but not both.';
const NO_PERMISSION = {
  key: 'NOPERM No permissions to access a key',
  channel: 'NOPERM No permissions to access a channel',
} as const;
/** What EXEC says of a command that may not run any more. */
const WHY_NOT_IN_EXEC = {
  auth: 'no permission',
  command: 'no permission to execute the command or subcommand',
  key: 'no permission to touch the specified keys',
  channel: 'no permission to access one of the channels used as arguments',
} as const;

export class Acl implements AclApi {
  readonly categories = ACL_CATEGORIES;
  readonly defaultUser: User;
  private users = new Map<string, User>();
  private readonly commands: CommandIndex;
  private readonly context: RuleContext;
  private readonly permissions = new Permissions();
  private readonly log: AclLog;

  constructor(private readonly parts: AclParts) {
    const { config, log } = parts;
    this.commands = new CommandIndex(parts.commands);
    this.context = ruleContext(this.commands, config, (text) => log.warning(text));
    this.log = new AclLog(() => config.values['acllog-max-len']);
    this.defaultUser = this.makeDefaultUser();
    this.users.set(DEFAULT_USER, this.defaultUser);
    this.setDefaultPassword(config.values.requirepass ?? '');
  }

  // ---- at the start

  /**
   * Takes the users of the config file, or of the ACL file.
   * @throws AclStartError when something is wrong with them; that has been logged
   */
  loadAtStart(lines: readonly UserLine[]): void {
    const { aclfile } = this.parts.config.values;
    const fail = (message: string): never => {
      this.parts.log.warning(message);
      throw new AclStartError(message);
    };
    if (aclfile !== '' && lines.length > 0) fail(TWO_SOURCES);
    for (const line of lines) {
      const error = this.addConfigured(toLatin1(line.name), line.rules.map(toLatin1));
      if (error === undefined) continue;
      this.parts.log.warning(error);
      fail('Critical error while loading ACLs. Exiting.');
    }
    if (aclfile === '') return;
    const errors = this.readFile(undefined);
    if (errors !== undefined) fail(`Aborting Redis startup because of ACL errors: ${errors}`);
  }

  /** @returns what is wrong with it, if anything */
  private addConfigured(name: string, words: readonly string[]): string | undefined {
    if (hasBlanks(name)) return 'Spaces not allowed in ACL usernames';
    const user = new User(name, newSelector(this.context));
    const rules = joinSelectors(words);
    for (const rule of typeof rules === 'number' ? [] : rules) {
      const error = applyRule(this.context, user, rule);
      if (error !== undefined) {
        return `Error loading ACL rule '${rule}' for the user named '${name}': ${error}`;
      }
    }
    if (!user.isOn) {
      this.parts.log.notice(
        `The user '${name}' is disabled (there is no 'on' modifier in the user description). Make ` +
          'sure this is not a configuration error.',
      );
    }
    this.replace(name, user);
    return undefined;
  }

  /** Gives the default user `requirepass` for its password; '': it needs none. */
  setDefaultPassword(password: string): void {
    const draft = this.defaultUser.draft();
    draft.clearPasswords(password === '');
    if (password !== '') draft.addPassword(passwordDigest(bytesFromText(password)));
    this.replace(DEFAULT_USER, draft);
  }

  // ---- who a client is

  get defaultNeedsNoPassword(): boolean {
    return this.defaultUser.needsNoPassword;
  }

  /** Whether whoever connects is the default user at once. */
  private get isOpen(): boolean {
    return this.defaultUser.needsNoPassword && this.defaultUser.isOn;
  }

  authenticate(client: Client, attempt: LoginAttempt): boolean {
    const { name, password, context, command, object } = attempt;
    const user = this.users.get(name);
    if (!mayLogIn(user, password)) {
      this.parts.stats.authFailures++;
      client.lastCommand = context === 'multi' ? 'exec' : command.fullName;
      this.note(client as ClientImpl, 'auth', object, name, context);
      return false;
    }
    this.become(client as ClientImpl, user!, true);
    return true;
  }

  resetClient(client: Client): void {
    this.become(client as ClientImpl, this.defaultUser, this.isOpen);
  }

  private become(client: ClientImpl, user: User, isAuthenticated: boolean): void {
    client.user = user;
    client.authenticated = isAuthenticated;
    this.updateGate(client);
  }

  private updateGate(client: ClientImpl): void {
    const { NeedsAuth, Restricted } = ClientGate;
    client.gate &= ~(NeedsAuth | Restricted);
    if (!client.authenticated && !this.isOpen) client.gate |= NeedsAuth;
    if (!client.user.isUnlimited) client.gate |= Restricted;
  }

  private updateGates(): void {
    for (const client of this.parts.clients()) this.updateGate(client);
  }

  // ---- what a client may do

  /**
   * Whether the client may run this; if not, that is logged. Asked only of clients with
   * ClientGate.Restricted.
   * @param name the full name of the command that the client has sent
   * @returns the error; undefined if it may
   */
  refusal(client: ClientImpl, command: Command, args: Args): string | undefined {
    const { permissions } = this;
    if (permissions.allows(client.user, command, args)) return undefined;
    this.noteDenial(client, command, command.fullName, args, contextOf(client));
    if (permissions.reason !== 'command') return NO_PERMISSION[permissions.reason as 'key'];
    return `NOPERM ${denialOfCommand(client.user, command)}`;
  }

  /** As `refusal`, for a command that was queued and that EXEC is about to run. */
  refusalInExec(client: ClientImpl, command: Command, args: Args): string | undefined {
    const { permissions } = this;
    if (permissions.allows(client.user, command, args)) return undefined;
    this.noteDenial(client, command, 'exec', args, 'multi');
    return (
      'NOPERM ACLs rules changed between the moment the transaction was accumulated and the EXEC ' +
      'call. This command is no longer allowed for the following reason: ' +
      WHY_NOT_IN_EXEC[permissions.reason]
    );
  }

  /**
   * As `refusal`, for a command that a script of the client runs: without a code.
   * @param sent full name of the command that the client has sent
   */
  refusalInScript(
    client: ClientImpl,
    command: Command,
    args: Args,
    sent: string,
  ): string | undefined {
    const { permissions } = this;
    if (permissions.allows(client.user, command, args)) return undefined;
    this.noteDenial(client, command, sent, args, 'lua');
    const why =
      permissions.reason === 'command'
        ? denialOfCommand(client.user, command)
        : NO_PERMISSION[permissions.reason as 'key'].replace('NOPERM ', '');
    return `ACL failure in script: ${why}`;
  }

  /** Whether the client's user may run this. */
  mayRun(client: ClientImpl, command: Command, args: Args): boolean {
    return this.permissions.allows(client.user, command, args);
  }

  mayReadAllKeys(client: Client, command: Command, args: Args): boolean {
    const { user } = client as ClientImpl;
    return this.permissions.allowsWithAllKeys(user, command, args, Permission.Read);
  }

  explainRefusal(name: string, command: Command, args: Args): string | undefined {
    const { permissions } = this;
    const user = this.users.get(name)!;
    if (permissions.allows(user, command, args)) return undefined;
    const { reason, deniedArg } = permissions;
    if (reason === 'command') return denialOfCommand(user, command);
    const object = args.text(deniedArg);
    return `User ${user.name} has no permissions to access the '${object}' ${reason}`;
  }

  private noteDenial(
    client: ClientImpl,
    command: Command,
    sent: string,
    args: Args,
    context: DenialContext,
  ): void {
    const { stats } = this.parts;
    const { reason, deniedArg } = this.permissions;
    if (reason === 'command') stats.deniedCommands++;
    else if (reason === 'key') stats.deniedKeys++;
    else stats.deniedChannels++;
    client.lastCommand = sent;
    const object = reason === 'command' ? command.fullName : args.text(deniedArg);
    this.note(client, reason, object, client.user.name, context);
  }

  private note(
    client: ClientImpl,
    reason: AclLogEntry['reason'],
    object: string,
    username: string,
    context: DenialContext,
  ): void {
    const now = this.parts.now();
    const info = clientInfo(client, now);
    this.log.add({ reason, context, object, username, clientInfo: info }, now);
  }

  // ---- users

  hasUser(name: string): boolean {
    return this.users.has(name);
  }

  user(name: string): AclUser | undefined {
    return this.users.get(name);
  }

  userNames(): readonly string[] {
    return [...this.users.keys()].sort(byBytes);
  }

  userLines(): readonly string[] {
    return this.userNames().map((name) => `${name} ${this.users.get(name)!.toRules()}`);
  }

  /** As `userLines`, for the config file; none when an ACL file holds the users. */
  configuredLines(): readonly string[] {
    return this.parts.config.values.aclfile === '' ? this.userLines().map(fromLatin1) : [];
  }

  describe(name: string): UserDescription | undefined {
    const user = this.users.get(name);
    if (user === undefined) return undefined;
    const [root, ...selectors] = user.selectors.map((selector) => selector.describe());
    const passwords = user.passwords.map((digest) => digest.toString('hex'));
    return { flags: user.flags, passwords, root: root!, selectors };
  }

  setUser(name: string, words: readonly string[], by: Client): void {
    if (hasBlanks(name)) {
      throw new ReplyError("ERR Usernames can't contain spaces or null characters");
    }
    const rules = joinSelectors(words);
    if (typeof rules === 'number') {
      const start = untilNul(words[rules]!);
      throw new ReplyError(`ERR Unmatched parenthesis in acl selector starting at '${start}'.`);
    }
    const user = this.users.get(name);
    const draft = user?.draft() ?? new User(name, newSelector(this.context));
    for (const rule of rules) {
      const error = applyRule(this.context, draft, rule);
      if (error === undefined) continue;
      throw new ReplyError(`ERR Error in ACL SETUSER modifier '${untilNul(rule)}': ${error}`);
    }
    if (user !== undefined) this.endForbiddenSubscribers(user, draft, by);
    this.replace(name, draft);
  }

  deleteUsers(names: readonly string[], by: Client): number {
    if (names.some((name) => untilNul(name) === DEFAULT_USER)) {
      throw new ReplyError("ERR The 'default' user cannot be removed");
    }
    let deleted = 0;
    for (const name of names) {
      const user = this.users.get(name);
      if (user === undefined) continue;
      this.users.delete(name);
      this.endClientsOf(user, by);
      deleted++;
    }
    return deleted;
  }

  /** Puts a user in its place: what refers to an older one of that name follows. */
  private replace(name: string, draft: User): void {
    const user = this.users.get(name) ?? new User(name, draft.root);
    user.become(draft);
    this.users.set(name, user);
    this.updateGates();
  }

  private makeDefaultUser(): User {
    const user = new User(DEFAULT_USER, newSelector(this.context));
    for (const rule of ['+@all', '~*', '&*', 'on', 'nopass']) applyRule(this.context, user, rule);
    user.settle();
    return user;
  }

  /** @param by whose command it is: it is still answered */
  private endClientsOf(user: User, by: Client | undefined): void {
    for (const client of this.parts.clients()) {
      if (client.user !== user) continue;
      // Should it yet do anything, it is nobody.
      this.become(client, this.defaultUser, false);
      client.close(client === by);
    }
  }

  /** Ends connections that listen to channels which their user may not use any more. */
  private endForbiddenSubscribers(user: User, next: User, by: Client): void {
    if (next.selectors.some(({ allChannels }) => allChannels)) return;
    const allowed = next.selectors.flatMap(({ channels }) => channels);
    const names = new Set(allowed.map(({ text }) => text));
    const keepsAll = user.selectors.every(
      ({ allChannels, channels }) => !allChannels && channels.every(({ text }) => names.has(text)),
    );
    if (keepsAll) return;
    for (const client of this.parts.clients()) {
      if (client.user === user && listensBeyond(client, allowed)) client.close(client === by);
    }
  }

  // ---- the ACL file

  load(by: Client): void {
    if (this.parts.config.values.aclfile === '') throw NO_ACL_FILE;
    const errors = this.readFile(by);
    if (errors !== undefined) throw new ReplyError(`ERR ${errors}`);
  }

  save(): void {
    const { files, log } = this.parts;
    if (this.parts.config.values.aclfile === '') throw NO_ACL_FILE;
    const text = this.userLines()
      .map((line) => `user ${line}\n`)
      .join('');
    const failure = files.replace(this.filePath(), Buffer.from(text, 'latin1'));
    if (failure === undefined) return;
    log.warning(`Writing ACL file for ACL SAVE: ${failure.reason}`);
    throw NOT_SAVED;
  }

  private filePath(): string {
    const { aclfile, dir } = this.parts.config.values;
    return resolve(dir, aclfile);
  }

  /** Has the file's users replace all. @returns what is wrong with it; nothing has changed then */
  private readFile(by: Client | undefined): string | undefined {
    const name = this.parts.config.values.aclfile;
    const content = this.parts.files.read(this.filePath());
    if (content instanceof FileFailure) {
      return `Error loading ACLs, opening file '${name}': ${content.reason}`;
    }
    const users = readAclFile(Buffer.from(content).toString('latin1'), name, this.context);
    if (typeof users === 'string') return users;
    const before = this.users;
    this.users = users;
    this.defaultUser.become(users.get(DEFAULT_USER) ?? this.makeDefaultUser());
    users.set(DEFAULT_USER, this.defaultUser);
    for (const user of users.values()) user.settle();
    for (const user of before.values()) if (user !== this.defaultUser) this.endClientsOf(user, by);
    this.updateGates();
    return undefined;
  }

  // ---- commands by category; the log

  commandsOf(category: string): readonly string[] | undefined {
    return this.commands.inCategory(untilNul(category))?.map(({ fullName }) => fullName);
  }

  logEntries(): readonly AclLogEntry[] {
    return this.log.all();
  }

  clearLog(): void {
    this.log.clear();
  }
}

/** What rules depend on, from where it is kept. */
export function ruleContext(
  commands: CommandIndex,
  config: Config,
  warn: (text: string) => void,
): RuleContext {
  const { values } = config;
  return {
    commands,
    channelsByDefault: () => values['acl-pubsub-default'] === 'allchannels',
    warn,
  };
}

function contextOf({ transaction }: ClientImpl): DenialContext {
  return transaction === undefined ? 'toplevel' : 'multi';
}

function denialOfCommand(user: User, { fullName }: Command): string {
  return `User ${user.name} has no permissions to run the '${fullName}' command`;
}

/** Whether a client listens to something that none of these patterns allows. */
function listensBeyond({ subscriptions }: Client, allowed: readonly Pattern[]): boolean {
  if (subscriptions === undefined) return false;
  const { channels, patterns, shardChannels } = subscriptions;
  const isAllowed = (name: string) => allowed.some((pattern) => pattern.matchesText(name));
  return (
    ![...patterns.keys()].every((name) => allowed.some(({ text }) => text === name)) ||
    ![...channels.keys(), ...shardChannels.keys()].every(isAllowed)
  );
}

function byBytes(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
