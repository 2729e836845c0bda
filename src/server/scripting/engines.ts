/** The scripting languages of a server. */
import type { ScriptEngine } from '../../scripting/engine.js';

export class Engines {
  private readonly byLowerName: ReadonlyMap<string, ScriptEngine>;

  constructor(readonly all: readonly ScriptEngine[]) {
    this.byLowerName = new Map(all.map((engine) => [engine.name.toLowerCase(), engine]));
  }

  /** By its name in any case: libraries. */
  byName(name: string): ScriptEngine | undefined {
    return this.byLowerName.get(name.toLowerCase());
  }

  /** By its name in small letters: scripts. */
  byExactName(name: string): ScriptEngine | undefined {
    return this.byLowerName.get(name);
  }

  get evalBytes(): number {
    return this.all.reduce((sum, engine) => sum + engine.evalBytes, 0);
  }

  get functionBytes(): number {
    return this.all.reduce((sum, engine) => sum + engine.functionBytes, 0);
  }
}
