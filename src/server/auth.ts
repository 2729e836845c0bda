/**
 * Passwords: `requirepass`, the default user's. (Users with rights of their own are ACL's.)
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { Client } from './api/client.js';
import { ClientGate } from './api/client.js';

const DEFAULT_USER = 'default';

/** Whether this is the default user's password. Takes the same time whatever is wrong with it. */
export function checkPassword(user: string, password: Uint8Array, required: string): boolean {
  const digest = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest();
  const equal = timingSafeEqual(digest(password), digest(Buffer.from(required, 'latin1')));
  return user === DEFAULT_USER && (required === '' || equal);
}

/**
 * Gives a client its user, or, for undefined, what a new client has.
 * @param passwordRequired whether new clients must authenticate
 */
export function setUser(client: Client, user: string | undefined, passwordRequired: boolean): void {
  client.user = user ?? DEFAULT_USER;
  client.authenticated = user !== undefined || !passwordRequired;
  if (client.authenticated) client.gate &= ~ClientGate.NeedsAuth;
  else client.gate |= ClientGate.NeedsAuth;
}
