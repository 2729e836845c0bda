/** Progress bars on standard error, if a person sits there, for what the start and the end may take. */
import type { ServerLog } from '../server/log.js';
import type { Server } from '../server/server.js';
import { ProgressBar } from '../text/progress-bar.js';

export function showProgress(server: Server, log: ServerLog): void {
  const terminal = process.stderr;
  if (terminal.isTTY !== true) return;
  let bar: ProgressBar | undefined;
  log.beforeLine = () => bar?.clear();
  const follow = (label: string) => (fraction: number) => {
    bar ??= new ProgressBar(label, terminal, () => performance.now());
    if (fraction < 1) bar.show(fraction);
    else {
      bar.clear();
      bar = undefined;
    }
  };
  server.storage.dataLoading.onProgress = follow('Loading');
  server.storage.finalSave.onProgress = follow('Saving');
}
