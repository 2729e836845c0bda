/**
 * COMMAND DOCS: the documentation of commands and their arguments; redis-cli's hints come from it.
 *
 * Source: https://redis.io/docs/latest/commands/command-docs/
 */
import type { ReplyWriter } from '../../resp/reply-writer.js';
import type { Call } from '../../server/api/call.js';
import type { ArgSpec, CommandSpec } from '../../server/api/command.js';
import type { Command } from '../../server/api/command-table.js';

/** A map's pair: its name, and what writes its value. */
type Pair = readonly [name: string, write: () => void];

export const commandDocs: CommandSpec = {
  name: 'docs',
  summary: 'Returns the documentation of one, several or all commands.',
  since: '7.0.0',
  group: 'server',
  complexity: 'O(N) where N is the number of commands to look up',
  arity: -2,
  flags: ['loading', 'stale', 'sentinel'],
  categories: ['connection'],
  args: [{ name: 'command-name', type: 'string', optional: true, multiple: true }],
  tips: ['nondeterministic_output_order'],
  reply: { mapOf: 'any' },
  run({ args, server, reply }: Call) {
    let commands: readonly Command[] = server.commands.all;
    if (args.count > 2) {
      const named: Command[] = [];
      for (let i = 2; i < args.count; i++) {
        const command = server.commands.byName(args.text(i));
        if (command !== undefined) named.push(command);
      }
      commands = named;
    }
    reply.map(commands.length);
    for (const command of commands) {
      reply.bulkText(command.fullName);
      replyDocs(reply, command);
    }
  },
};

function replyDocs(reply: ReplyWriter, { spec, subcommands }: Command): void {
  const { deprecated, history, args } = spec;
  const docFlags = documentFlags(spec);
  const text = (name: string, value: string): Pair => [name, () => reply.bulkUtf8(value)];
  const pairs: Pair[] = [
    text('summary', spec.summary),
    text('since', spec.since),
    text('group', spec.group),
  ];
  if (spec.complexity !== '') pairs.push(text('complexity', spec.complexity));
  if (docFlags.length > 0) pairs.push(['doc_flags', () => statusSet(reply, docFlags)]);
  if (deprecated !== undefined) {
    pairs.push(text('deprecated_since', deprecated.since));
    pairs.push(text('replaced_by', deprecated.replacedBy));
  }
  if (history !== undefined) pairs.push(['history', () => replyHistory(reply, history)]);
  if (args !== undefined) pairs.push(['arguments', () => replyArguments(reply, args)]);
  if (subcommands !== undefined) {
    pairs.push([
      'subcommands',
      () => {
        reply.map(subcommands.size);
        for (const sub of subcommands.values()) {
          reply.bulkText(sub.fullName);
          replyDocs(reply, sub);
        }
      },
    ]);
  }
  replyPairs(reply, pairs);
}

function documentFlags({ docFlags = [], deprecated }: CommandSpec): readonly string[] {
  if (deprecated === undefined || docFlags.includes('deprecated')) return docFlags;
  return ['deprecated', ...docFlags];
}

function replyHistory(
  reply: ReplyWriter,
  history: readonly (readonly [since: string, change: string])[],
): void {
  reply.set(history.length);
  for (const [since, change] of history) {
    reply.array(2);
    reply.bulkText(since);
    reply.bulkUtf8(change);
  }
}

function replyArguments(reply: ReplyWriter, args: readonly ArgSpec[]): void {
  reply.array(args.length);
  for (const arg of args) replyArgument(reply, arg);
}

function replyArgument(reply: ReplyWriter, arg: ArgSpec): void {
  const text = (name: string, value: string | undefined): Pair[] =>
    value === undefined ? [] : [[name, () => reply.bulkUtf8(value)]];
  const { keySpec } = arg;
  const isGroup = arg.type === 'oneof' || arg.type === 'block';
  const flags = argumentFlags(arg);
  const pairs: Pair[] = [...text('name', arg.name), ...text('type', arg.type)];
  if (!isGroup) pairs.push(...text('display_text', arg.display ?? arg.name));
  if (keySpec !== undefined) pairs.push(['key_spec_index', () => reply.int(keySpec)]);
  pairs.push(
    ...text('token', arg.token),
    ...text('summary', arg.summary),
    ...text('since', arg.since),
    ...text('deprecated_since', arg.deprecatedSince),
  );
  if (flags.length > 0) pairs.push(['flags', () => statusSet(reply, flags)]);
  if (isGroup) pairs.push(['arguments', () => replyArguments(reply, arg.args ?? [])]);
  replyPairs(reply, pairs);
}

function argumentFlags(arg: ArgSpec): string[] {
  const flags: string[] = [];
  if (arg.optional) flags.push('optional');
  if (arg.multiple) flags.push('multiple');
  if (arg.multipleToken) flags.push('multiple_token');
  return flags;
}

function replyPairs(reply: ReplyWriter, pairs: readonly Pair[]): void {
  reply.map(pairs.length);
  for (const [name, write] of pairs) {
    reply.bulkText(name);
    write();
  }
}

function statusSet(reply: ReplyWriter, texts: readonly string[]): void {
  reply.set(texts.length);
  for (const text of texts) reply.status(text);
}
