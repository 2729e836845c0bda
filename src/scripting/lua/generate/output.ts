/**
 * Where generated JavaScript is gathered: a line per operation, and for each line the site that it
 * belongs to.
 *
 * Nothing of a script's text gets into the code but by `text` and `number`, which write literals that
 * cannot end early: all bytes but letters, digits and blanks are escaped. Variables are called L and
 * a number.
 */
import { type Chunk, type NameKind, Site } from '../site.js';

/** What is known of an operation beside its line: see Site. */
type SiteParts = [
  left?: string,
  right?: string,
  kind?: NameKind,
  callName?: string,
  isTail?: boolean,
];

export class Output {
  private readonly lines: string[] = [];
  /** Sites, caches and records that the code refers to as $S[0], $C[0], $R[0]. */
  readonly sites: Site[] = [];
  readonly fieldNames: string[] = [];
  readonly records: string[][] = [];
  private readonly caches = new Map<string, number>();
  private labels = 0;
  /** Told of the line of each operation that is about to be written: the code is traced. */
  onLine: ((line: number) => void) | undefined = undefined;

  constructor(private readonly chunk: Chunk) {}

  line(code: string, site?: number): void {
    if (site !== undefined) this.chunk.sites[this.lines.length] = this.sites[site];
    this.lines.push(code);
  }

  /** A line to be filled in later, by `fill`. */
  reserve(): number {
    this.lines.push('');
    return this.lines.length - 1;
  }

  fill(at: number, code: string): void {
    this.lines[at] = code;
  }

  get code(): string {
    return this.lines.join('\n');
  }

  /** @returns the number of a new site, where an operation is about to be written */
  site(line: number, ...parts: SiteParts): number {
    this.onLine?.(line);
    return this.laterSite(line, ...parts);
  }

  /** As `site`, for an operation that comes later. */
  laterSite(line: number, ...parts: SiteParts): number {
    const [left = '', right = '', kind = '', callName = '', isTail = false] = parts;
    this.sites.push(new Site(this.chunk, line, left, right, kind, callName, isTail));
    return this.sites.length - 1;
  }

  /** Name of the variable that has a new cache for a field of this name. */
  cache(name: string): string {
    this.fieldNames.push(name);
    return `$C${this.fieldNames.length - 1}`;
  }

  /** As `cache`; the global variable of this name shares it within the chunk. */
  globalCache(name: string): string {
    let at = this.caches.get(name);
    if (at === undefined) {
      at = this.fieldNames.length;
      this.fieldNames.push(name);
      this.caches.set(name, at);
    }
    return `$C${at}`;
  }

  record(keys: string[]): string {
    this.records.push(keys);
    return `$R${this.records.length - 1}`;
  }

  /** A number for a label or variable that no other has. */
  unique(): number {
    return ++this.labels;
  }
}

/** A literal of a string of bytes. */
export function text(value: string): string {
  const escaped = value.replace(
    /[^A-Za-z0-9 _]/g,
    (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
  return `'${escaped}'`;
}

export function number(value: number): string {
  if (value === Infinity) return '(1/0)';
  if (value === -Infinity) return '(-1/0)';
  if (Number.isNaN(value)) return 'NaN';
  if (value < 0 || (value === 0 && 1 / value < 0)) return `(-${String(-value)})`;
  return String(value);
}
