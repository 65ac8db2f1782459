/** The lines of a JSON Lines body that are not blank, without their line ends. */
export function jsonLines(text: string): string[] {
  const lines: string[] = [];
  for (let start = 0; start < text.length; ) {
    let end = text.indexOf('\n', start);
    if (end < 0) end = text.length;
    const line = text.slice(start, end);
    // The first character of nearly every line is "{", and then there is nothing to trim.
    if (line.charCodeAt(0) === 0x7b) lines.push(line.charCodeAt(line.length - 1) === 0x0d ? line.slice(0, -1) : line);
    else if (line.trim() !== '') lines.push(line.trim());
    start = end + 1;
  }
  return lines;
}
