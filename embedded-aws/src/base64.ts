/**
 * Whether a text is base64 as AWS takes it: the standard alphabet, padded, without white space. Node's decoder passes
 * over whatever is none.
 */
export function isBase64(text: string): boolean {
  return text.length % 4 === 0 && !/[^A-Za-z0-9+/]/.test(text.replace(/==?$/, ''));
}
