import { storedColumns } from './columns.js';
import type { LakeObject } from './list-objects.js';

/** Names that DuckDB gives columns of its own; a key that has one, or one of ours, takes the column's place. */
const taken = new Set([
  ...storedColumns.map((column) => column.name),
  'filename',
  'file_row_number',
  'object',
  'millrace_file',
]);

const isPattern = /[*?[\]{}]/;

/**
 * Whether DuckDB reads a path as it likes: as a pattern that finds other files too, or without the partition, or with
 * another one than ours. Such an object is read by another path.
 */
export function isOdd({ key, path }: LakeObject): boolean {
  if (isPattern.test(path) || /[\\%\n\r]/.test(key) || key.includes('__HIVE_DEFAULT_PARTITION__')) return true;
  const pairs = key
    .split('/')
    .slice(0, -1)
    .filter((folder) => folder.includes('='));
  const names = pairs.map((pair) => pair.slice(0, pair.indexOf('=')).toLowerCase());
  return (
    pairs.some((pair) => !/^[^=]+=[^=]+$/.test(pair)) ||
    new Set(names).size < names.length ||
    names.some((name) => name !== 'page' && name !== 'event' && taken.has(name))
  );
}
