const begin = '<!-- generated: node infra-scripts/dist/src/write-generated.js -->';
const end = '<!-- end of the generated part -->';

/**
 * The text with its generated part replaced.
 * @throws Error when the text has no place for it.
 */
export function withGenerated(text: string, part: string): string {
  const from = text.indexOf(begin);
  const to = text.indexOf(end);
  if (from < 0 || to < from) throw new Error(`there is no "${begin}" … "${end}" in the text`);
  return `${text.slice(0, from)}${begin}\n\n${part}\n\n${text.slice(to)}`;
}
