import { isAbsolute, relative } from 'node:path';

/** A path inside `cwd` as the way to it, `.` for `cwd` itself, any other path from the root. */
export function pathFrom(cwd: string, path: string): string {
  const way = relative(cwd, path);
  if (way === '') return '.';
  return way.startsWith('..') || isAbsolute(way) ? path : way;
}
