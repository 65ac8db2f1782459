import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type DamagedBytes, logEntries } from './log-file.js';
import { readManifest, type TableFile } from './manifest.js';
import { type Entry, type Range, tableEntries } from './table.js';
import { changesOf } from './write-batch.js';

/** A LevelDB store that is read, and never written. */
export interface LevelDb {
  /** The keys of a range in their order, each with its newest value. */
  entries(range: Range): AsyncGenerator<{ key: string; value: Buffer }>;
}

const byKeyNewestFirst = (a: Entry, b: Entry): number =>
  a.key < b.key ? -1 : a.key > b.key ? 1 : b.sequence - a.sequence;

/**
 * Opens a store that no process uses.
 * @param damaged is told of each part that cannot be read, perhaps more than once
 * @throws Error when it is not known which files belong to it
 */
export async function openLevelDb(folder: string, damaged: (damage: DamagedBytes) => void): Promise<LevelDb> {
  const current = (await readFile(join(folder, 'CURRENT'), 'utf8')).trim();
  if (!/^MANIFEST-\d+$/.test(current)) throw new Error(`${join(folder, 'CURRENT')} is damaged`);
  const path = join(folder, current);
  const { tables, firstLog, previousLog } = readManifest(await readFile(path), path);
  const names = await readdir(folder);
  const inLogs = await readLogs(folder, names, (number) => number >= firstLog || number === previousLog, damaged);

  function pathOf({ number }: TableFile): string {
    const name = String(number).padStart(6, '0');
    return join(folder, names.includes(`${name}.sst`) ? `${name}.sst` : `${name}.ldb`);
  }

  async function* inTables(files: readonly TableFile[], range: Range): AsyncGenerator<Entry> {
    for (const file of files)
      if (file.largest >= range.from && file.smallest < range.to) yield* readTable(pathOf(file), range, damaged);
  }

  return {
    async *entries(range) {
      const levels = new Map<number, TableFile[]>();
      const sources: AsyncIterator<Entry>[] = [from(inLogs.filter(({ key }) => key >= range.from && key < range.to))];
      for (const file of tables) {
        if (file.level === 0) sources.push(inTables([file], range));
        else levels.set(file.level, [...(levels.get(file.level) ?? []), file]);
      }
      for (const files of levels.values())
        sources.push(
          inTables(
            files.sort((a, b) => (a.smallest < b.smallest ? -1 : 1)),
            range,
          ),
        );
      let last: string | undefined;
      for await (const { key, value } of merged(sources, byKeyNewestFirst)) {
        if (key === last) continue;
        last = key;
        if (value !== undefined) yield { key, value };
      }
    },
  };
}

async function* from<Item>(items: readonly Item[]): AsyncGenerator<Item> {
  yield* items;
}

async function* readTable(path: string, range: Range, damaged: (damage: DamagedBytes) => void): AsyncGenerator<Entry> {
  try {
    yield* tableEntries(path, range, damaged);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    damaged({ path, start: 0, end: 0 });
  }
}

async function readLogs(
  folder: string,
  names: readonly string[],
  isWanted: (number: number) => boolean,
  damaged: (damage: DamagedBytes) => void,
): Promise<Entry[]> {
  const entries: Entry[] = [];
  for (const name of names) {
    const number = Number(/^(\d+)\.log$/.exec(name)?.[1] ?? Number.NaN);
    if (!isWanted(number)) continue;
    const path = join(folder, name);
    for (const batch of logEntries(await readFile(path), path, damaged)) entries.push(...changesOf(batch));
  }
  return entries.sort(byKeyNewestFirst);
}

/** Items of sorted sources, in their order. */
export async function* merged<Item>(
  sources: readonly AsyncIterator<Item>[],
  compare: (a: Item, b: Item) => number,
): AsyncGenerator<Item> {
  const heads: { item: Item; source: AsyncIterator<Item> }[] = [];
  for (const source of sources) {
    const { done, value } = await source.next();
    if (!done) heads.push({ item: value, source });
  }
  while (heads.length > 0) {
    const least = heads.reduce((best, head) => (compare(head.item, best.item) < 0 ? head : best));
    yield least.item;
    const { done, value } = await least.source.next();
    if (done) heads.splice(heads.indexOf(least), 1);
    else least.item = value;
  }
}
