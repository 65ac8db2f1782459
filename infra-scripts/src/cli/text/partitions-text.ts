import type { PartitionSummary } from '@millrace/lake';
import { groupDigits, renderTable, showBytes } from './table.js';

/** `2026-11-23T09:46:12.345Z` as `2026-11-23 09:46:12`: all seconds are seen on a terminal of 80 columns. */
const showTime = (time: string | null) => time?.slice(0, 19).replace('T', ' ') ?? '-';

type Counts = Pick<PartitionSummary, 'objects' | 'rows' | 'bytes' | 'newest'>;

function table(first: string, second: string, rowsName: string, rows: string[][], width: number | undefined): string {
  const right = (name: string) => ({ name, align: 'right' as const });
  const columns = [{ name: first }, { name: second }, right('objects'), right(rowsName), right('bytes')];
  return renderTable([...columns, { name: 'newest (UTC)' }], rows, { width });
}

const row = (first: string, second: string, { objects, rows, bytes, newest }: Counts) => [
  first,
  second,
  groupDigits(objects),
  groupDigits(rows),
  showBytes(bytes),
  showTime(newest),
];

const later = (a: string | null, b: string | null) => ((a ?? '') > (b ?? '') ? a : b);

function total(partitions: PartitionSummary[]): string[] {
  const sum = partitions.reduce<Counts>(
    (all, { objects, rows, bytes, newest }) => ({
      objects: all.objects + objects,
      rows: all.rows + rows,
      bytes: all.bytes + bytes,
      newest: later(all.newest, newest),
    }),
    { objects: 0, rows: 0, bytes: 0, newest: null },
  );
  return row(partitions.length === 1 ? '1 partition' : `${groupDigits(partitions.length)} partitions`, '', sum);
}

/** The events by page and event with their total, and after them, apart, what is no event: quarantine and ledger. */
export function partitionsText(partitions: PartitionSummary[], width: number | undefined): string[] {
  const events = partitions.filter(({ kind }) => kind === 'events');
  const others = partitions.filter(({ kind }) => kind !== 'events');
  const rowsOf = (some: PartitionSummary[]) => some.map((each) => row(each.page, each.event, each));
  return [
    ...(events.length > 0 ? [table('page', 'event', 'events', [...rowsOf(events), total(events)], width)] : []),
    ...(events.length > 0 && others.length > 0 ? [''] : []),
    ...(others.length > 0 ? [table('no events', '', 'rows', rowsOf(others), width)] : []),
  ];
}
