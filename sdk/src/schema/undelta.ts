const quote = '"';

/** The lines would be longer than `maxChars`. */
export class TooLong extends Error {}

/**
 * Restores what `encoding=delta` left out of `text`. Each line is cut at every `"`. An empty piece stands for the one
 * in its place in the previous line, a tab for an empty piece. The tracker's side is `deltaOf`.
 * @param maxChars the most characters of all lines, because a small body can expand without limit
 * @throws TooLong
 */
export function undelta(text: string, maxChars: number): string {
  let before: string[] = [''];
  let chars = 0;
  const lines: string[] = [];
  for (const line of text.split('\n')) {
    const pieces = line.split(quote);
    for (let place = 0; place < pieces.length; place++) {
      const piece = pieces[place];
      if (piece === '') pieces[place] = before[place] ?? '';
      else if (piece === '\t') pieces[place] = '';
      chars += pieces[place]!.length + 1;
      if (chars > maxChars) throw new TooLong(`the lines have more than ${maxChars} characters`);
    }
    lines.push(pieces.join(quote));
    before = pieces;
  }
  return lines.join('\n');
}
