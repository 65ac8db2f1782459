import type { AuditReport, StreamReport } from '@millrace/lake';
import { groupDigits as n, renderTable } from './table.js';

const plural = (count: number, one: string, many = `${one}s`) => `${n(count)} ${count === 1 ? one : many}`;

function showMs(ms: number | null): string {
  if (ms === null) return '-';
  return Math.abs(ms) < 10_000 ? `${n(ms)} ms` : `${n(Math.round(ms / 1_000))} s`;
}

const showTime = (time: string | null) => (time === null ? '?' : time.slice(0, 19).replace('T', ' '));

/** The verdict, and what it rests on. */
function verdict(report: AuditReport): string {
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
      return `Cannot say: ${doubts(report).join('; ')}. Of what can be told nothing is lost; ${basis}.`;
    case 'complete':
      if (ledger.rows === 0) {
        return `Proved complete by numbers alone: ${basis}, every stream gap-free. There is no ledger to compare with.`;
      }
      return `Proved complete: every event that a server acknowledged is there; ${basis}.`;
  }
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

type Line = [name: string, value: string, rule: string];

/** Each number with its rule; docs/guarantees.md has the same, with the tests. */
function numbers(report: AuditReport): Line[] {
  const { held, duplicates, late, streams, ledger, without_ledger, under_way } = report;
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
      'events that no row names: put straight into the stream, or received before the ledger began',
    );
    addSome(
      'unexplained',
      report.unexplained,
      'events received since the ledger began that no row names: a row is missing, or a server before 0.2.0 ran',
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
    'numbered events in the quarantine + in error objects: refused or undeliverable, not lost',
  ]);
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

/** The report for people: the verdict first, then the numbers it rests on, then the streams that need looking at. */
export function auditText(report: AuditReport): string {
  const lines = [verdict(report)];
  if (report.verdict !== 'nothing') {
    const all = numbers(report);
    const width = Math.max(...all.map(([, value]) => value.length));
    lines.push('', ...all.map(([name, value, rule]) => `  ${name.padEnd(18)}  ${value.padStart(width)}  ${rule}`));
  }
  if (report.ledger.gaps.length > 0) lines.push('', rowsTable(report));
  if (report.worst.length > 0) lines.push('', worstTable(report.worst));
  return lines.join('\n');
}

const right = 'right' as const;

function rowsTable({ ledger }: AuditReport): string {
  return renderTable(
    [{ name: 'server' }, { name: 'rows missing', align: right }, { name: 'after' }, { name: 'before' }],
    ledger.gaps.map(({ server, first, last, after, before }) => [
      server,
      range({ first, last }),
      showTime(after),
      showTime(before),
    ]),
  );
}

const range = ({ first, last }: { first: number; last: number }) => (first === last ? `${first}` : `${first}–${last}`);

function gapsText({ gaps }: StreamReport): string {
  const shown = gaps.slice(0, 5).map(range);
  return shown.join(', ') + (gaps.length > shown.length ? ' …' : '');
}

function worstTable(worst: StreamReport[]): string {
  return renderTable(
    [
      { name: 'stream' },
      { name: 'events', align: right },
      { name: 'last seq', align: right },
      { name: 'lost by us', align: right },
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
      n(stream.lost_by_us),
      n(stream.missing),
      n(stream.out_of_order),
      n(stream.conflicts),
      stream.tail,
      gapsText(stream),
    ]),
  );
}
