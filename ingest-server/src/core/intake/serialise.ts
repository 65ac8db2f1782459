/**
 * A value as one line of JSON that every reader of the lake can parse. Half of a surrogate pair becomes U+FFFD:
 * JSON.stringify writes an escape that DuckDB and others refuse, and one such line would make its S3 object unreadable.
 */
export function serialise(value: object): string {
  const text = JSON.stringify(value);
  if (!text.includes('\\ud')) return text;
  // Escape by escape, so that an escaped backslash before "ud800" is not mistaken for one. Whole pairs are never
  // escaped.
  return text.replace(/\\(?:u([0-9a-f]{4})|.)/g, (found, hex: string | undefined) =>
    hex !== undefined && hex >= 'd800' && hex <= 'dfff' ? '\\ufffd' : found,
  );
}
