/**
 * The largest input and output buffer of any client in the last eight seconds: INFO's
 * `client_recent_max_*`. The cron looks at all clients once a second.
 */
import type { Client } from '../api/client.js';

const SECONDS = 8;

export class ClientPeaks {
  private readonly input = new Float64Array(SECONDS);
  private readonly output = new Float64Array(SECONDS);

  /** To be called once a second. @param nowMs any clock's ms */
  sample(clients: Iterable<Client>, nowMs: number): void {
    const slot = Math.floor(nowMs / 1000) % SECONDS;
    let input = 0;
    let output = 0;
    for (const client of clients) {
      input = Math.max(input, client.queryBufferBytes + client.queryBufferFree);
      output = Math.max(output, client.outputBytes);
    }
    this.input[slot] = input;
    this.output[slot] = output;
  }

  get maxInputBytes(): number {
    return Math.max(...this.input);
  }

  get maxOutputBytes(): number {
    return Math.max(...this.output);
  }
}
