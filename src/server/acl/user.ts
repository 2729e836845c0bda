/**
 * A user: whether and how one may log in as it, and what it may do then.
 *
 * Passwords are kept as SHA-256 digests only. Comparing takes the same time whatever is wrong: the
 * given password is hashed in any case, and compared with every digest that the user has.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { USER_FLAGS, type UserFlag } from '../api/acl.js';
import type { AclUser } from '../api/client.js';
import type { Selector } from './selector.js';

export class User implements AclUser {
  isOn = false;
  /** Whether any password will do. */
  needsNoPassword = false;
  /** Whether RESTORE takes its payloads without a close look. */
  skipsSanitizing = false;
  passwords: readonly Buffer[] = [];
  /** The root and the others. */
  selectors: readonly Selector[];
  /** Whether nothing is denied to it. */
  isUnlimited = false;

  /** @param name one character per byte */
  constructor(
    readonly name: string,
    root: Selector,
  ) {
    this.selectors = [root];
  }

  get root(): Selector {
    return this.selectors[0]!;
  }

  /** A user with the same rights, to try changes on. */
  draft(): User {
    const draft = new User(this.name, this.root);
    draft.become(this);
    draft.selectors = this.selectors.map((selector) => selector.copy());
    return draft;
  }

  /** Takes over all that another user is but its name. That one is not to be changed any more. */
  become(other: User): void {
    this.isOn = other.isOn;
    this.needsNoPassword = other.needsNoPassword;
    this.skipsSanitizing = other.skipsSanitizing;
    this.passwords = other.passwords;
    this.selectors = other.selectors;
    this.settle();
  }

  /** Works out what follows from its rules, once they are complete. */
  settle(): void {
    this.isUnlimited = this.selectors.some(({ isUnlimited }) => isUnlimited);
  }

  addPassword(digest: Buffer): void {
    if (!this.passwords.some((password) => password.equals(digest))) {
      this.passwords = [...this.passwords, digest];
    }
    this.needsNoPassword = false;
  }

  /** @returns whether it was one of the user's */
  removePassword(digest: Buffer): boolean {
    const others = this.passwords.filter((password) => !password.equals(digest));
    const isThere = others.length < this.passwords.length;
    this.passwords = others;
    return isThere;
  }

  clearPasswords(needsNoPassword: boolean): void {
    this.passwords = [];
    this.needsNoPassword = needsNoPassword;
  }

  get flags(): readonly UserFlag[] {
    const { isOn, needsNoPassword, skipsSanitizing } = this;
    return USER_FLAGS.filter((flag) => {
      if (flag === 'on' || flag === 'off') return isOn === (flag === 'on');
      if (flag === 'nopass') return needsNoPassword;
      return skipsSanitizing === (flag === 'skip-sanitize-payload');
    });
  }

  /** All rules that make this user, as ACL LIST and the files have them. */
  toRules(): string {
    const hashes = this.passwords.map((digest) => `#${digest.toString('hex')}`);
    const [root, ...others] = this.selectors.map((selector) => selector.toRules());
    return [...this.flags, ...hashes, root, ...others.map((rules) => `(${rules})`)].join(' ');
  }
}

/** What is kept of a password. */
export function passwordDigest(password: Uint8Array): Buffer {
  return createHash('sha256').update(password).digest();
}

/** Compared with when there is no user or no password, so that this takes as long. */
const NO_DIGESTS = [Buffer.alloc(32)];

/** Whether one may log in as this user with this password. */
export function mayLogIn(user: User | undefined, password: Uint8Array): boolean {
  const digest = passwordDigest(password);
  const known = user !== undefined && user.passwords.length > 0 ? user.passwords : NO_DIGESTS;
  let isEqual = false;
  for (const other of known) if (timingSafeEqual(digest, other)) isEqual = true;
  if (user === undefined || !user.isOn) return false;
  return user.needsNoPassword || (isEqual && known !== NO_DIGESTS);
}
