import type { AuditReport, StreamReport } from '@millrace/lake';
import { groupDigits as n, renderTable } from './table.js';

const plural = (count: number, one: string, many = `${one}s`) => `${n(count)} ${count === 1 ? one : many}`;

function showMs(ms: number | null): string {
  if (ms === null) return '-';
  return Math.abs(ms) < 10_000 ? `${n(ms)} ms` : `${n(Math.round(ms / 1_000))} s`;
}

function verdict(report: AuditReport): string {
  const { missing, streams, objects } = report;
  const basis = `${plural(report.events, 'event')} of ${plural(streams.total, 'stream')} in ${plural(objects, 'object')}`;
  if (missing > 0) {
    const withGaps = streams.total - streams.gap_free;
    return `${plural(missing, 'event is', 'events are')} missing, in ${plural(withGaps, 'stream')}: ${basis} were read.`;
  }
  if (report.rows === 0 && streams.total === 0) return 'Nothing is missing: the lake is empty.';
  return `Nothing is missing: ${basis}, every stream gap-free.`;
}

function gapsText({ gaps }: StreamReport): string {
  const shown = gaps.slice(0, 5).map(({ first, last }) => (first === last ? `${first}` : `${first}–${last}`));
  return shown.join(', ') + (gaps.length > shown.length ? ' …' : '');
}

/** The report for people: the verdict first, then the numbers it rests on, then the streams that need looking at. */
export function auditText(report: AuditReport): string {
  const { held, duplicates, late, streams } = report;
  const lines = [verdict(report), ''];
  const add = (name: string, text: string) => lines.push(`  ${name.padEnd(14)}${text}`);
  add('missing', n(report.missing));
  add(
    'kept apart',
    `${n(held.quarantine)} numbered events in the quarantine, ${n(held.errors)} in error objects (refused or undeliverable, not lost)`,
  );
  add(
    'duplicates',
    `${plural(duplicates.rows, 'row')} beyond the first copy` +
      (duplicates.across_partitions > 0
        ? `; ${plural(duplicates.across_partitions, 'event')} in more than one partition: count those with count(distinct event_id)`
        : ''),
  );
  add('out of order', n(report.out_of_order));
  add(
    'late',
    `${n(late.events)} received more than ${showMs(late.threshold_ms)} after they happened` +
      (late.timed > 0
        ? ` (median ${showMs(late.p50_ms)}, 99 % ${showMs(late.p99_ms)}, most ${showMs(late.max_ms)})`
        : ''),
  );
  add(
    'tails',
    streams.tail_unknown === 0
      ? 'all known'
      : `${plural(streams.tail_unknown, 'stream')} whose end cannot be known: the visitor was not seen again since`,
  );
  if (report.conflicts > 0)
    add('conflicts', `${plural(report.conflicts, 'event')} at a position that another event has`);
  if (report.unnumbered > 0)
    add('unnumbered', `${plural(report.unnumbered, 'event')} without stream_id and seq, not auditable`);
  if (report.misfits > 0) add('misfits', `${plural(report.misfits, 'row')} with a value that does not fit its column`);
  if (report.worst.length > 0) lines.push('', worstTable(report.worst));
  return lines.join('\n');
}

function worstTable(worst: StreamReport[]): string {
  const right = 'right' as const;
  return renderTable(
    [
      { name: 'stream' },
      { name: 'events', align: right },
      { name: 'last seq', align: right },
      { name: 'missing', align: right },
      { name: 'out of order', align: right },
      { name: 'conflicts', align: right },
      { name: 'tail' },
      { name: 'which are missing' },
    ],
    worst.map((stream) => [
      stream.stream_id,
      n(stream.events),
      n(stream.last_seq),
      n(stream.missing),
      n(stream.out_of_order),
      n(stream.conflicts),
      stream.tail,
      gapsText(stream),
    ]),
  );
}
