#!/usr/bin/env node
import { RealClock } from './server/clock.js';
import { Config } from './server/config/config.js';
import { nodeFiles } from './server/config/node-files.js';
import { openLog } from './server/log.js';
import { Server } from './server/server.js';

const config = new Config({ workingDirectory: process.cwd(), directories: nodeFiles() });
const argv = process.argv.slice(2);
for (let i = 0; i < argv.length; i += 2) config.load(argv[i]!.slice(2), [argv[i + 1]!]);
const log = openLog({ level: 'notice', file: '', format: 'redis' });
const server = new Server({ config, clock: new RealClock(), log, onStopped: (c) => process.exit(c) });
await server.start();
log.notice('Ready to accept connections tcp');
