/**
 * What a disk can do to files while no server runs: tails torn off, bits flipped, blocks of zeros,
 * junk, files gone. A server that starts on them must refuse and say why, or say what it has mended;
 * it must never come up with other data than it had and say nothing, nor hang, nor show an exception.
 *
 * What no reader could notice, and so is let pass here:
 *
 *  - dump.rdb gone: a new server has none either;
 *  - commands with other arguments: an append-only file has no checksum, and any bytes are a value;
 *  - a file of commands that ends between two of them, for nothing says how many there were;
 *  - a manifest in which `type i` has become `type h`: the line of a file that is no longer needed.
 *
 * CRASH_DAMAGES sets how many damaged folders are tried, CRASH_SEED which.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createServer, LoadError, type RespdServer } from '../../src/index.js';
import { Manifest } from '../../src/persistence/aof/manifest.js';
import { Args } from '../../src/resp/args.js';
import { writeCommands } from '../support/aof-file.js';
import { writeRdb } from '../support/rdb-file.js';
import { ask } from '../support/resp-client.js';
import { seeded } from '../support/seeded.js';
import { connectTo, ServerProcess } from '../support/server-process.js';
import { smallRig } from '../unit/persistence/rdb-support.js';

const DAMAGES = Number(process.env.CRASH_DAMAGES ?? 500);
const SEED = Number(process.env.CRASH_SEED ?? 7);

/** A folder: contents by name. */
type Folder = ReadonlyMap<string, Buffer>;

interface Sample {
  readonly files: Folder;
  readonly appendonly: boolean;
  /** Digests of the data after each command of the last files; the last one is that of all. */
  readonly digests: readonly string[];
}

/** Transactions are one unit. */
const UNITS: readonly (readonly string[])[] = [
  ['SET a 1'],
  ['MULTI', 'INCR a', 'RPUSH list x y z', 'EXEC'],
  ['HSET hash f 1 g 2'],
  ['EXPIRE a 1000000'],
  ['SELECT 3', 'SET other value'],
  ['SELECT 0', 'SADD set a b c 1 2 3'],
  ['ZADD zset 1 a 2.5 b'],
  ['XADD stream 99-1 a b'],
  ['MULTI', 'DEL a', 'SET b 2', 'EXEC'],
  ['APPEND b 3'],
];

const dir = mkdtempSync(join(tmpdir(), 'respd-damage-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

interface Outcome {
  /** Of all data; undefined: it has refused to start. */
  readonly digest: string | undefined;
  readonly warnings: readonly string[];
}

let folders = 0;

function writeFolder(home: string, files: Folder): void {
  mkdirSync(home, { recursive: true });
  for (const [name, bytes] of files) {
    mkdirSync(dirname(join(home, name)), { recursive: true });
    writeFileSync(join(home, name), bytes);
  }
}

/** Starts a server on a folder with these files. */
async function start(files: Folder, appendonly: boolean): Promise<Outcome> {
  const home = join(dir, String(folders++));
  writeFolder(home, files);
  const warnings: string[] = [];
  const ignore = () => {};
  const log = {
    debug: ignore,
    verbose: ignore,
    notice: ignore,
    warning: (text: string) => warnings.push(text),
  };
  let server: RespdServer | undefined;
  try {
    server = await createServer({
      dir: home,
      appendonly,
      appendfsync: 'no',
      unixsocket: join(home, 's'),
      'enable-debug-command': 'yes',
      log,
    });
    const client = await connectTo(join(home, 's'));
    const digest = await ask(client, 'DEBUG DIGEST');
    client.close();
    return { digest, warnings };
  } catch (error) {
    if (!(error instanceof LoadError)) throw error;
    warnings.push(error.message);
    return { digest: undefined, warnings };
  } finally {
    await server?.close();
    rmSync(home, { recursive: true, force: true });
  }
}

// ------------------------------------------------------------------------------------- what there is

/** The manifest of a base and two incr files. */
function manifestOf(format: 'rdb' | 'aof'): Manifest {
  const empty = Manifest.EMPTY.withNextBase('appendonly.aof', format);
  return empty.withNextIncr('appendonly.aof').withNextIncr('appendonly.aof');
}

function encode(units: readonly (readonly string[])[]): Buffer {
  return Buffer.concat(
    units.flat().map((request) => Buffer.from(Args.from(request.split(' ')).encode())),
  );
}

async function sampleOfLog(format: 'rdb' | 'aof'): Promise<Sample> {
  const { keyspace } = smallRig();
  const manifest = manifestOf(format);
  const base = format === 'rdb' ? writeRdb(keyspace) : writeCommands(keyspace);
  const half = UNITS.length / 2;
  const contents = [base, encode(UNITS.slice(0, half)), encode(UNITS.slice(half))];
  const filesOf = (parts: readonly Buffer[]): Folder =>
    new Map([
      ['appendonlydir/appendonly.aof.manifest', Buffer.from(manifest.format())],
      ...manifest.parts.map((file, i) => [`appendonlydir/${file.name}`, parts[i]!] as const),
    ]);
  const digests: string[] = [];
  for (let n = half; n <= UNITS.length; n++) {
    const parts = [contents[0]!, contents[1]!, encode(UNITS.slice(half, n))];
    const { digest, warnings } = await start(filesOf(parts), true);
    expect(warnings).toEqual([]);
    digests.push(digest!);
  }
  return { files: filesOf(contents), appendonly: true, digests };
}

async function sampleOfRdb(): Promise<Sample> {
  const files = new Map([['dump.rdb', writeRdb(smallRig().keyspace)]]);
  const { digest } = await start(files, false);
  return { files, appendonly: false, digests: [digest!] };
}

// --------------------------------------------------------------------------------------- what happens

interface Damage {
  readonly what: 'torn' | 'flipped' | 'zeros' | 'junk' | 'gone';
  readonly name: string;
  /** Bytes of the file from `from` to `to` are others, or missing. */
  readonly from: number;
  readonly to: number;
  readonly files: Folder;
}

const KINDS = ['torn', 'torn', 'flipped', 'flipped', 'flipped', 'zeros', 'junk', 'gone'] as const;

function damage(files: Folder, random: (below: number) => number): Damage {
  const names = [...files.keys()];
  const name = names[random(names.length)]!;
  const bytes = Buffer.from(files.get(name)!);
  const what = KINDS[random(KINDS.length)]!;
  const at = random(bytes.length);
  const changed = (content: Buffer, from: number, to: number): Damage => ({
    what,
    name,
    from,
    to,
    files: new Map(files).set(name, content),
  });
  switch (what) {
    case 'torn':
      return changed(bytes.subarray(0, at), at, bytes.length);
    case 'flipped':
      bytes[at] = bytes[at]! ^ (1 << random(8));
      return changed(bytes, at, at + 1);
    case 'zeros': {
      const end = Math.min(bytes.length, at + 1 + random(512));
      return changed(bytes.fill(0, at, end), at, end);
    }
    case 'junk': {
      const junk = Buffer.from(Array.from({ length: 1 + random(100) }, () => random(256)));
      return changed(Buffer.concat([bytes, junk]), bytes.length, bytes.length + junk.length);
    }
    case 'gone': {
      const left = new Map(files);
      left.delete(name);
      return { what, name, from: 0, to: bytes.length, files: left };
    }
  }
}

/** Whether nobody could notice it: see above. */
function isBeyondNotice({ what, name, from, to, files }: Damage, whole: Buffer): boolean {
  if (name === 'dump.rdb') return what === 'gone';
  if (name.endsWith('.manifest')) return what === 'flipped' && files.get(name)![from] === LETTER_H;
  if (!name.endsWith('.aof') || what === 'gone') return false;
  const layout = layoutOf(whole);
  if (what === 'torn') return layout.ends.has(from);
  for (let at = from; at < to; at++) if (!layout.isContent[at]) return false;
  return true;
}

const LETTER_H = 'h'.charCodeAt(0);

/** Where commands end in a file of commands, and which of its bytes are an argument's content. */
function layoutOf(file: Buffer): { ends: Set<number>; isContent: Uint8Array } {
  const isContent = new Uint8Array(file.length);
  const ends = new Set([0]);
  const lineAt = (at: number): [number, number] => {
    const end = file.indexOf('\r\n', at);
    return [Number(file.toString('latin1', at + 1, end)), end + 2];
  };
  for (let at = 0; at < file.length; ) {
    let count: number;
    [count, at] = lineAt(at);
    for (; count > 0; count--) {
      const [length, begin] = lineAt(at);
      isContent.fill(1, begin, begin + length);
      at = begin + length + 2;
    }
    ends.add(at);
  }
  return { ends, isContent };
}

describe('a server that finds damaged files', () => {
  let samples: readonly Sample[];

  beforeAll(async () => {
    samples = [await sampleOfLog('rdb'), await sampleOfLog('aof'), await sampleOfRdb()];
  });

  it('refuses to start or mends them, and says so', async () => {
    const random = seeded(SEED);
    const seen = { refused: 0, mended: 0, harmless: 0, unnoticed: 0 };
    for (let i = 0; i < DAMAGES; i++) {
      const sample = samples[i % samples.length]!;
      const done = damage(sample.files, random);
      const told = `${i}: ${done.what}, ${done.name}, ${done.from} to ${done.to}`;
      const { digest, warnings } = await start(done.files, sample.appendonly);
      const said = warnings.join('\n');
      expect(said, told).not.toMatch(/(Type|Range|Reference|Syntax)Error|undefined|NaN|\.js:\d/);
      if (digest === undefined) {
        expect(said, told).toMatch(/[a-z]{3}/);
        seen.refused++;
      } else if (digest === sample.digests.at(-1)) seen.harmless++;
      else if (isBeyondNotice(done, sample.files.get(done.name)!)) seen.unnoticed++;
      else {
        expect(said, told).toMatch(/!!! Truncating the AOF .* at offset \d+ !!!/);
        expect(sample.digests, told).toContain(digest);
        seen.mended++;
      }
    }
    console.log(seen);
    expect(seen.refused).toBeGreaterThan(seen.mended);
    expect(seen.mended).toBeGreaterThan(0);
  }, 600_000);

  const BASE = 'appendonlydir/appendonly.aof.1.base.rdb';
  const INCR = 'appendonlydir/appendonly.aof.2.incr.aof';
  const MANIFEST = 'appendonlydir/appendonly.aof.manifest';

  it.each([
    ['a base with a bit changed', 0, BASE, changed, /Error reading the RDB base file/],
    ['no base', 0, BASE, nothing, /Unable to obtain the AOF file appendonly.aof.1.base.rdb length/],
    ['commands that are none', 1, INCR, changed, /Bad file format reading the append only file/],
    ['no manifest', 0, MANIFEST, nothing, /appendonly.aof.manifest is missing/],
    ['half a dump.rdb', 2, 'dump.rdb', half, /Internal error in RDB reading offset \d+/],
  ] as const)('the program ends with 1 and says why: %s', async (_, sample, name, spoil, says) => {
    const { files, appendonly } = samples[sample]!;
    const { code, output } = await runOn(spoil(files, name), appendonly);
    expect(output).toMatch(says);
    expect(output).not.toMatch(/\.js:\d|Error:/);
    expect(code).toBe(1);
  });

  it('the program starts with a torn tail, and says what it has cut off', async () => {
    const { files } = samples[0]!;
    const bytes = files.get(INCR)!;
    const { code, output } = await runOn(new Map(files).set(INCR, bytes.subarray(0, -3)), true);
    expect(output).toMatch(/!!! Truncating the AOF appendonly.aof.2.incr.aof at offset \d+ !!!/);
    expect(code).toBeNull();
  });
});

function changed(files: Folder, name: string): Folder {
  const bytes = Buffer.from(files.get(name)!);
  // Of a command, a length's mark; of RDB data, anything.
  const at = name.endsWith('.aof') ? bytes.indexOf('$') : bytes.length >> 1;
  bytes[at] = bytes[at]! ^ 1;
  return new Map(files).set(name, bytes);
}

function half(files: Folder, name: string): Folder {
  const bytes = files.get(name)!;
  return new Map(files).set(name, bytes.subarray(0, bytes.length >> 1));
}

function nothing(files: Folder, name: string): Folder {
  const left = new Map(files);
  left.delete(name);
  return left;
}

/** Starts the program on these files. @returns its exit code, or null: it has started, and was killed */
async function runOn(files: Folder, appendonly: boolean) {
  const home = join(dir, String(folders++));
  writeFolder(home, files);
  const server = ServerProcess.respd(home, '--appendonly', appendonly ? 'yes' : 'no');
  const started = server.ready().then(
    () => server.kill(),
    () => server.ended,
  );
  const { code } = await started;
  return { code, output: server.output };
}
