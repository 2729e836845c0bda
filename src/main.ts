#!/usr/bin/env node
/** The command line: `respd [FILE] [--directive value …] [-]`. See cli/run.ts. */
import { runCommandLine } from './cli/run.js';

await runCommandLine(process.argv.slice(2), process.argv[1] ?? 'respd');
