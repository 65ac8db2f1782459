import type { StateCheck, StateDamage } from '@millrace/embedded-aws/check-state';
import { groupDigits, harmless, renderTable, showBytes } from './table.js';

const columns = [
  { name: 'kind' },
  ...['files', 'records', 'bytes', 'damaged'].map((name) => ({ name, align: 'right' as const })),
];

function damageText({ file, what, start, end, records, setAside }: StateDamage): string {
  const bytes = start === undefined ? '' : `, bytes ${groupDigits(start)} to ${groupDigits(end!)}`;
  const lost = records === undefined ? '' : `: ${groupDigits(records)} ${records === 1 ? 'record' : 'records'} lost`;
  const copy = setAside === undefined ? '' : `; a copy is in ${harmless(setAside)}`;
  return `${harmless(file)} ${harmless(what)}${bytes}${lost}${copy}`;
}

/** What `millrace aws check` says. */
export function stateCheckText(folder: string, check: StateCheck): string {
  const { inUseBy, kinds, damaged, unknown, unchecked } = check;
  const rows = kinds.map((one) => [
    one.kind,
    groupDigits(one.files),
    groupDigits(one.records),
    showBytes(one.bytes),
    groupDigits(one.damaged),
  ]);
  const lines = [renderTable(columns, rows, { width: process.stdout.isTTY ? process.stdout.columns : undefined }), ''];
  if (inUseBy !== undefined)
    lines.push(`In use by process ${inUseBy}: what it wrote meanwhile may not have been looked at.`);
  if (unchecked > 0)
    lines.push(
      `${groupDigits(unchecked)} ${unchecked === 1 ? 'object has' : 'objects have'} no checksum: put into the folder without S3.`,
    );
  for (const file of unknown) lines.push(`${harmless(file)} is of another version, for the release that wrote it.`);
  lines.push(...damaged.map(damageText));
  if (damaged.length === 0) lines.push(`No damage in ${harmless(folder)}.`);
  return lines.join('\n');
}
