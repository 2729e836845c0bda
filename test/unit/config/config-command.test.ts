import { describe, expect, it } from 'vitest';
import { config as configCommand } from '../../../src/commands/config.js';
import { Args } from '../../../src/resp/args.js';
import type { ReplyError } from '../../../src/resp/reply-error.js';
import { ReplyWriter } from '../../../src/resp/reply-writer.js';
import type { Call } from '../../../src/server/api/call.js';
import type { Config } from '../../../src/server/config/config.js';
import { FileFailure } from '../../../src/server/config/host.js';
import { makeConfig } from './memory-files.js';

interface Session {
  readonly log: string[];
  /** Runs CONFIG with these words; what is written, or the error that is thrown. */
  run(...words: string[]): string;
  /** What was written after the command had returned. */
  later(): Promise<string>;
}

/** A client of a server that has nothing but this configuration. */
function makeSession(config: Config): Session {
  const log: string[] = [];
  const reply = new ReplyWriter();
  const taken = (): string => Buffer.concat(reply.take()).toString('latin1');
  let unblocked: (text: string) => void = () => {};
  const answered = new Promise<string>((resolve) => (unblocked = resolve));
  const note = (text: string): void => void log.push(text);
  const call = {
    reply,
    client: {
      isLocal: true,
      block: () => note('blocked'),
      unblock: (write: (writer: ReplyWriter) => void) => {
        write(reply);
        unblocked(taken());
      },
    },
    server: {
      config,
      log: { notice: note, warning: note },
      stats: { reset: () => note('stats reset') },
      commands: { resetStats: () => note('commands reset') },
    },
  };
  return {
    log,
    later: () => answered,
    run(...words) {
      const spec = configCommand.subcommands?.find(({ name }) => name === words[0]);
      try {
        spec?.run?.({ ...call, args: Args.from(['config', ...words]) } as unknown as Call);
      } catch (error) {
        return `-${(error as ReplyError).text}\r\n`;
      }
      return taken();
    },
  };
}

describe('CONFIG', () => {
  it('GET answers with names and values', () => {
    const session = makeSession(makeConfig());
    expect(session.run('get', 'hz', 'PORT')).toBe(
      '*4\r\n$2\r\nhz\r\n$2\r\n10\r\n$4\r\nPORT\r\n$4\r\n6379\r\n',
    );
    expect(session.run('get', 'nothing')).toBe('*0\r\n');
  });

  it('SET answers at once, or in the error words of Redis', () => {
    const session = makeSession(makeConfig());
    expect(session.run('set', 'hz', '20', 'timeout', '5')).toBe('+OK\r\n');
    expect(session.run('set', 'hz', '20', 'timeout')).toBe('-ERR syntax error\r\n');
    expect(session.run('set', 'b\xc3\xa4h', '1')).toBe(
      "-ERR Unknown option or number of arguments for CONFIG SET - 'b\xc3\xa4h'\r\n",
    );
  });

  it('SET blocks the client while a change takes its time', async () => {
    const config = makeConfig();
    config.onChange(['port'], async () => undefined);
    const session = makeSession(config);
    expect(session.run('set', 'port', '7000')).toBe('');
    expect(session.log).toEqual(['blocked']);
    expect(await session.later()).toBe('+OK\r\n');
  });

  it('RESETSTAT resets the counters of server and commands', () => {
    const session = makeSession(makeConfig());
    expect(session.run('resetstat')).toBe('+OK\r\n');
    expect(session.log).toEqual(['stats reset', 'commands reset']);
  });

  it('REWRITE needs a config file, and logs what became of it', () => {
    const config = makeConfig();
    const session = makeSession(config);
    expect(session.run('rewrite')).toBe('-ERR The server is running without a config file\r\n');
    config.rewriter = () => undefined;
    expect(session.run('rewrite')).toBe('+OK\r\n');
    config.rewriter = () => new FileFailure('EACCES', 'Permission denied');
    expect(session.run('rewrite')).toBe('-ERR Rewriting config file: Permission denied\r\n');
    expect(session.log).toEqual([
      'CONFIG REWRITE executed with success.',
      'CONFIG REWRITE failed: Permission denied',
    ]);
  });

  it('HELP lists its subcommands', () => {
    const help = makeSession(makeConfig()).run('help');
    expect(help).toMatch(/^\*11\r\n\+CONFIG <subcommand> /);
    expect(help).toContain('+HELP\r\n+    Print this help.\r\n');
  });
});
