/** What becomes of the data when the server ends: see lifecycle.ts. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from '../api/config.js';
import type { BackgroundWork, DataKeeper } from '../lifecycle.js';
import type { AppendOnly } from './append-only.js';
import type { FinalSave } from './final-save.js';
import type { Snapshots } from './snapshots.js';

export interface DataKeeperParts {
  readonly appendOnly: AppendOnly;
  readonly config: Config;
  readonly finalSave: FinalSave;
  readonly snapshots: Snapshots;
}

export class ServerDataKeeper implements DataKeeper {
  constructor(private readonly parts: DataKeeperParts) {}

  get work(): BackgroundWork | undefined {
    const { appendOnly, snapshots } = this.parts;
    if (snapshots.active === 'rdb') return 'snapshot';
    if (snapshots.active === undefined || snapshots.active === 'copy') return undefined;
    return appendOnly.file.state === 'waiting' ? 'first base' : 'rewrite';
  }

  endWork(): void {
    const { appendOnly, config, snapshots } = this.parts;
    if (snapshots.active === 'aof') {
      appendOnly.rewriter.stop();
      return;
    }
    const path = join(config.values.dir, `temp-${snapshots.pid}.rdb`);
    snapshots.kill();
    // The process may be over before the worker's end is noticed.
    rmSync(path, { force: true });
  }

  get hasSavePoints(): boolean {
    return this.parts.config.values.save.length > 0;
  }

  save(): Promise<boolean> {
    return this.parts.finalSave.run();
  }

  abandonSave(): void {
    this.parts.finalSave.abandon();
  }
}
