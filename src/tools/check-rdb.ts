#!/usr/bin/env node
/** The program respd-check-rdb: see check-rdb/command.ts. */
import { nodeAofFiles } from '../persistence/aof/files.js';
import { runCheckRdb } from './check-rdb/command.js';
import { randomUnit, ToolOutput, versionIn } from './node-host.js';

const output = new ToolOutput('Checking');

process.exitCode = runCheckRdb(process.argv.slice(2), {
  files: nodeAofFiles,
  isTerminal: process.stdout.isTTY === true,
  version: () => versionIn(new URL('../package.json', import.meta.url)),
  now: Date.now,
  random: randomUnit,
  print: output.print,
  printError: output.printError,
  onProgress: output.progress,
});
output.end();
