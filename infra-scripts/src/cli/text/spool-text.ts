import type { Drained, LookedPiece, SpoolLook } from '@millrace/ingest-server/spool';
import { groupDigits, renderTable, showBytes } from './table.js';

const causes: Record<LookedPiece['cause'], string> = {
  no_entry: 'no entry begins here',
  header: 'the header does not fit its checksum',
  data: 'the data do not fit their checksum',
  length: 'the length is wrong',
  zeros: 'zeros',
  first_line: 'the first line of the file',
  not_json: 'a line is no JSON object',
};

const counted = (count: number, one: string, many = `${one}s`) => `${groupDigits(count)} ${count === 1 ? one : many}`;

function damagedTable(damaged: readonly LookedPiece[]): string {
  const rows = damaged.map(({ file, offset, bytes, cause, events, readable }) => [
    file,
    groupDigits(offset),
    groupDigits(bytes),
    groupDigits(events),
    groupDigits(readable),
    causes[cause],
  ]);
  const right = ['at', 'bytes', 'events', 'readable'].map((name) => ({ name, align: 'right' as const }));
  return renderTable([{ name: 'damaged in' }, ...right, { name: 'cause' }], rows, {
    width: process.stdout.isTTY ? process.stdout.columns : undefined,
  });
}

/** What `millrace spool ls` says. */
export function spoolText(look: SpoolLook): string {
  const { inUseBy, segments, bytes, entries, events, oldest, unfinishedBytes, damaged, unknown } = look;
  const since = oldest === undefined ? '' : `; the oldest is of ${oldest.slice(0, 19).replace('T', ' ')} UTC`;
  const lines = [
    `${counted(events, 'event')} in ${counted(entries, 'entry', 'entries')}, ${counted(segments, 'segment')} and ${showBytes(bytes)}, not yet in the stream${since}.`,
  ];
  if (inUseBy !== undefined)
    lines.push(`In use by process ${inUseBy}, here or on another host that shares the folder.`);
  if (unfinishedBytes > 0) lines.push(`${counted(unfinishedBytes, 'byte')} of a write that was never acknowledged.`);
  if (unknown.length > 0) lines.push(`Of another version, for the release that wrote it: ${unknown.join(', ')}.`);
  if (damaged.length > 0) lines.push('', damagedTable(damaged));
  return lines.join('\n');
}

/** What `millrace spool drain` says at its end. */
export function drainedText({ delivered, left, recovered, unproved, unreadable, interrupted }: Drained): string {
  const lines = [`${counted(delivered, 'event')} put into the stream.`];
  if (recovered > 0) {
    const doubt = unproved > 0 ? `; of ${groupDigits(unproved)} no checksum says that they are as they were` : '';
    lines.push(`${counted(recovered, 'event')} of damaged pieces could be read${doubt}.`);
  }
  if (left > 0)
    lines.push(`${counted(left, 'event')} left in the spool${interrupted ? ': run the command again' : ''}.`);
  if (unreadable.pieces > 0)
    lines.push(
      `${counted(unreadable.pieces, 'damaged piece')} of ${counted(unreadable.bytes, 'byte')} cannot be read and ${unreadable.pieces === 1 ? 'stays' : 'stay'} set aside; millrace spool ls shows where.`,
    );
  return lines.join('\n');
}
