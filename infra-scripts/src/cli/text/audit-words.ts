import type { AuditReport, Doubt } from '@millrace/lake';
import { harmless, groupDigits as n } from './table.js';

const plural = (count: number, one: string, many = `${one}s`) => `${n(count)} ${count === 1 ? one : many}`;

function showMs(ms: number | null): string {
  if (ms === null) return '-';
  return Math.abs(ms) < 10_000 ? `${n(ms)} ms` : `${n(Math.round(ms / 1_000))} s`;
}

/** A time of a report, to the second. */
export const showTime = (time: string | null) => (time === null ? '?' : time.slice(0, 19).replace('T', ' '));

/** The verdict in a sentence, and what it rests on. */
export function verdictText(report: AuditReport): string {
  const { ledger, without_ledger, streams, objects } = report;
  const again = report.unchanged > 0 ? ` (${n(report.unchanged)} unchanged since an earlier audit)` : '';
  const basis = `${plural(report.events, 'event')} of ${plural(streams.total, 'stream')} in ${plural(objects, 'object')}${again} were read`;
  switch (report.verdict) {
    case 'nothing':
      return `Nothing to audit: there is no event in ${plural(objects, 'object')}, so nothing is proved. Is it the right lake, period and page?`;
    case 'lost': {
      const byUs = `${plural(report.lost_by_us ?? 0, 'event')} that a server acknowledged`;
      const byNumber = `${plural(without_ledger.missing, 'event')} by the numbers of streams without a ledger`;
      const parts = [
        ...((report.lost_by_us ?? 0) > 0 ? [byUs] : []),
        ...(without_ledger.missing > 0 ? [byNumber] : []),
      ];
      return `Lost: ${parts.join(' and ')}; ${basis}.`;
    }
    case 'cannot_say':
      return `Cannot say: ${doubts(report).join('; ')}. Of what can be told nothing is lost; ${basis}.${outside(report)}`;
    case 'complete':
      if (ledger.rows === 0) {
        return `Proved complete by numbers alone: ${basis}, every stream gap-free. There is no ledger to compare with.`;
      }
      return `Proved complete: every event that a server acknowledged is there; ${basis}.`;
  }
}

/** What can be proved in spite of doubts. */
function outside({ doubts }: AuditReport): string {
  const isBounded = doubts.length > 0 && doubts.every(({ from, to }) => from !== null && to !== null);
  return isBounded ? ' Outside the times below nothing is in doubt: --since and --until audit a part.' : '';
}

const whys: Record<Doubt['why'], [one: string, many: string, what: string]> = {
  missing_rows: ['row', 'rows', 'of the ledger missing'],
  unreadable_rows: ['row', 'rows', 'of the ledger that no server wrote so'],
  unexplained: ['event', 'events', 'received that no row of the ledger names'],
  damaged: ['object', 'objects', 'that cannot be read to the end'],
};

/** What is in doubt at a time. */
export function doubtText({ why, count }: Doubt): string {
  const [one, many, what] = whys[why];
  return `${plural(count, one, many)} ${what}`;
}

function doubts({ ledger, unexplained, damaged, strange, implausible }: AuditReport): string[] {
  const doubt = (count: number, text: string) => (count > 0 ? [text] : []);
  return [
    ...doubt(damaged.length, `${plural(damaged.length, 'object')} cannot be read to the end`),
    ...doubt(strange.length, `${plural(strange.length, 'object')} cannot be read`),
    ...doubt(
      ledger.missing_rows,
      `${plural(ledger.missing_rows, 'row')} of the ledger ${ledger.missing_rows === 1 ? 'is' : 'are'} missing`,
    ),
    ...doubt(ledger.unreadable_rows, `${plural(ledger.unreadable_rows, 'row')} of the ledger cannot be read`),
    ...doubt(unexplained, `no row of the ledger names ${plural(unexplained, 'event')} that a server received`),
    ...doubt(
      ledger.rows === 0 ? implausible : 0,
      `${plural(implausible, 'claim')} of more than 10,000 events cannot be checked without a ledger`,
    ),
  ];
}

/** A number of the report. */
export type Line = [name: string, value: string, rule: string];

const list = (counts: Record<string, number>) =>
  Object.entries(counts)
    .map(([name, count]) => `${harmless(name)} ${n(count)}`)
    .join(', ');

/** Each number with its rule; docs/guarantees.md has the same, with the tests. */
export function numbers(report: AuditReport): Line[] {
  const { held, duplicates, late, streams, ledger, without_ledger, under_way } = report;
  const causes = { ...held.causes.quarantine, ...held.causes.errors };
  const lines: Line[] = [];
  const add = (name: string, count: number, rule: string) => lines.push([name, n(count), rule]);
  const addSome = (name: string, count: number, rule: string) => count > 0 && add(name, count, rule);
  if (report.lost_by_us !== null) {
    add(
      'lost by us',
      report.lost_by_us,
      'acknowledged by a server, and in no object: not in the lake, the quarantine or an error object',
    );
  }
  const who = 'a page numbered them and no server acknowledged them: its word alone, at most 10,000 a claim';
  if (report.lost_by_us !== null) add('never acknowledged', report.never_acknowledged, who);
  if (report.lost_by_us === null || without_ledger.missing > 0) {
    add('missing', without_ledger.missing, 'numbers that a stream without a ledger lacks');
  }
  addSome('implausible', report.implausible, 'claims that more than 10,000 events in a row are missing: not counted');
  add(
    'cannot be known',
    streams.tail_unknown,
    'streams whose visitor was not seen again: more may have followed the last event',
  );
  if (ledger.rows > 0) {
    add(
      'acknowledged',
      ledger.acknowledged,
      `by ${plural(ledger.rows, 'row')} of the ledger, ${showTime(ledger.from)} to ${showTime(ledger.to)} UTC`,
    );
    addSome(
      'without ledger',
      without_ledger.events,
      'events that no row names: put straight into the stream, or received before the ledger began, or by a server before 0.2.0',
    );
    addSome(
      'unexplained',
      report.unexplained,
      'events that a server with a ledger received and that no row names: a row is missing',
    );
    addSome(
      'missing rows',
      ledger.missing_rows,
      'of the ledger, by the numbers of each server: what they named is not known',
    );
  }
  const waiting = under_way.unnamed + under_way.undelivered + under_way.ledger_rows;
  addSome(
    'under way',
    waiting,
    'events and rows of objects so new that what belongs to them may still be delivered: --settle',
  );
  lines.push([
    'kept apart',
    `${n(held.quarantine)} + ${n(held.errors)}`,
    'numbered events in the quarantine + in error objects: refused or undeliverable, not lost' +
      (list(causes) === '' ? '' : `: ${list(causes)}`),
  ]);
  addSome(
    'tracker dropped',
    Object.values(report.tracker_dropped).reduce((sum, count) => sum + count, 0),
    `by the trackers' own count, before anything was sent: ${list(report.tracker_dropped)}`,
  );
  add(
    'duplicates',
    duplicates.rows,
    'rows beyond the first with the same id, stream and number' +
      (duplicates.across_partitions > 0
        ? `; ${plural(duplicates.across_partitions, 'event')} in more than one partition: count those with count(distinct (event_id, stream_id, seq))`
        : ''),
  );
  add('out of order', report.out_of_order, 'received after an event of their stream with a higher number');
  const quantiles = `: median ${showMs(late.p50_ms)}, 99 % ${showMs(late.p99_ms)}, most ${showMs(late.max_ms)}`;
  add(
    'late',
    late.events,
    `received more than ${showMs(late.threshold_ms)} after they happened${late.timed > 0 ? quantiles : ''}`,
  );
  addSome('conflicts', report.conflicts, 'events at a number that another event of their stream has');
  addSome('unnumbered', report.unnumbered, 'events without stream_id and seq: not auditable');
  addSome('misfits', report.misfits, 'rows with a value that does not fit its column');
  return lines;
}
