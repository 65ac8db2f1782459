import { ledgerPage, quarantinePage } from '@millrace/sdk/schema';
import type { EventFilter, PartitionSummary } from './lake.js';

const kindOf = (page: string): PartitionSummary['kind'] =>
  page === quarantinePage ? 'quarantine' : page === ledgerPage ? 'ledger' : 'events';

/** Partitions by page and event, while objects and rows are counted. */
export function collectPartitions() {
  const summaries = new Map<string, PartitionSummary>();
  return {
    addObject(page: string, event: string, bytes: number): PartitionSummary {
      const id = `${page}/${event}`;
      const empty = { objects: 0, rows: 0, events: 0, bytes: 0, newest: null, damaged: [] };
      const summary = summaries.get(id) ?? { page, event, kind: kindOf(page), ...empty };
      summaries.set(id, summary);
      summary.objects += 1;
      summary.bytes += bytes;
      return summary;
    },
    /** Rows of a partition without an object are of none that was listed. */
    addRows(page: string, event: string, rows: number, newest: string | null): void {
      const summary = summaries.get(`${page}/${event}`);
      if (!summary) return;
      summary.rows = rows;
      summary.events = summary.kind === 'events' ? rows : 0;
      summary.newest = newest;
    },
    sorted: (): PartitionSummary[] =>
      [...summaries.values()].sort((a, b) => (a.page + a.event < b.page + b.event ? -1 : 1)),
  };
}

/** Whether it leaves out anything. */
export const isFilter = ({ site, bots }: EventFilter): boolean => site !== undefined || bots === false;

/** Leaves out the partitions in which a filter found nothing. The ledger has no site. */
export const withSuchRows = (summaries: PartitionSummary[]): PartitionSummary[] =>
  summaries.filter(({ rows, kind }) => rows > 0 && kind !== 'ledger');
