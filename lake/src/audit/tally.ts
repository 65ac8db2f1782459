/** Counts of an hour, or of a version of the tracker. */
export interface PartCounts {
  events: number;
  late: number;
  lost_by_us: number;
  never_acknowledged: number;
  unexplained: number;
}

/** Counts by a number: the hour, or the number of a version. */
export class PartTally {
  readonly parts = new Map<number, PartCounts>();
  private key = Number.NaN;
  private current: PartCounts = none();

  of(key: number): PartCounts {
    // Events of one stream lie side by side in time and are of one version.
    if (key === this.key) return this.current;
    const found = this.parts.get(key) ?? none();
    this.parts.set(key, found);
    this.key = key;
    this.current = found;
    return found;
  }
}

const none = (): PartCounts => ({ events: 0, late: 0, lost_by_us: 0, never_acknowledged: 0, unexplained: 0 });

const histogramMs = 1 << 20;

/** Exact quantiles of how late events came: counted by the millisecond up to 17 minutes, kept singly past that. */
export class Lateness {
  timed = 0;
  most: number | null = null;
  private readonly counts = new Uint32Array(histogramMs);
  private readonly below: number[] = [];
  private readonly above: number[] = [];

  add(ms: number): void {
    this.timed += 1;
    if (this.most === null || ms > this.most) this.most = ms;
    if (ms < 0) this.below.push(ms);
    else if (ms < histogramMs) this.counts[ms]!++;
    else this.above.push(ms);
  }

  /** The smallest value that at least this part of all does not pass; null when there is none. */
  quantile(part: number): number | null {
    if (this.timed === 0) return null;
    let rank = Math.max(1, Math.ceil(part * this.timed));
    if (rank <= this.below.length) return Float64Array.from(this.below).sort()[rank - 1]!;
    rank -= this.below.length;
    for (let ms = 0; ms < histogramMs; ms++) {
      if (rank <= this.counts[ms]!) return ms;
      rank -= this.counts[ms]!;
    }
    return Float64Array.from(this.above).sort()[rank - 1]!;
  }
}
