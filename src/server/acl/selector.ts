/**
 * A set of permissions: which commands, on which keys, with which channels.
 *
 * Each user has one, its root, and may have more, given in parentheses. A command is allowed if one
 * of them allows all of it: its name, every key, every channel. They do not add up.
 *
 *     alice on >secret ~cache:* +@read (~jobs +lpush +rpop)
 *                      \__ root ____/  \__ another one ___/
 *
 * Commands are kept twice: as a table of bytes by command id, which is what a check looks at, and as
 * the list of rules that made it, which is what ACL LIST shows. Of rules about the same command or
 * category only the last is kept; `+@all` and `-@all` clear the list.
 *
 * Source: https://redis.io/docs/latest/operate/oss_and_stack/management/security/acl/
 */
import type { SelectorDescription } from '../api/acl.js';
import type { KeyPattern, Pattern } from './patterns.js';

export class Selector {
  allKeys = false;
  allChannels: boolean;
  /** Whether every command is allowed, so that nobody need look into the table. */
  allCommands = false;
  /** Whether it began with all commands (`+@all`), and not with none. */
  beganWithAll = false;
  /** 1 for each command that is allowed, by id. */
  readonly allowed: Uint8Array;
  /**
   * Words that a command that isn't allowed may have behind its name (`+select|0`), in small letters,
   * by command id.
   */
  readonly firstArgs = new Map<number, Set<string>>();
  keys: readonly KeyPattern[] = [];
  channels: readonly Pattern[] = [];
  /** The rules on commands, in order. */
  commandRules: readonly string[] = [];

  /** @param commandCount how many commands and subcommands there are */
  constructor(commandCount: number, allChannels: boolean) {
    this.allowed = new Uint8Array(commandCount);
    this.allChannels = allChannels;
  }

  copy(): Selector {
    const copy = new Selector(this.allowed.length, this.allChannels);
    copy.allKeys = this.allKeys;
    copy.allCommands = this.allCommands;
    copy.beganWithAll = this.beganWithAll;
    copy.allowed.set(this.allowed);
    for (const [id, words] of this.firstArgs) copy.firstArgs.set(id, new Set(words));
    copy.keys = this.keys;
    copy.channels = this.channels;
    copy.commandRules = this.commandRules;
    return copy;
  }

  /** Whether there is nothing that it does not allow. */
  get isUnlimited(): boolean {
    if (!this.allKeys || !this.allChannels) return false;
    return this.allCommands || this.allowed.every((bit) => bit === 1);
  }

  /** `+@all` or `-@all` */
  setAll(allow: boolean): void {
    this.allowed.fill(allow ? 1 : 0);
    this.allCommands = allow;
    this.beganWithAll = allow;
    this.commandRules = [];
    this.firstArgs.clear();
  }

  /** @param rule what the rule is about: `get`, `config|set`, `@read`, `select|0` */
  setCommands(ids: readonly number[], rule: string, allow: boolean): void {
    for (const id of ids) {
      this.allowed[id] = allow ? 1 : 0;
      this.firstArgs.delete(id);
    }
    if (!allow && ids.length > 0) this.allCommands = false;
    this.addRule(rule, allow);
  }

  /** Allows a command if this word is behind its name. */
  allowFirstArg(id: number, command: string, word: string): void {
    let words = this.firstArgs.get(id);
    if (words === undefined) {
      words = new Set();
      this.firstArgs.set(id, words);
    }
    words.add(word.toLowerCase());
    this.addRule(`${command}|${word}`, true);
  }

  /** Whether it allows this to be done to every key there may be. @param needs bits of Permission */
  hasAllKeys(needs: number): boolean {
    if (this.allKeys) return true;
    return this.keys.some((key) => (key.permissions & needs) === needs && key.text === '*');
  }

  /** A rule takes the place of older ones on the same, and on subcommands of it. */
  private addRule(about: string, allow: boolean): void {
    const name = about.toLowerCase();
    const others = this.commandRules.filter((rule) => {
      const other = rule.slice(1);
      return other !== name && !other.startsWith(`${name}|`);
    });
    this.commandRules = [...others, `${allow ? '+' : '-'}${name}`];
  }

  describe(): SelectorDescription {
    const { channels, commandRules, keys } = this;
    return {
      commands: [this.beganWithAll ? '+@all' : '-@all', ...commandRules].join(' '),
      keys: this.allKeys ? '~*' : keys.map((key) => key.describe()).join(' '),
      channels: this.allChannels ? '&*' : channels.map(({ text }) => `&${text}`).join(' '),
    };
  }

  /** All of it as one line of rules. */
  toRules(): string {
    const { commands, keys, channels } = this.describe();
    const reset = this.allChannels ? '' : 'resetchannels';
    return [keys, reset, channels, commands].filter((part) => part !== '').join(' ');
  }
}
