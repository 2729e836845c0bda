import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cellsCovering } from '../../../src/commands/geo/cover.js';
import { distance, latitudeDistance } from '../../../src/commands/geo/distance.js';
import { coordinateText, distanceText, errorText } from '../../../src/commands/geo/format.js';
import * as geohash from '../../../src/commands/geo/geohash.js';
import { box, circle, distanceWithin, OUTSIDE } from '../../../src/commands/geo/shape.js';
import { asin, cos, sin } from '../../../src/commands/geo/trigonometry.js';
import { formatLongDouble, parseLongDouble } from '../../../src/text/longdouble.js';

const PALERMO = { longitude: 13.361389, latitude: 38.115556 };
const CATANIA = { longitude: 15.087269, latitude: 37.502669 };

const anyLongitude = fc.double({ min: -180, max: 180, noNaN: true });
const anyLatitude = fc.double({
  min: geohash.LATITUDE_MIN,
  max: geohash.LATITUDE_MAX,
  noNaN: true,
});

/** Bits of column and row by turns, the column's first. */
function interleaved(column: bigint, row: bigint): bigint {
  let hash = 0n;
  for (let bit = 0n; bit < 32n; bit++) {
    hash |= ((column >> bit) & 1n) << (2n * bit + 1n);
    hash |= ((row >> bit) & 1n) << (2n * bit);
  }
  return hash;
}

describe('geohashes', () => {
  it('are the scores that Redis gives the same places', () => {
    expect(geohash.encode(PALERMO.longitude, PALERMO.latitude)).toBe(3479099956230698);
    expect(geohash.encode(CATANIA.longitude, CATANIA.latitude)).toBe(3479447370796909);
    geohash.decode(3479099956230698);
    expect(coordinateText(geohash.longitude)).toBe('13.36138933897018433');
    expect(coordinateText(geohash.latitude)).toBe('38.11555639549629859');
    expect(geohash.geohashText(geohash.longitude, geohash.latitude)).toBe('sqc8b49rny0');
  });

  it('interleave the bits of column and row', () => {
    fc.assert(
      fc.property(anyLongitude, anyLatitude, (lon, lat) => {
        const { longitude, latitude } = geohash.cellOf(lon, lat, geohash.MAX_STEP);
        const exact = interleaved(BigInt(longitude), BigInt(latitude));
        expect(geohash.encodeText(lon, lat)).toBe(String(exact));
        expect(geohash.encode(lon, lat)).toBe(Number(exact));
      }),
    );
  });

  it('decode to the middle of the cell, which encodes to the same', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 52 - 1 }), (score) => {
        geohash.decode(score);
        const { longitude, latitude } = geohash;
        expect(geohash.encode(longitude, latitude)).toBe(score);
        geohash.decode(score + 0.25);
        expect([geohash.longitude, geohash.latitude]).toEqual([longitude, latitude]);
      }),
    );
  });

  it('get a bit more on the eastern and the northern edge', () => {
    expect(geohash.encodeText(180, geohash.LATITUDE_MAX)).toBe('13510798882111488');
    expect(geohash.encodeText(180, 0.5)).toBe('10133120636698704');
    geohash.decode(13510798882111488);
    expect([geohash.longitude, geohash.latitude]).toEqual([180, geohash.LATITUDE_MAX]);
  });

  it('of any score are within the map', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true }), (score) => {
        geohash.decode(score);
        expect(geohash.isOnMap(geohash.longitude, geohash.latitude)).toBe(true);
      }),
    );
  });

  it('have neighbours beside them, around the world', () => {
    const cell = { longitude: 3, latitude: 0, step: 2 };
    expect(geohash.neighbour(cell, 1, -1)).toEqual({ longitude: 0, latitude: 3, step: 2 });
    fc.assert(
      fc.property(anyLongitude, anyLatitude, fc.integer({ min: 2, max: 26 }), (lon, lat, step) => {
        const here = geohash.cellOf(lon, lat, step);
        const back = geohash.neighbour(geohash.neighbour(here, 1, -1), -1, 1);
        const mask = 2 ** step - 1;
        expect(back.longitude).toBe(here.longitude & mask);
        expect(back.latitude).toBe(here.latitude & mask);
      }),
    );
  });

  it('of a cell are in one range of scores', () => {
    fc.assert(
      fc.property(
        fc.double({ min: -180, max: 179.99, noNaN: true }),
        fc.double({ min: -85, max: 85, noNaN: true }),
        fc.integer({ min: 1, max: 26 }),
        (lon, lat, step) => {
          const cell = geohash.cellOf(lon, lat, step);
          const first = geohash.firstScore(cell);
          const score = geohash.encode(lon, lat);
          expect(score).toBeGreaterThanOrEqual(first);
          expect(score).toBeLessThan(first + geohash.cellScores(cell));
          const bounds = geohash.boundsOf(cell);
          const slack = 1e-12;
          expect(lon).toBeGreaterThanOrEqual(bounds.minLongitude - slack);
          expect(lat).toBeLessThanOrEqual(bounds.maxLatitude + slack);
        },
      ),
    );
  });
});

describe('trigonometry', () => {
  it('is rounded correctly', () => {
    const angle = fc.double({ min: 1e-6, max: 3.14, noNaN: true });
    fc.assert(
      fc.property(angle, (x) => {
        const [s, c] = exactSinCos(x);
        expect(sin(x)).toBe(s);
        expect(sin(-x)).toBe(-s);
        expect(cos(-x)).toBe(c);
      }),
    );
  });

  it('has an inverse of the sine within half a last bit', () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-6, max: 0.99, noNaN: true }), (y) => {
        const x = asin(y);
        const ulp = 2 ** (Math.floor(Math.log2(x)) - 52);
        expect(exactSinCos(x - ulp)[0]).toBeLessThanOrEqual(y);
        expect(exactSinCos(x + ulp)[0]).toBeGreaterThanOrEqual(y);
      }),
    );
    expect([asin(0), asin(1)]).toEqual([0, Math.PI / 2]);
    expect(asin(1.0000000000000002)).toBeNaN();
  });
});

describe('distances', () => {
  it("are Redis's to the fourth decimal", () => {
    const { longitude: lon1, latitude: lat1 } = middleOf(PALERMO);
    const { longitude: lon2, latitude: lat2 } = middleOf(CATANIA);
    expect(distanceText(distance(lon1, lat1, lon2, lat2))).toBe('166274.1516');
    expect(distanceText(distance(lon1, lat1, lon2, lat2) / 1609.34)).toBe('103.3182');
    expect(distance(lon1, lat1, lon1, lat1)).toBe(0);
  });

  it('are the same both ways, and at most half around the Earth', () => {
    fc.assert(
      fc.property(anyLongitude, anyLatitude, anyLongitude, anyLatitude, (x1, y1, x2, y2) => {
        const there = distance(x1, y1, x2, y2);
        if (Number.isNaN(there)) return;
        expect(there).toBe(distance(x2, y2, x1, y1));
        expect(there).toBeLessThan(20020742);
      }),
    );
  });
});

describe('a shape', () => {
  const size = fc.oneof(
    fc.double({ min: 0, max: 25_000_000, noNaN: true }),
    fc.double({ min: 0, max: 10_000, noNaN: true }),
  );
  /** Places anywhere, and places near the middle. */
  const offset = fc.oneof(fc.constant(undefined), fc.double({ min: -0.2, max: 0.2, noNaN: true }));

  it('reaches as far as distances say, over poles and the date line too', () => {
    fc.assert(
      fc.property(
        fc.tuple(anyLongitude, anyLatitude, anyLongitude, anyLatitude),
        fc.tuple(size, size, offset, offset),
        ([x, y, far, high], [a, b, dx, dy]) => {
          const lon = dx === undefined ? far : Math.max(-180, Math.min(180, x + dx));
          const lat = dy === undefined ? high : Math.max(-85, Math.min(85, y + dy));
          const place = { longitude: x, latitude: y };
          const metres = distance(x, y, lon, lat);
          expect(distanceWithin(circle(place, a, 1), lon, lat)).toBe(metres > a ? OUTSIDE : metres);
          const isOutside = latitudeDistance(lat, y) > b / 2 || distance(lon, lat, x, lat) > a / 2;
          expect(distanceWithin(box(place, a, b, 1), lon, lat)).toBe(isOutside ? OUTSIDE : metres);
        },
      ),
      { numRuns: 2000 },
    );
  });
});

describe('the cells that cover a shape', () => {
  const lon = fc.double({ min: -120, max: 120, noNaN: true });
  const lat = fc.double({ min: -60, max: 60, noNaN: true });
  const size = fc.double({ min: 0, max: 500_000, noNaN: true });
  const turn = fc.double({ min: -1, max: 1, noNaN: true });

  it('hold every place within it', () => {
    fc.assert(
      fc.property(lon, lat, size, size, turn, turn, fc.boolean(), (x, y, a, b, dx, dy, isBox) => {
        const place = { longitude: x, latitude: y };
        const shape = isBox ? box(place, 2 * a, 2 * b, 1) : circle(place, a, 1);
        const lon2 = x + dx * 8;
        const lat2 = y + dy * 5;
        if (distanceWithin(shape, lon2, lat2) === OUTSIDE) return;
        const score = geohash.encode(lon2, lat2);
        const isFound = cellsCovering(shape).some((cell) => {
          const first = geohash.firstScore(cell);
          return score >= first && score < first + geohash.cellScores(cell);
        });
        expect(isFound).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  it('are at most nine, the middle one first', () => {
    fc.assert(
      fc.property(anyLongitude, anyLatitude, fc.double({ min: 0, noNaN: true }), (x, y, radius) => {
        const cells = cellsCovering(circle({ longitude: x, latitude: y }, radius, 1));
        expect(cells.length).toBeLessThanOrEqual(9);
        expect(cells[0]).toEqual(geohash.cellOf(x, y, cells[0]!.step));
      }),
    );
  });
});

describe('spelling', () => {
  it('gives coordinates 17 decimals, ties to even, without trailing zeros', () => {
    expect(coordinateText(-0)).toBe('0');
    expect(coordinateText(-180)).toBe('-180');
    expect(coordinateText(3 / 2 ** 18)).toBe('0.00001144409179688');
    expect(coordinateText(1 / 2 ** 18)).toBe('0.00000381469726562');
    const dyadic = fc.integer({ min: -(2 ** 30), max: 2 ** 30 }).map((n) => n / 2 ** 22);
    fc.assert(
      fc.property(fc.oneof(anyLongitude, dyadic), (degrees) => {
        const exact = parseLongDouble(degrees === 0 ? '0' : degrees.toFixed(100));
        // Numbers too small for 100 decimals, of which nothing would be left.
        if (exact === undefined) return;
        expect(coordinateText(degrees)).toBe(formatLongDouble(exact));
      }),
    );
  });

  it('gives distances 4 decimals, scaled before they are rounded', () => {
    expect(distanceText(0)).toBe('0.0000');
    expect(distanceText(0.00005)).toBe('0.0000');
    expect(distanceText(0.00025)).toBe('0.0002');
    expect(distanceText(0.00035)).toBe('0.0004');
    expect(distanceText(0.775)).toBe('0.7750');
    expect(distanceText(Number.NaN)).toBe('-922337203685477.5808');
  });

  it('gives numbers in errors 6 decimals, however big they are', () => {
    expect(errorText(200)).toBe('200.000000');
    expect(errorText(181.0078125 + 2 ** -30)).toBe('181.007813');
    expect(errorText(181 + 1 / 128)).toBe('181.007812');
    expect(errorText(-Infinity)).toBe('-inf');
    expect(errorText(1e22)).toBe('10000000000000000000000.000000');
  });
});

function middleOf(place: { longitude: number; latitude: number }) {
  geohash.decode(geohash.encode(place.longitude, place.latitude));
  return { longitude: geohash.longitude, latitude: geohash.latitude };
}

const BITS = 256n;

/** Sine and cosine by their series, in fixed point, each rounded once. */
function exactSinCos(x: number): [number, number] {
  const angle = BigInt(x * 2 ** 80) << (BITS - 80n);
  let s = 0n;
  let c = 0n;
  for (let term = 1n << BITS, n = 0n; term !== 0n; n++, term = ((term * angle) >> BITS) / n) {
    const signed = n % 4n < 2n ? term : -term;
    if (n % 2n === 0n) c += signed;
    else s += signed;
  }
  return [rounded(s), rounded(c)];
}

function rounded(value: bigint): number {
  // Number() rounds a bigint once, to nearest.
  return Number(value) / 2 ** Number(BITS);
}
