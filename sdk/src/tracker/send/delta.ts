/**
 * JSON Lines without what repeats (`encoding=delta`). Each line is cut at every `"`. A piece equal to the one in its
 * place in the previous line becomes empty; an empty piece becomes a tab, which JSON has nowhere. Consecutive events
 * shrink to a third.
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
