import type { Doubt } from '../audit-report.js';
import type { Findings } from './findings.js';
import type { LedgerRows } from './ledger-rows.js';

const hourMs = 3_600_000;
const mostDoubts = 100;

/** The times of which the audit cannot say whether something is lost, in their order. */
export function doubtsOf(found: Findings, ledger: LedgerRows, damagedObjects: number): Doubt[] {
  const doubts: Doubt[] = [];
  if (damagedObjects > 0) doubts.push({ from: null, to: null, why: 'damaged', count: damagedObjects });
  for (const { first, last, after, before } of ledger.gaps) {
    doubts.push({ from: timeText(after), to: timeText(before), why: 'missing_rows', count: last - first + 1 });
  }
  const unexplained = [...found.byHour.parts].map(([hour, counts]): [number, number] => [hour, counts.unexplained]);
  doubts.push(...hours(unexplained, 'unexplained'), ...hours([...ledger.unreadableByHour], 'unreadable_rows'));
  return doubts.sort((a, b) => ((a.from ?? '') < (b.from ?? '') ? -1 : 1)).slice(0, mostDoubts);
}

/** Hours one after the other are one time. */
function hours(counts: [hour: number, count: number][], why: Doubt['why']): Doubt[] {
  const runs: { first: number; last: number; count: number }[] = [];
  for (const [hour, count] of counts.filter(([, each]) => each > 0).sort(([a], [b]) => a - b)) {
    const run = runs.at(-1);
    if (run && run.last + 1 === hour) Object.assign(run, { last: hour, count: run.count + count });
    else runs.push({ first: hour, last: hour, count });
  }
  return runs.map(({ first, last, count }) => ({
    from: timeText(first * hourMs),
    to: timeText((last + 1) * hourMs),
    why,
    count,
  }));
}

/** RFC 3339; null for no time. */
export const timeText = (ms: number): string | null => (Math.abs(ms) <= 8.64e15 ? new Date(ms).toISOString() : null);
