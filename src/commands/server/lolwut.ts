/**
 * LOLWUT: a picture, never the same twice, and the version.
 *
 * Two pieces, chosen by VERSION. 5 draws, in Braille dots, rows of Lissajous figures that lose their
 * order from top to bottom; 6 lets one of Wolfram's elementary automata grow from a random row.
 * Without a version (or with another), the version line is all there is, as in Redis 7.2.
 */
import type { Args } from '../../resp/args.js';
import type { Call } from '../../server/api/call.js';
import type { CommandSpec } from '../../server/api/command.js';
import { REDIS_VERSION } from '../../server/api/version.js';

const VERSION_LINE = `Redis ver. ${REDIS_VERSION}\n`;
const MAX_COLUMNS = 1000;
const MAX_FIGURES = 200;

/** A Braille character has 2 × 4 dots. */
const DOT_COLUMNS = 2;
const DOT_ROWS = 4;
const BRAILLE = 0x2800;
/** The bit of each dot in the character's code, by row and column. */
const DOT_BITS = [
  [0x01, 0x08],
  [0x02, 0x10],
  [0x04, 0x20],
  [0x40, 0x80],
] as const;
/** Points of a figure per dot of its width: enough to have no gaps. */
const POINTS_PER_DOT = 12;

/** Rules that make more than stripes. */
const RULES = [18, 22, 30, 45, 54, 60, 73, 90, 105, 110, 126, 150] as const;

export const lolwut: CommandSpec = {
  name: 'lolwut',
  summary: 'Draws a picture, and tells the version.',
  since: '5.0.0',
  group: 'server',
  complexity: '',
  arity: -1,
  flags: ['readonly', 'fast'],
  args: [{ name: 'version', type: 'integer', token: 'VERSION', optional: true }],
  reply: 'verbatim',
  run({ args, server, reply }: Call) {
    const versioned = args.count >= 3 && args.is(1, 'VERSION');
    const version = versioned ? args.int(2) : 7;
    // The piece's own arguments stand behind.
    const first = versioned ? 3 : 1;
    let art = '';
    if (version === 5) art = figures(args, first, server.random);
    else if (version === 6) art = automaton(args, first, server.random);
    reply.verbatim(art + VERSION_LINE);
  },
};

/** The number in argument `i` within [1, max]; `otherwise` when there is none. */
function size(args: Args, i: number, otherwise: number, max: number): number {
  return i < args.count ? Math.min(Math.max(args.int(i), 1), max) : otherwise;
}

/** `[columns] [figures per row] [rows of figures]` */
function figures(args: Args, first: number, random: () => number): string {
  const columns = size(args, first, 66, MAX_COLUMNS);
  const across = size(args, first + 1, 8, MAX_FIGURES);
  const down = size(args, first + 2, 4, MAX_FIGURES);
  const canvas = new Canvas(columns * DOT_COLUMNS, across, down);
  for (let row = 0; row < down; row++) {
    const disorder = down === 1 ? 0 : row / (down - 1);
    for (let column = 0; column < across; column++) {
      canvas.figure(column, row, disorder, random);
    }
  }
  return `${canvas.text()}\nLissajous figures, in order above and on their own below. `;
}

class Canvas {
  private readonly cell: number;
  private readonly height: number;
  private readonly dots: Uint8Array;

  constructor(
    private readonly width: number,
    across: number,
    down: number,
  ) {
    this.cell = width / across;
    this.height = Math.max(DOT_ROWS, Math.ceil((this.cell * down) / DOT_ROWS) * DOT_ROWS);
    this.dots = new Uint8Array(width * this.height);
  }

  /** One figure; `disorder` (0 to 1) moves its phase, shape and place. */
  figure(column: number, row: number, disorder: number, random: () => number): void {
    const wander = () => (random() - 0.5) * disorder;
    const phase = Math.PI / 2 + wander() * Math.PI;
    const ratio = 2 + Math.round(wander() * 4);
    const radius = this.cell * 0.42;
    const x = (column + 0.5 + wander() * 0.6) * this.cell;
    const y = (row + 0.5 + wander() * 0.6) * this.cell;
    const points = Math.ceil(this.cell * POINTS_PER_DOT);
    for (let i = 0; i < points; i++) {
      const t = (i / points) * 2 * Math.PI;
      this.dot(x + radius * Math.sin(t + phase), y + radius * Math.sin(ratio * t));
    }
  }

  text(): string {
    let text = '';
    for (let y = 0; y < this.height; y += DOT_ROWS) {
      for (let x = 0; x < this.width; x += DOT_COLUMNS) text += this.character(x, y);
      text += '\n';
    }
    return text;
  }

  private dot(x: number, y: number): void {
    const column = Math.floor(x);
    const row = Math.floor(y);
    if (column < 0 || column >= this.width || row < 0 || row >= this.height) return;
    this.dots[row * this.width + column] = 1;
  }

  private character(x: number, y: number): string {
    let bits = 0;
    for (let row = 0; row < DOT_ROWS; row++) {
      for (let column = 0; column < DOT_COLUMNS; column++) {
        if (this.dots[(y + row) * this.width + x + column]) bits |= DOT_BITS[row]![column]!;
      }
    }
    return String.fromCharCode(BRAILLE + bits);
  }
}

/** `[columns] [rows]`, two generations to a row of characters. */
function automaton(args: Args, first: number, random: () => number): string {
  const columns = size(args, first, 80, MAX_COLUMNS);
  const rows = size(args, first + 1, 20, MAX_COLUMNS);
  const rule = RULES[Math.floor(random() * RULES.length)]!;
  let upper = Array.from({ length: columns }, () => Math.floor(random() * 2));
  let text = '';
  for (let row = 0; row < rows; row++) {
    const lower = nextGeneration(upper, rule);
    for (let i = 0; i < columns; i++) text += ' ▀▄█'[upper[i]! + 2 * lower[i]!];
    text += '\n';
    upper = nextGeneration(lower, rule);
  }
  return `${text}\nRule ${rule}, after Stephen Wolfram, 1983. `;
}

/** A cell's next state is the rule's bit of that number which it makes with its neighbours. */
function nextGeneration(cells: readonly number[], rule: number): number[] {
  const n = cells.length;
  return cells.map((cell, i) => {
    const left = cells[(i + n - 1) % n]!;
    const right = cells[(i + 1) % n]!;
    return (rule >>> (left * 4 + cell * 2 + right)) & 1;
  });
}
