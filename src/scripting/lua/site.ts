/**
 * Sites: the places in a script where something can fail or call, with what messages say about them.
 *
 * A site costs nothing while nothing fails. Slow paths of operators are handed theirs; where a
 * function was called from is read off V8's stack (stack.ts), whose line numbers of the generated
 * code lead to the sites.
 */

/** What is known of a compiled script. */
export class Chunk {
  /** Site of each line of the generated code. */
  readonly sites: (Site | undefined)[] = [];

  constructor(
    /** The name under which V8 knows the generated code. */
    readonly scriptName: string,
    /** As it is in messages: "user_script", '[string "return 1"]'. */
    readonly name: string,
    /** As it was compiled: "@user_script". */
    readonly source: string,
  ) {}
}

/** A line of a chunk, as the client is told of an error that nobody has caught. */
export interface Place {
  readonly source: string;
  readonly line: number;
}

/** How a function was named by its call, as messages about it say. */
export type NameKind = '' | 'global' | 'local' | 'upvalue' | 'field' | 'method';

export class Site implements Place {
  constructor(
    readonly chunk: Chunk,
    readonly line: number,
    /** The operands, or what is called or indexed: "local 'x'"; '' if there is no name for it. */
    readonly left: string,
    readonly right: string,
    /** Of a call: what is called. */
    readonly kind: NameKind,
    readonly callName: string,
    /** Whether it is `return f()`: in PUC the caller is gone by then. */
    readonly isTail: boolean,
  ) {}

  get source(): string {
    return this.chunk.source;
  }

  /** "user_script:1: ", which messages begin with; '' within a library. */
  get position(): string {
    return this.line === 0 ? '' : `${this.chunk.name}:${this.line}: `;
  }
}

/** What messages call a chunk: '=name' and '@name' as they are, else '[string "its first line"]'. */
export function chunkTitle(name: string): string {
  const MAX = 60;
  if (name[0] === '=') return cString(name.slice(1)).slice(0, MAX - 1);
  if (name[0] === '@') {
    const file = cString(name.slice(1));
    const room = MAX - 8;
    return file.length > room ? `...${file.slice(file.length - room)}` : file;
  }
  const source = cString(name);
  const firstLine = /^[^\n\r]*/.exec(source)?.[0] ?? '';
  const room = MAX - 17;
  const shown = firstLine.slice(0, room);
  return shown.length < source.length ? `[string "${shown}..."]` : `[string "${shown}"]`;
}

/** C's strings end at the first zero byte. */
export function cString(text: string): string {
  const end = text.indexOf('\0');
  return end < 0 ? text : text.slice(0, end);
}
