#!/usr/bin/env node
/** The program respd-check-aof: see check-aof/command.ts. */
import { readSync, writeSync } from 'node:fs';
import { nodeAofFiles } from '../persistence/aof/files.js';
import { runCheckAof } from './check-aof/command.js';
import { checkPreamble } from './check-aof/rdb-preamble.js';

const STDIN = 0;
const STDOUT = 1;
const MONTHS = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');

function print(text: string): void {
  const bytes = Buffer.from(text, 'latin1');
  for (let at = 0; at < bytes.length; ) {
    try {
      at += writeSync(STDOUT, bytes, at);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      // A reader that is slow is waited for; one that has gone needs nothing more.
      if (code !== 'EAGAIN') return;
    }
  }
}

function ask(): string {
  const byte = Buffer.alloc(1);
  try {
    return readSync(STDIN, byte, 0, 1, null) === 0 ? '' : byte.toString('latin1');
  } catch {
    return '';
  }
}

/** As the server logs a warning: process, role C (a child or tool), time. */
function logLine(text: string): string {
  const now = new Date();
  const two = (n: number): string => String(n).padStart(2, '0');
  const day = `${two(now.getDate())} ${MONTHS[now.getMonth()]} ${now.getFullYear()}`;
  const seconds = `${two(now.getHours())}:${two(now.getMinutes())}:${two(now.getSeconds())}`;
  const millis = String(now.getMilliseconds()).padStart(3, '0');
  return `${process.pid}:C ${day} ${seconds}.${millis} # ${text}`;
}

process.exitCode = runCheckAof(process.argv.slice(2), {
  files: nodeAofFiles,
  isTerminal: process.stdout.isTTY === true,
  print,
  ask,
  checkRdb: (fd, path) => checkPreamble(nodeAofFiles, fd, path, print),
  logLine,
});
