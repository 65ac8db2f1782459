import type { StreamFindings } from './stream-findings.js';

/** Keeps the worst streams: most lost first, then most missing, then most conflicts, then most out of order. */
export class Worst {
  readonly streams: { findings: StreamFindings; id: string }[] = [];
  private readonly most: number;

  constructor(most: number) {
    this.most = most;
  }

  offer(findings: StreamFindings, id: () => string): void {
    const { streams, most } = this;
    if (most === 0) return;
    const last = streams.at(-1);
    if (streams.length === most && compare(findings, last!.findings) > 0) return;
    streams.push({ findings, id: id() });
    streams.sort((a, b) => compare(a.findings, b.findings) || (a.id < b.id ? -1 : 1));
    streams.length = Math.min(streams.length, most);
  }
}

const compare = (a: StreamFindings, b: StreamFindings) =>
  b.lost - a.lost || b.missing - a.missing || b.conflicts - a.conflicts || b.outOfOrder - a.outOfOrder;
