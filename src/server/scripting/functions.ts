/** FUNCTION: the libraries of a server. */
import { readFunctions, writeFunctions } from '../../persistence/rdb/functions-payload.js';
import { isPayload } from '../../persistence/rdb/payload.js';
import { ReplyError } from '../../resp/reply-error.js';
import type { FunctionsApi } from '../api/scripting.js';
import { Libraries, type Library, type LibraryEntry, type LibraryLoading } from './libraries.js';

export interface FunctionsParts extends LibraryLoading {
  /** `rdbcompression` */
  compresses(): boolean;
}

export class Functions implements FunctionsApi {
  private current = new Libraries();

  constructor(private readonly parts: FunctionsParts) {}

  /** A function by its name in any case. */
  find(name: string): LibraryEntry | undefined {
    return this.current.find(name);
  }

  libraries(): Iterable<Library> {
    return this.current.byName.values();
  }

  get libraryCount(): number {
    return this.current.byName.size;
  }

  get functionCount(): number {
    return this.current.functionCount;
  }

  get bytes(): number {
    return this.current.bytes;
  }

  engines(): readonly { name: string; libraries: number; functions: number }[] {
    return this.parts.engines.all.map(({ name }) => {
      const own = [...this.libraries()].filter(({ engine }) => engine === name);
      const functions = own.reduce((sum, { byName }) => sum + byName.size, 0);
      return { name, libraries: own.length, functions };
    });
  }

  load(source: string, replaces: boolean, isTimed: boolean): string {
    return this.current.load(source, replaces, isTimed, this.parts);
  }

  /**
   * Loads a library that a file brings.
   * @param replaces whether it may take the place of one of its name
   * @returns what is wrong with it, if anything is
   */
  loadFrom(code: Buffer, replaces: boolean): string | undefined {
    try {
      this.load(code.toString('latin1'), replaces, false);
      return undefined;
    } catch (error) {
      if (error instanceof ReplyError) return error.text.replace(/^ERR /, '');
      throw error;
    }
  }

  /** The libraries' code, for files. */
  codes(): readonly Buffer[] {
    return [...this.libraries()].map(({ source }) => Buffer.from(source, 'latin1'));
  }

  delete(name: string): boolean {
    const library = this.current.byName.get(name);
    if (library === undefined) return false;
    this.current.remove(library);
    return true;
  }

  flush(): void {
    this.current = new Libraries();
  }

  dump(): Buffer {
    return writeFunctions(this.codes(), this.parts.compresses());
  }

  restore(payload: Uint8Array, policy: 'flush' | 'append' | 'replace'): void {
    if (!isPayload(payload, 0, payload.length, true)) {
      throw new ReplyError('ERR DUMP payload version or checksum are wrong');
    }
    const codes = readFunctions(payload);
    if (typeof codes === 'string') throw new ReplyError(`ERR ${codes}`);
    const restored = new Libraries();
    for (const code of codes) {
      restored.load(code.toString('latin1'), false, false, this.parts);
    }
    if (policy === 'flush') this.current = restored;
    else this.current.join(restored, policy === 'replace');
  }
}
