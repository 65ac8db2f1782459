import { join, map, split } from '../browser/builtins.js';

/**
 * JSON Lines without what repeats (`encoding=delta`). Each line is cut at every `"`. A piece equal to the one in its
 * place in the previous line becomes empty; an empty piece becomes a tab, which JSON has nowhere. Consecutive events
 * shrink to a third.
 */
export function deltaOf(lines: readonly string[]): string {
  let before: string[] = [];
  const shortened = map(lines, (line) => {
    const pieces = split(line, '"');
    const known = before;
    before = pieces;
    return join(
      map(pieces, (piece, place) => (piece === known[place] ? '' : piece || '\t')),
      '"',
    );
  });
  return join(shortened, '\n');
}
