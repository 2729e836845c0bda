/**
 * A rate over the last second and a half: the mean of 16 samples, each the growth of one number
 * against the growth of another (commands per microsecond, microseconds per turn, …).
 *
 * INFO's `instantaneous_*` fields. The cron takes a sample every 100 ms, as Redis does.
 */

const SAMPLES = 16;
/** How far apart two samples are at least. */
export const SAMPLE_PERIOD_MS = 100;

export class RateSampler {
  private readonly samples = new Float64Array(SAMPLES);
  private next = 0;
  private lastValue = 0;
  private lastBase = 0;

  /** @param value what grows @param base what it is counted against */
  sample(value: number, base: number): void {
    if (this.lastBase > 0) {
      const grown = base - this.lastBase;
      this.samples[this.next] = grown > 0 ? (value - this.lastValue) / grown : 0;
      this.next = (this.next + 1) % SAMPLES;
    }
    this.lastValue = value;
    this.lastBase = base;
  }

  /** The mean, as a rate per unit of the base. */
  get mean(): number {
    let sum = 0;
    for (const sample of this.samples) sum += sample;
    return sum / SAMPLES;
  }

  reset(): void {
    this.samples.fill(0);
    this.next = 0;
    this.lastValue = 0;
    this.lastBase = 0;
  }
}
