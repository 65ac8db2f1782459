import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

type Row = Record<string, unknown>;

/** Every object of the lake, by its key, oldest first, read as plain files: the tests' own eyes, beside SQL. */
export function lakeKeys(state: string, bucket = 'millrace-lake'): string[] {
  const folder = join(state, 's3', bucket);
  let names: string[];
  try {
    names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
  return names
    .map((key) => ({ key, stat: statSync(join(folder, key), { bigint: true }) }))
    .filter(({ stat }) => stat.isFile())
    .sort((a, b) => Number(a.stat.mtimeNs - b.stat.mtimeNs))
    .map(({ key }) => key);
}

/** The parsed lines of the objects whose key begins with `prefix`, oldest object first. */
export function lakeRows(state: string, prefix = 'page=', bucket = 'millrace-lake'): Row[] {
  return lakeKeys(state, bucket)
    .filter((key) => key.startsWith(prefix) && !key.startsWith('page=_ledger/'))
    .flatMap((key) =>
      gunzipSync(readFileSync(join(state, 's3', bucket, key)))
        .toString('utf8')
        .split('\n'),
    )
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Row);
}

/** The rows without those whose `event_id` came before: what a reader sees that removes duplicates. */
export function withoutDuplicates(rows: Row[]): Row[] {
  const seen = new Set<unknown>();
  return rows.filter((row) => !seen.has(row.event_id) && seen.add(row.event_id));
}

/** Places where, within one partition, a stream's `seq` does not rise: `page/event stream seq after seq`. */
export function disorder(rows: Row[]): string[] {
  const last = new Map<string, number>();
  const found: string[] = [];
  for (const { page, event, stream_id: stream, seq } of rows) {
    const where = `${page}/${event} ${stream}`;
    const before = last.get(where) ?? -1;
    if ((seq as number) <= before) found.push(`${where}: ${seq} after ${before}`);
    last.set(where, seq as number);
  }
  return found;
}
