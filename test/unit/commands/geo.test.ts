import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { distance } from '../../../src/commands/geo/distance.js';
import { geoCommands } from '../../../src/commands/geo/index.js';
import { stringCommands } from '../../../src/commands/string/index.js';
import { zsetCommands } from '../../../src/commands/zset/index.js';
import { Args } from '../../../src/resp/args.js';
import { keyPositions } from '../../../src/server/api/keys.js';
import { HandlerRig } from '../../support/handler-rig.js';

const ADD = 'GEOADD s 13.361389 38.115556 Palermo 15.087269 37.502669 Catania';
const WRONG_TYPE = '-WRONGTYPE Operation against a key holding the wrong kind of value\r\n';

let rig: HandlerRig;
const run = (request: string | readonly (string | Uint8Array)[]) => rig.run(request);

beforeEach(() => {
  rig = new HandlerRig([...geoCommands, ...zsetCommands, ...stringCommands]);
});

/** The words of a reply without its markers. */
function words(reply: string): string[] {
  return reply.split('\r\n').filter((line) => line !== '' && !/^[*$]/.test(line));
}

describe('GEOADD', () => {
  it('is a ZADD with geohashes as scores, also to those who follow', () => {
    expect(run(ADD)).toBe(':2\r\n');
    expect(rig.propagated).toEqual(['zadd s 3479099956230698 Palermo 3479447370796909 Catania']);
    expect(rig.events).toContainEqual(expect.stringContaining('zadd s'));
    expect(run('ZSCORE s Palermo')).toBe('$16\r\n3479099956230698\r\n');
  });

  it('takes NX, XX and CH', () => {
    run(ADD);
    expect(run('GEOADD s NX 0 0 Palermo 1 1 Rome')).toBe(':1\r\n');
    expect(run('GEOADD s XX CH 0 0 Palermo 1 1 Oslo')).toBe(':1\r\n');
    expect(run('GEOPOS s Oslo')).toBe('*1\r\n*-1\r\n');
    expect(run('GEOADD s NX XX 0 0 Palermo')).toBe('-ERR syntax error\r\n');
    expect(run('GEOADD s CH CH CH')).toBe('-ERR syntax error\r\n');
  });

  it('refuses places off the map, and adds none of the others', () => {
    const error = '-ERR invalid longitude,latitude pair 200.000000,10.000000\r\n';
    expect(run('GEOADD s 1 1 a 200 10 b')).toBe(error);
    expect(run('GEOADD s 1 x a')).toBe('-ERR value is not a valid float\r\n');
    expect(run('GEOADD s 1 1')).toBe('-ERR syntax error\r\n');
    expect(rig.encoding('s')).toBe('none');
  });
});

describe('GEOPOS, GEOHASH and GEODIST', () => {
  it('tell places and distances to the digit', () => {
    run(ADD);
    expect(words(run('GEOPOS s Palermo none'))).toEqual([
      '13.36138933897018433',
      '38.11555639549629859',
    ]);
    expect(words(run('GEOHASH s Palermo Catania'))).toEqual(['sqc8b49rny0', 'sqdtr74hyu0']);
    expect(words(run('GEODIST s Palermo Catania'))).toEqual(['166274.1516']);
    expect(words(run('GEODIST s Palermo Catania mi'))).toEqual(['103.3182']);
  });

  it('tell of members that are not there', () => {
    run(ADD);
    expect(run('GEODIST s Palermo none')).toBe('$-1\r\n');
    expect(run('GEODIST none a b')).toBe('$-1\r\n');
    expect(run('GEOHASH s none')).toBe('*1\r\n$-1\r\n');
    expect(run('GEOPOS none a')).toBe('*1\r\n*-1\r\n');
    expect(run('GEODIST s a b x')).toMatch(/^-ERR unsupported unit/);
    expect(run('GEODIST s a b m m')).toBe('-ERR syntax error\r\n');
    run('SET k v');
    expect(run('GEOPOS k a')).toBe(WRONG_TYPE);
  });

  it('take any score for a place on the map', () => {
    run('ZADD s -1 a 1.5 b inf c');
    expect(words(run('GEOPOS s a')).slice(0, 1)).toEqual(['180']);
    expect(words(run('GEOHASH s b'))).toEqual(['00bh0hbj210']);
  });
});

describe('GEOSEARCH', () => {
  it('finds members in a circle, nearest first, with what is asked for', () => {
    run(ADD);
    const reply = run(
      'GEOSEARCH s FROMLONLAT 15 37 BYRADIUS 200 km ASC WITHDIST WITHHASH WITHCOORD',
    );
    expect(words(reply)).toEqual([
      'Catania',
      '56.4413',
      ':3479447370796909',
      '15.08726745843887329',
      '37.50266842333162032',
      'Palermo',
      '190.4424',
      ':3479099956230698',
      '13.36138933897018433',
      '38.11555639549629859',
    ]);
    expect(words(run('GEOSEARCH s FROMLONLAT 15 37 BYRADIUS 200 km COUNT 1'))).toEqual(['Catania']);
    expect(words(run('GEOSEARCH s FROMMEMBER Palermo BYBOX 10 10 m DESC'))).toEqual(['Palermo']);
  });

  it('says what is missing or does not go together', () => {
    run(ADD);
    const from = 'exactly one of FROMMEMBER or FROMLONLAT can be specified for GEOSEARCH';
    expect(run('GEOSEARCH s BYRADIUS 1 m ASC WITHDIST')).toBe(`-ERR ${from}\r\n`);
    const by = 'exactly one of BYRADIUS and BYBOX can be specified for geosearch';
    expect(run('geosearch s FROMMEMBER Palermo ASC')).toBe(`-ERR ${by}\r\n`);
    const both = 'GEOSEARCH s FROMMEMBER Palermo FROMLONLAT 1 1 BYRADIUS 1 m';
    expect(run(both)).toBe('-ERR syntax error\r\n');
    const middle = 'GEOSEARCH s FROMMEMBER Palermo';
    expect(run(`${middle} BYRADIUS -1 m`)).toBe('-ERR radius cannot be negative\r\n');
    expect(run(`${middle} BYBOX 1 x m`)).toBe('-ERR need numeric height\r\n');
    expect(run(`${middle} BYRADIUS 1 m COUNT 0`)).toBe('-ERR COUNT must be > 0\r\n');
    const any = '-ERR the ANY argument requires COUNT argument\r\n';
    expect(run(`${middle} BYRADIUS 1 m ANY`)).toBe(any);
    const unknown = '-ERR could not decode requested zset member\r\n';
    expect(run('GEOSEARCH s FROMMEMBER Oslo BYRADIUS 1 m')).toBe(unknown);
    expect(run('GEOSEARCH none FROMMEMBER Oslo BYRADIUS 1 m')).toBe('*0\r\n');
  });

  it('finds what a look at every member finds, in both encodings', () => {
    const place = fc.tuple(
      fc.double({ min: -179, max: 179, noNaN: true }),
      fc.double({ min: -80, max: 80, noNaN: true }),
    );
    const places = fc.array(place, { minLength: 1, maxLength: 200 });
    fc.assert(
      fc.property(places, place, fc.integer({ min: 1, max: 2_000_000 }), (members, at, radius) => {
        run('ZREMRANGEBYRANK s 0 -1');
        run(['GEOADD', 's', ...members.flatMap(([x, y], i) => [`${x}`, `${y}`, `m${i}`])]);
        const [lon, lat] = at;
        // Circles around the date line are cut there, by Redis too.
        const reach =
          radius / 111_000 / Math.cos((Math.min(84, Math.abs(lat) + 20) * Math.PI) / 180);
        if (Math.abs(lon) + reach > 179) return;
        const found = words(
          run(['GEOSEARCH', 's', 'FROMLONLAT', `${lon}`, `${lat}`, 'BYRADIUS', `${radius}`, 'm']),
        );
        const slack = 1;
        for (const [i, [x, y]] of members.entries()) {
          const metres = distance(lon, lat, x, y);
          if (metres < radius - slack) expect(found).toContain(`m${i}`);
          if (metres > radius + slack) expect(found).not.toContain(`m${i}`);
        }
      }),
      { numRuns: 60 },
    );
  });
});

describe('GEOSEARCHSTORE', () => {
  it('stores hashes or distances, in place of whatever there is', () => {
    run(ADD);
    run('SET d old');
    expect(run('GEOSEARCHSTORE d s FROMLONLAT 15 37 BYRADIUS 200 km')).toBe(':2\r\n');
    expect(rig.events).toContainEqual(expect.stringContaining('geosearchstore d'));
    expect(run('ZSCORE d Catania')).toBe('$16\r\n3479447370796909\r\n');
    run('GEOSEARCHSTORE d s FROMLONLAT 15 37 BYRADIUS 200 km STOREDIST COUNT 1');
    expect(run('ZRANGE d 0 -1 WITHSCORES')).toMatch(/Catania\r\n\$\d+\r\n56\.44125787015/);
    expect(run('GEOSEARCHSTORE s s FROMMEMBER Catania BYRADIUS 1 m')).toBe(':1\r\n');
    expect(run('ZCARD s')).toBe(':1\r\n');
  });

  it('removes the destination when nothing is found', () => {
    run(ADD);
    run('SET d old');
    expect(run('GEOSEARCHSTORE d s FROMLONLAT 0 0 BYRADIUS 1 m')).toBe(':0\r\n');
    expect(rig.events).toContain('g del d');
    run('SET d old');
    expect(run('GEOSEARCHSTORE d none FROMMEMBER x BYRADIUS 1 m')).toBe(':0\r\n');
    expect(rig.encoding('d')).toBe('none');
    const error = 'GEOSEARCHSTORE is not compatible with WITHDIST, WITHHASH and WITHCOORD options';
    const request = 'GEOSEARCHSTORE d s FROMLONLAT 0 0 BYRADIUS 1 m WITHDIST';
    expect(run(request)).toBe(`-ERR ${error}\r\n`);
  });
});

describe('GEORADIUS and GEORADIUSBYMEMBER', () => {
  it('reply or store what GEOSEARCH finds', () => {
    run(ADD);
    expect(words(run('GEORADIUS s 15 37 100 km WITHDIST'))).toEqual(['Catania', '56.4413']);
    expect(words(run('GEORADIUSBYMEMBER_RO s Palermo 200 km DESC'))).toEqual([
      'Catania',
      'Palermo',
    ]);
    expect(run('GEORADIUS s 15 37 200 km STORE d STOREDIST e')).toBe(':2\r\n');
    expect([rig.encoding('d'), rig.encoding('e')]).toEqual(['none', 'listpack']);
    expect(run('GEORADIUS_RO s 15 37 200 km STORE d')).toBe('-ERR syntax error\r\n');
    const error = 'STORE option in GEORADIUS is not compatible with';
    expect(run('GEORADIUS s 15 37 200 km WITHDIST STORE d')).toContain(error);
  });

  it('look at no further argument before the options when there is no index', () => {
    expect(run('GEORADIUSBYMEMBER none x -1 parsec')).toBe('*0\r\n');
    expect(run('GEORADIUS none 1 1 -1 parsec')).toBe('-ERR radius cannot be negative\r\n');
  });

  it('name their keys: the index, and the destination behind STORE', () => {
    const georadius = geoCommands.find(({ name }) => name === 'georadius')!;
    const keysOf = (request: string) =>
      keyPositions(georadius, Args.from(request.split(' '))).map(({ index }) => index);
    expect(keysOf('GEORADIUS s 1 1 1 m STORE d')).toEqual([1, 7]);
    expect(keysOf('GEORADIUS s 1 1 1 m COUNT 1')).toEqual([1]);
  });
});
