/** Kinds of clients, as CLIENT LIST and CLIENT KILL filter by them. */
import type { Args } from '../../resp/args.js';
import { ReplyError } from '../../resp/reply-error.js';
import type { Client } from '../../server/api/client.js';
import { ClientFlag } from '../../server/api/client.js';
import { untilNul } from '../../text/c-string.js';

export type ClientType = 'normal' | 'master' | 'replica' | 'pubsub';

const TYPES: Readonly<Record<string, ClientType | undefined>> = {
  normal: 'normal',
  master: 'master',
  replica: 'replica',
  slave: 'replica',
  pubsub: 'pubsub',
};

/** @throws ReplyError if argument `i` is no kind of client */
export function clientTypeArg(args: Args, i: number): ClientType {
  const text = args.text(i);
  const name = text.toLowerCase();
  const type = Object.hasOwn(TYPES, name) ? TYPES[name] : undefined;
  if (type === undefined) throw new ReplyError(`ERR Unknown client type '${untilNul(text)}'`);
  return type;
}

/** A client that watches (MONITOR) is a normal one, although Redis flags it as a replica too. */
export function isOfType(client: Client, type: ClientType): boolean {
  return clientType(client.flags) === type;
}

function clientType(flags: number): ClientType {
  if ((flags & ClientFlag.Master) !== 0) return 'master';
  if ((flags & (ClientFlag.Replica | ClientFlag.Monitor)) === ClientFlag.Replica) return 'replica';
  return (flags & ClientFlag.Pubsub) !== 0 ? 'pubsub' : 'normal';
}
