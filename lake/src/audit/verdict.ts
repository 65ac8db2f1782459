import type { AuditReport } from '../audit-report.js';

/** The report without its verdict. */
export type Unjudged = Omit<AuditReport, 'ok' | 'verdict'>;

/** The verdict by what was found; the first that fits. */
export function verdictOf(report: Unjudged): AuditReport['verdict'] {
  const { ledger, without_ledger, damaged, strange, streams } = report;
  const isUnread = damaged.length + strange.length > 0;
  if ((report.lost_by_us ?? 0) > 0 || without_ledger.missing > 0) return 'lost';
  const isLedgerWhole = ledger.missing_rows === 0 && ledger.unreadable_rows === 0 && report.unexplained === 0;
  const isEmpty = report.rows === 0 && ledger.acknowledged === 0 && streams.total === 0;
  if (isEmpty && !isUnread && isLedgerWhole) return 'nothing';
  // With a ledger a claim that nobody can check changes nothing; without one it could be true.
  const isDoubtful = report.lost_by_us === null && report.implausible > 0;
  return isUnread || !isLedgerWhole || isDoubtful ? 'cannot_say' : 'complete';
}
