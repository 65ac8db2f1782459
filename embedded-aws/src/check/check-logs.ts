import { join } from 'node:path';
import { scanSegment } from '../record-log/scan-segment.js';
import { damagedName, firstOf } from '../record-log/segment.js';
import { bytesOf, entriesOf } from './files.js';
import type { Findings } from './findings.js';

/** Looks at the record logs in a folder, each in a folder of its own. */
export async function checkLogs(folder: string, findings: Findings): Promise<void> {
  for (const entry of await entriesOf(folder))
    if (entry.isDirectory()) await checkLog(join(folder, entry.name), findings);
}

async function checkLog(folder: string, findings: Findings): Promise<void> {
  const names = (await entriesOf(folder)).map(({ name }) => name);
  const segments = names.filter((name) => firstOf(name) !== undefined);
  const told = new Set<string>();
  for (const name of segments) {
    const path = join(folder, name);
    const bytes = await bytesOf(path);
    if (bytes === undefined) continue;
    const scan = scanSegment(bytes, firstOf(name)!);
    if ('version' in scan) {
      findings.file(bytes.length, 0);
      findings.unknown(path);
      continue;
    }
    findings.file(bytes.length, scan.records.length);
    const { damaged, tornAt } = scan;
    // At the end of the newest one a write may be on its way, or was cut off before anyone had an answer.
    if (tornAt !== undefined && name !== segments.at(-1))
      damaged.push({ start: tornAt, end: bytes.length, records: tornAt === 0 ? 0 : 1 });
    for (const { start, end, records } of damaged) {
      const copy = damagedName(name, start);
      told.add(copy);
      const setAside = names.includes(copy) ? { setAside: join(folder, copy) } : {};
      findings.damage({ file: path, what: 'is damaged', start, end, records, ...setAside });
    }
  }
  await checkCopies(
    folder,
    names.filter((name) => name.endsWith('.damaged') && !told.has(name)),
    findings,
  );
}

/** Copies of damage in segments that are gone since: delivered, or past their retention. */
async function checkCopies(folder: string, names: readonly string[], findings: Findings): Promise<void> {
  for (const name of names) {
    const [, segment, digits] = /^(\d{16}\.log)\.(\d+)\.damaged$/.exec(name) ?? [];
    const copy = await bytesOf(join(folder, name));
    if (segment === undefined || copy === undefined) continue;
    const start = Number(digits);
    findings.damage({
      file: join(folder, segment),
      what: 'was damaged, and is gone since',
      start,
      end: start + copy.length,
      setAside: join(folder, name),
    });
  }
}
