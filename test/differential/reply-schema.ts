/**
 * Holds replies against the shapes that commands declare.
 *
 * A schema names RESP3's types. A RESP2 reply is held against their RESP2 forms: a map or a set is
 * an array there, a boolean an integer, a double a bulk string. The protocol matters: a boolean
 * that a RESP3 client gets as an integer is a mistake.
 */
import type { ReplySchema } from '../../src/server/api/declaration.js';
import { type Reply, showReply } from '../support/resp-client.js';

const SHOWN_REPLY_CHARS = 200;

/**
 * @param resp the protocol that the client speaks
 * @returns what is wrong with the reply; undefined if nothing is
 */
export function violation(reply: Reply, schema: ReplySchema, resp: 2 | 3): string | undefined {
  if (matches(reply, schema, resp)) return undefined;
  const shown = showReply(reply).slice(0, SHOWN_REPLY_CHARS);
  return `a RESP${resp} reply ${shown} where the command declares ${JSON.stringify(schema)}`;
}

function matches(reply: Reply, schema: ReplySchema, resp: 2 | 3): boolean {
  return typeof schema === 'string'
    ? matchesType(reply, schema, resp)
    : matchesStructure(reply, schema, resp);
}

function matchesType(reply: Reply, type: Extract<ReplySchema, string>, resp: 2 | 3): boolean {
  const { kind } = reply;
  switch (type) {
    case 'any':
      return true;
    case 'none':
      return false;
    case 'OK':
      return reply.kind === 'status' && reply.text === 'OK';
    case 'null':
      return resp === 3 ? kind === 'null' : kind === 'null-bulk' || kind === 'null-array';
    case 'status':
    case 'integer':
    case 'bulk':
      return kind === type;
    case 'boolean':
      return kind === (resp === 3 ? 'boolean' : 'integer');
    case 'double':
    case 'bignumber':
    case 'verbatim':
      return kind === (resp === 3 ? type : 'bulk');
  }
}

function matchesStructure(
  reply: Reply,
  schema: Exclude<ReplySchema, string>,
  resp: 2 | 3,
): boolean {
  if ('oneOf' in schema) return schema.oneOf.some((one) => matches(reply, one, resp));
  if ('const' in schema) return matchesConstant(reply, schema.const);
  if ('mapOf' in schema) return matchesMap(reply, schema.mapOf, resp);
  if ('setOf' in schema) {
    const items = itemsOf(reply, resp === 3 ? 'set' : 'array');
    return items?.every((item) => matches(item, schema.setOf, resp)) ?? false;
  }
  const items = itemsOf(reply, 'array');
  if (items === undefined) return false;
  if ('arrayOf' in schema) return items.every((item) => matches(item, schema.arrayOf, resp));
  return (
    items.length === schema.tuple.length &&
    items.every((item, i) => matches(item, schema.tuple[i]!, resp))
  );
}

function matchesConstant(reply: Reply, constant: string | number): boolean {
  if (typeof constant === 'number') {
    return reply.kind === 'integer' && reply.value === BigInt(constant);
  }
  if (reply.kind === 'bulk') return reply.bytes.toString('latin1') === constant;
  return reply.kind === 'status' && reply.text === constant;
}

function matchesMap(reply: Reply, values: ReplySchema, resp: 2 | 3): boolean {
  if (resp === 3) {
    return reply.kind === 'map' && reply.entries.every(([, value]) => matches(value, values, resp));
  }
  if (reply.kind !== 'array' || reply.items.length % 2 !== 0) return false;
  return reply.items.every((item, i) => i % 2 === 0 || matches(item, values, resp));
}

function itemsOf(reply: Reply, kind: 'array' | 'set'): Reply[] | undefined {
  return reply.kind === kind ? (reply as { items: Reply[] }).items : undefined;
}
