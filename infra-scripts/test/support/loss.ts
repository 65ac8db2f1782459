import { eventually } from '@millrace/testing/eventually';
import { lakeRows } from './lake.js';
import type { Sandbox } from './millrace.js';
import { startStorefront } from './storefront.js';
import { startVisitor } from './visitor.js';

export interface LossReport {
  acts: Record<string, number>;
  tracked: number;
  /** Numbers of events that are not in the lake, and that no kill of the browser excuses. */
  missing: number[];
  excusedMissing: number;
  requests: number;
  /** Rows beyond the first of an event. */
  rowsTwice: number;
  rowsTwiceByServer: number;
  /** What the audit says. */
  audit: { missing: number; duplicates: number };
}

/** A fixed row of numbers from 0 to 1 for a seed (mulberry32). */
export function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** Lets an unlucky visitor track `events` events through the whole pipeline, and counts what the lake has of them. */
export async function measureLoss(box: Sandbox, events: number, seed: number): Promise<LossReport> {
  const served = await box.serve(
    ['dev', '--no-traffic', '--port', '0', '--ingest-port', '0', '--aws-port', '0'],
    ['ingest', 'store', 'aws'],
  );
  const front = await startStorefront(served.url('ingest'));
  const visitor = await startVisitor(front, randomOf(seed));
  const acts: Record<string, number> = {};
  try {
    while (visitor.tracked.length < events) {
      const act = await visitor.act();
      acts[act] = (acts[act] ?? 0) + 1;
    }
    const numbers = () => new Set(lakeRows(box.state).map(({ properties }) => numberOf(properties)));
    await visitor.calm(async () => {
      const found = numbers();
      return visitor.tracked.every(({ n }) => found.has(n) || visitor.excused.has(n));
    });
    // Whatever comes twice has come by then.
    await eventually('the last objects', async () => {
      const before = lakeRows(box.state).length;
      await new Promise((resolve) => setTimeout(resolve, 5000));
      return lakeRows(box.state).length === before;
    });
    const rows = lakeRows(box.state);
    const found = numbers();
    const gone = visitor.tracked.map(({ n }) => n).filter((n) => !found.has(n));
    const { stdout } = await box.run(['audit', '--json']);
    const audit = JSON.parse(stdout);
    return {
      acts,
      tracked: visitor.tracked.length,
      missing: gone.filter((n) => !visitor.excused.has(n)),
      excusedMissing: gone.filter((n) => visitor.excused.has(n)).length,
      requests: front.batches,
      rowsTwice: rows.length - new Set(rows.map(({ event_id }) => event_id)).size,
      rowsTwiceByServer: rows.length - found.size,
      audit,
    };
  } finally {
    await visitor.end();
    await front.close();
  }
}

const numberOf = (properties: unknown) => (properties as { n?: number } | undefined)?.n;
