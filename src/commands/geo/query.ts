/**
 * What a search asks for: the options of GEOSEARCH, GEOSEARCHSTORE and the GEORADIUS family.
 *
 * They share one set of options, of which each takes a part. Options are checked in the order they
 * come; what is missing or does not go together is found at the end.
 */
import type { Zset } from '../../keyspace/zset/zset.js';
import type { Args } from '../../resp/args.js';
import { SYNTAX_ERROR } from '../../resp/errors.js';
import { ReplyError } from '../../resp/reply-error.js';
import { untilNul } from '../../text/c-string.js';
import { memberPlace, placeArgument, unitArgument } from './arguments.js';
import { box, circle, type Place, type Shape } from './shape.js';

/** What one of the commands takes. */
export interface QueryForm {
  /** The argument that names the index. */
  readonly source: number;
  /** The first argument that may be an option. */
  readonly options: number;
  /** Where the middle and the radius stand; by default FROM… and BY… say them. */
  readonly middle: 'options' | 'member' | 'coordinates';
  /** Whether STORE and STOREDIST name a destination. */
  readonly storeOption: boolean;
  /** The argument that always names the destination; 0: none does. */
  readonly destination: number;
}

export interface Query {
  /** Undefined only when there is no index. */
  readonly shape: Shape | undefined;
  readonly order: 'none' | 'asc' | 'desc';
  /** Most members wanted; 0: all. */
  readonly count: number;
  /** Whether the first `count` found will do, near or not. */
  readonly any: boolean;
  readonly withDistance: boolean;
  readonly withHash: boolean;
  readonly withCoordinates: boolean;
  /** The argument that names where to store the result; 0: it is replied. */
  readonly destination: number;
  /** Whether distances are stored as scores, in place of hashes. */
  readonly storesDistances: boolean;
}

const NEED_RADIUS = new ReplyError('ERR need numeric radius');
const NEED_WIDTH = new ReplyError('ERR need numeric width');
const NEED_HEIGHT = new ReplyError('ERR need numeric height');
const NEGATIVE_RADIUS = new ReplyError('ERR radius cannot be negative');
const NEGATIVE_SIDE = new ReplyError('ERR height or width cannot be negative');
const BAD_COUNT = new ReplyError('ERR COUNT must be > 0');
const ANY_ALONE = new ReplyError('ERR the ANY argument requires COUNT argument');

/** A shape before its middle is known. */
type Extent = (place: Place) => Shape;

/**
 * Reads a search's arguments.
 * @param zset the index; undefined: there is none, and members are not looked for
 */
export function parseQuery(args: Args, form: QueryForm, zset: Zset | undefined): Query {
  return new QueryParser(args, form, zset).parse();
}

class QueryParser {
  private order: Query['order'] = 'none';
  private count = 0;
  private any = false;
  private withDistance = false;
  private withHash = false;
  private withCoordinates = false;
  private storesDistances = false;
  private destination: number;
  private place: Place | undefined = undefined;
  private extent: Extent | undefined = undefined;
  /** Which of two options was given. */
  private from: 'none' | 'member' | 'coordinates' = 'none';
  private by: 'none' | 'radius' | 'box' = 'none';

  constructor(
    private readonly args: Args,
    private readonly form: QueryForm,
    private readonly zset: Zset | undefined,
  ) {
    this.destination = form.destination;
  }

  parse(): Query {
    const { args, form } = this;
    if (form.middle !== 'options') this.parseFixed();
    let i = form.options;
    while (i < args.count) {
      const rest = args.count - i - 1;
      i += 1 + (this.plainOption(i) ? 0 : this.takeOption(i, rest));
    }
    this.check();
    const { place, extent } = this;
    return {
      shape: place !== undefined && extent !== undefined ? extent(place) : undefined,
      order: this.order,
      count: this.count,
      any: this.any,
      withDistance: this.withDistance,
      withHash: this.withHash,
      withCoordinates: this.withCoordinates,
      destination: this.destination,
      storesDistances: this.storesDistances,
    };
  }

  /** Middle and radius of the GEORADIUS family, before the options. */
  private parseFixed(): void {
    const { args, form, zset } = this;
    if (form.middle === 'coordinates') this.place = placeArgument(args, 2);
    else if (zset !== undefined) this.place = memberPlace(zset, args, 2);
    else return;
    this.extent = radiusAt(args, form.options - 2);
  }

  /** Takes an option that is one word. */
  private plainOption(i: number): boolean {
    const { args } = this;
    if (args.is(i, 'WITHDIST')) this.withDistance = true;
    else if (args.is(i, 'WITHHASH')) this.withHash = true;
    else if (args.is(i, 'WITHCOORD')) this.withCoordinates = true;
    else if (args.is(i, 'ANY')) this.any = true;
    else if (args.is(i, 'ASC')) this.order = 'asc';
    else if (args.is(i, 'DESC')) this.order = 'desc';
    else return false;
    return true;
  }

  /** Takes an option with arguments. @param rest arguments behind it @returns how many it took */
  private takeOption(i: number, rest: number): number {
    const { args, form } = this;
    if (args.is(i, 'COUNT') && rest >= 1) {
      this.count = args.int(i + 1);
      if (this.count <= 0) throw BAD_COUNT;
      return 1;
    }
    const isDistances = args.is(i, 'STOREDIST');
    if (form.storeOption && rest >= 1 && (isDistances || args.is(i, 'STORE'))) {
      this.destination = i + 1;
      this.storesDistances = isDistances;
      return 1;
    }
    if (form.destination !== 0 && isDistances) {
      this.storesDistances = true;
      return 0;
    }
    if (form.middle === 'options') return this.takeShapeOption(i, rest);
    throw SYNTAX_ERROR;
  }

  /** As `takeOption`, of FROM… and BY…; each may be repeated, but not be joined by its other. */
  private takeShapeOption(i: number, rest: number): number {
    const { args, zset } = this;
    if (args.is(i, 'FROMMEMBER') && rest >= 1 && this.from !== 'coordinates') {
      this.from = 'member';
      if (zset !== undefined) this.place = memberPlace(zset, args, i + 1);
      return 1;
    }
    if (args.is(i, 'FROMLONLAT') && rest >= 2 && this.from !== 'member') {
      this.from = 'coordinates';
      this.place = placeArgument(args, i + 1);
      return 2;
    }
    if (args.is(i, 'BYRADIUS') && rest >= 2 && this.by !== 'box') {
      this.by = 'radius';
      this.extent = radiusAt(args, i + 1);
      return 2;
    }
    if (args.is(i, 'BYBOX') && rest >= 3 && this.by !== 'radius') {
      this.by = 'box';
      this.extent = boxAt(args, i + 1);
      return 3;
    }
    throw SYNTAX_ERROR;
  }

  private check(): void {
    const { form } = this;
    if (this.destination !== 0 && (this.withDistance || this.withHash || this.withCoordinates)) {
      const what = form.destination !== 0 ? 'GEOSEARCHSTORE' : 'STORE option in GEORADIUS';
      throw new ReplyError(
        `ERR ${what} is not compatible with WITHDIST, WITHHASH and WITHCOORD options`,
      );
    }
    if (form.middle === 'options') {
      if (this.from === 'none') throw this.missing('FROMMEMBER or FROMLONLAT');
      if (this.by === 'none') throw this.missing('BYRADIUS and BYBOX');
    }
    if (this.any && this.count === 0) throw ANY_ALONE;
  }

  /** @param pair of which one must be given */
  private missing(pair: string): ReplyError {
    const command = untilNul(this.args.text(0));
    return new ReplyError(`ERR exactly one of ${pair} can be specified for ${command}`);
  }
}

/** A radius and its unit, from argument `i` on. */
function radiusAt(args: Args, i: number): Extent {
  const radius = args.double(i, NEED_RADIUS);
  if (radius < 0) throw NEGATIVE_RADIUS;
  const unitMetres = unitArgument(args, i + 1);
  return (place) => circle(place, radius, unitMetres);
}

/** Width, height and their unit, from argument `i` on. */
function boxAt(args: Args, i: number): Extent {
  const width = args.double(i, NEED_WIDTH);
  const height = args.double(i + 1, NEED_HEIGHT);
  if (height < 0 || width < 0) throw NEGATIVE_SIDE;
  const unitMetres = unitArgument(args, i + 2);
  return (place) => box(place, width, height, unitMetres);
}
