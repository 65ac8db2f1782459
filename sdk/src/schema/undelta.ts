const quote = '"';

/** The text would be longer than it may be. */
export class TooLong extends Error {}

/**
 * The lines of `text` with what a client has left out because it repeats: a line is cut at each `"`; an empty piece is the one in its place in the line
 * before, a tab (JSON has none outside its white space) is an empty one. The tracker's side is `deltaOf`.
 * @param maxChars of all lines, however far a small body would unfold
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
