import type { StreamFindings } from './stream-findings.js';

interface Named {
  findings: StreamFindings;
  id: string;
}

/**
 * Keeps the worst streams: most lost first, then most missing, then most conflicts, then most out of order, then by id.
 */
export class Worst {
  readonly streams: Named[] = [];
  private readonly most: number;

  constructor(most: number) {
    this.most = most;
  }

  offer(findings: StreamFindings, id: () => string): void {
    const { streams, most } = this;
    if (most === 0) return;
    const last = streams.at(-1);
    const isFull = streams.length === most;
    if (isFull && compare(findings, last!.findings) > 0) return;
    const offered = { findings, id: id() };
    if (isFull && inOrder(offered, last!) > 0) return;
    streams.push(offered);
    streams.sort(inOrder);
    streams.length = Math.min(streams.length, most);
  }
}

const compare = (a: StreamFindings, b: StreamFindings) =>
  b.lost - a.lost || b.missing - a.missing || b.conflicts - a.conflicts || b.outOfOrder - a.outOfOrder;

const inOrder = (a: Named, b: Named) => compare(a.findings, b.findings) || (a.id < b.id ? -1 : 1);
