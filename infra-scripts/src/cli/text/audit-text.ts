import type { AuditReport, StreamReport } from '@millrace/lake';
import { doubtText, numbers, showTime, verdictText } from './audit-words.js';
import { groupDigits as n, renderTable } from './table.js';

const mostDoubts = 20;

/** The report for people: the verdict first, then the numbers it rests on, then the streams that need looking at. */
export function auditText(report: AuditReport): string {
  const lines = [verdictText(report)];
  if (report.verdict !== 'nothing') {
    const all = numbers(report);
    const width = Math.max(...all.map(([, value]) => value.length));
    lines.push('', ...all.map(([name, value, rule]) => `  ${name.padEnd(18)}  ${value.padStart(width)}  ${rule}`));
  }
  if (report.doubts.length > 0) lines.push('', doubtsTable(report));
  if (report.ledger.gaps.length > 0) lines.push('', rowsTable(report));
  if (report.worst.length > 0) lines.push('', worstTable(report.worst));
  return lines.join('\n');
}

const right = 'right' as const;

function doubtsTable({ doubts }: AuditReport): string {
  return renderTable(
    [{ name: 'from' }, { name: 'to' }, { name: 'in doubt' }],
    doubts.slice(0, mostDoubts).map((doubt) => [showTime(doubt.from), showTime(doubt.to), doubtText(doubt)]),
  );
}

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
