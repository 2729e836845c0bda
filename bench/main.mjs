/**
 * `npm run bench`: respd beside a real redis-server, on this machine, in this hour.
 *
 * Numbers of different machines, or of a quiet and a busy hour, do not compare; ratios taken side
 * by side do. The modes are speed (by groups of commands), memory, pauses and startup.
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { benchAppend } from './append.mjs';
import { benchCalm } from './calm.mjs';
import { benchHitRates } from './hit-rates.mjs';
import { benchLoad } from './load.mjs';
import { benchMembers, benchMemory } from './memory.mjs';
import { benchPauses } from './pauses.mjs';
import { benchPersist } from './persist.mjs';
import { cleanUpAtEnd } from './servers.mjs';
import { benchSpeed } from './speed.mjs';
import { benchStartup } from './startup.mjs';
import { chooseTests, GROUPS } from './tests.mjs';
import { benchUpkeep } from './upkeep.mjs';

const USAGE = `npm run bench -- [what ...] [options]

what: ${Object.keys(GROUPS).join(', ')}, a single test such as get, all;
      memory, members, pauses, calm, hit-rates, upkeep, startup, persist, load,
      append.                                                                         [strings]

  --pipeline 1,16,64   depths of pipelining
  --rounds 3           counted rounds; the median is reported
  --seconds 2          how long one run should take
  --requests N         so many requests per run instead
  --keys N             keys for memory, persist and load [2000000] and pauses [10000000],
                       SETs for append [1000000],
                       members for members [1000000] and calm [10000000],
                       accesses for hit-rates [1000000]
  --json FILE          write all numbers there as well
  --max-ratio          exit 1 when a promise (speed, memory, pauses) is broken

REDIS_SERVER, REDIS_BENCHMARK: other programs than those in PATH.
RESPD: another command line than node dist/main.js.
`;

const MEMORY_KEYS = 2_000_000;
const PAUSES_KEYS = 10_000_000;
const MEMBERS = 1_000_000;
const CALM_MEMBERS = 10_000_000;
const HIT_RATE_ACCESSES = 1_000_000;
const UPKEEP_KEYS = 5_000_000;
const PERSIST_KEYS = 2_000_000;
const APPEND_WRITES = 1_000_000;
const MODES = [
  'memory',
  'members',
  'pauses',
  'calm',
  'hit-rates',
  'upkeep',
  'startup',
  'persist',
  'load',
  'append',
];

function parseCommandLine() {
  return parseArgs({
    allowPositionals: true,
    options: {
      pipeline: { type: 'string', default: '1,16,64' },
      rounds: { type: 'string', default: '3' },
      seconds: { type: 'string', default: '2' },
      requests: { type: 'string' },
      keys: { type: 'string' },
      json: { type: 'string' },
      'max-ratio': { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
}

/**
 * @param {string} option
 * @param {string | undefined} text
 * @returns {number}
 */
function positive(option, text) {
  const value = Number(text);
  if (!(value > 0)) throw new Error(`--${option} must be a number above 0, not ${text}.`);
  return value;
}

async function main() {
  const { values, positionals } = parseCommandLine();
  if (values.help) {
    console.log(USAGE);
    return;
  }
  cleanUpAtEnd();
  const speedOptions = {
    depths: values.pipeline.split(',').map((depth) => positive('pipeline', depth)),
    rounds: positive('rounds', values.rounds),
    seconds: positive('seconds', values.seconds),
    requests: values.requests === undefined ? undefined : positive('requests', values.requests),
  };
  const keys = values.keys === undefined ? undefined : positive('keys', values.keys);

  const what = positionals.length > 0 ? positionals : ['strings'];
  const tests = chooseTests(what.filter((name) => !MODES.includes(name)));
  /** @type {{ name: string, broken: string[] }[]} */
  const results = [];
  if (tests.length > 0) results.push(await benchSpeed({ tests, ...speedOptions }));
  if (what.includes('memory')) results.push(await benchMemory({ keys: keys ?? MEMORY_KEYS }));
  if (what.includes('pauses')) results.push(await benchPauses({ keys: keys ?? PAUSES_KEYS }));
  if (what.includes('members')) results.push(await benchMembers({ members: keys ?? MEMBERS }));
  if (what.includes('calm')) results.push(await benchCalm({ members: keys ?? CALM_MEMBERS }));
  if (what.includes('hit-rates')) {
    results.push(await benchHitRates({ accesses: keys ?? HIT_RATE_ACCESSES }));
  }
  if (what.includes('upkeep')) results.push(await benchUpkeep({ keys: keys ?? UPKEEP_KEYS }));
  if (what.includes('startup')) results.push(await benchStartup());
  if (what.includes('persist')) results.push(await benchPersist({ keys: keys ?? PERSIST_KEYS }));
  if (what.includes('load')) results.push(await benchLoad({ keys: keys ?? PERSIST_KEYS }));
  if (what.includes('append')) results.push(await benchAppend({ writes: keys ?? APPEND_WRITES }));

  if (values.json !== undefined)
    writeFileSync(values.json, `${JSON.stringify(results, null, 2)}\n`);
  const broken = results.flatMap((result) => result.broken);
  if (broken.length > 0) console.log(`\nOver the limit:\n- ${broken.join('\n- ')}`);
  if (broken.length > 0 && values['max-ratio']) process.exitCode = 1;
}

try {
  await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}
