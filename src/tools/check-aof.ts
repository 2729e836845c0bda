#!/usr/bin/env node
/** The program respd-check-aof: see check-aof/command.ts. */
import { readSync } from 'node:fs';
import { nodeAofFiles } from '../persistence/aof/files.js';
import { runCheckAof } from './check-aof/command.js';
import { reportRdb } from './check-rdb/report.js';
import { randomUnit, ToolOutput } from './node-host.js';

const STDIN = 0;
const MONTHS = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');

const output = new ToolOutput('Checking');
const { print } = output;

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
  checkRdb(fd, path) {
    const onProgress = output.progress;
    const host = { files: nodeAofFiles, now: Date.now, random: randomUnit, print, onProgress };
    const { bytes, isFine } = reportRdb(host, fd, path);
    return isFine ? bytes : undefined;
  },
  logLine,
  onProgress: output.progress,
});
output.end();
