import type { AuditOptions, AuditReport, PartReport, StreamReport } from '../audit-report.js';
import type { LakeWarnings } from '../lake.js';
import { doubtsOf, timeText } from './doubts.js';
import { dropReasons } from './dropped.js';
import type { SharedFacts } from './facts.js';
import type { Findings } from './findings.js';
import type { LedgerRows } from './ledger-rows.js';
import type { StreamFindings } from './stream-findings.js';
import type { PartCounts } from './tally.js';
import { type Unjudged, verdictOf } from './verdict.js';

const mostGaps = 20;
const mostSdks = 50;
const hourMs = 3_600_000;

/** An event is late when it was received later than this after it happened. */
export const defaultLateMs = 60_000;

/** The report as programs get it. */
export function reportOf(
  { sdks }: SharedFacts,
  found: Findings,
  ledger: LedgerRows,
  read: LakeWarnings & { objects: number; unchanged: number },
  options: AuditOptions,
): AuditReport {
  const report: Unjudged = {
    objects: read.objects,
    unchanged: read.unchanged,
    rows: found.counts.rows,
    events: found.counts.events,
    missing: found.counts.missing,
    lost_by_us: ledger.isThere ? found.counts.lost : null,
    never_acknowledged: found.counts.neverAcknowledged,
    implausible: found.counts.implausible,
    ledger: {
      rows: ledger.rows,
      servers: ledger.servers,
      acknowledged: found.counts.acknowledged,
      from: timeText(ledger.from),
      to: timeText(ledger.to),
      missing_rows: ledger.missing,
      unreadable_rows: ledger.unreadable,
      gaps: ledger.gaps
        .slice(0, mostGaps)
        .map(({ after, before, ...gap }) => ({ ...gap, after: timeText(after), before: timeText(before) })),
    },
    without_ledger: { ...found.unledgered },
    unexplained: found.counts.unexplained,
    under_way: { ...found.underWay, ledger_rows: ledger.underWay },
    held: {
      quarantine: total(found.held.quarantine),
      errors: total(found.held.errors),
      causes: { quarantine: sorted(found.held.quarantine), errors: sorted(found.held.errors) },
    },
    tracker_dropped: sorted(new Map(dropReasons.map((reason, at) => [reason, found.dropped[at]!]))),
    duplicates: { rows: found.counts.copies, across_partitions: found.counts.acrossPartitions },
    conflicts: found.counts.conflicts,
    out_of_order: found.counts.outOfOrder,
    late: {
      threshold_ms: options.lateMs ?? defaultLateMs,
      events: found.counts.late,
      timed: found.lateness.timed,
      p50_ms: found.lateness.quantile(0.5),
      p99_ms: found.lateness.quantile(0.99),
      max_ms: found.lateness.most,
    },
    unnumbered: found.counts.unnumbered,
    misfits: found.counts.misfits,
    streams: {
      total: found.streams.total,
      gap_free: found.streams.gapFree,
      tail_unknown: found.streams.tailUnknown,
    },
    doubts: doubtsOf(found, ledger, read.damaged.length + read.strange.length),
    worst: found.worst.streams.map(({ id, findings }) => streamReport(id, findings)),
    by_hour: parts(found.byHour.parts, (hour) => timeText(hour * hourMs))
      .map(([hour, counts]) => ({ hour, ...counts }))
      .sort((a, b) => ((a.hour ?? '') < (b.hour ?? '') ? -1 : 1)),
    by_sdk: parts(found.bySdk.parts, (number) => (number === 0 ? null : sdks.text(number)))
      .map(([sdk, counts]) => ({ sdk, ...counts }))
      .sort((a, b) => b.events - a.events || ((a.sdk ?? '') < (b.sdk ?? '') ? -1 : 1))
      .slice(0, mostSdks),
    damaged: read.damaged,
    strange: read.strange,
  };
  const verdict = verdictOf(report);
  return { verdict, ok: verdict === 'complete', ...report };
}

const total = (counts: ReadonlyMap<string, number>) => [...counts.values()].reduce((sum, count) => sum + count, 0);

/** Most first, without zeros. */
const sorted = (counts: ReadonlyMap<string, number>) =>
  Object.fromEntries(
    [...counts].filter(([, count]) => count > 0).sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)),
  );

function parts(found: Map<number, PartCounts>, name: (key: number) => string | null): [string | null, PartReport][] {
  return [...found]
    .filter(([, counts]) => Object.values(counts).some(Boolean))
    .map(([key, counts]) => [name(key), counts]);
}

function streamReport(id: string, findings: StreamFindings): StreamReport {
  return {
    stream_id: id,
    events: findings.events,
    held: findings.held,
    last_seq: findings.last,
    missing: findings.missing,
    lost_by_us: findings.lost,
    never_acknowledged: findings.neverAcknowledged,
    lost: joined(findings.lostAt.map((seq) => ({ first: seq, last: seq }))).slice(0, mostGaps),
    gaps: joined(findings.gaps).slice(0, mostGaps),
    out_of_order: findings.outOfOrder,
    conflicts: findings.conflicts,
    tail: findings.isTailKnown ? 'known' : 'unknown',
  };
}

/** Neighbours as one. */
function joined(gaps: readonly { first: number; last: number }[]): StreamReport['gaps'] {
  const runs: StreamReport['gaps'] = [];
  for (const { first, last } of gaps) {
    const before = runs.at(-1);
    if (before && before.last + 1 >= first) before.last = last;
    else runs.push({ first, last });
  }
  return runs;
}
