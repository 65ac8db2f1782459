/**
 * The names of the keys that the query makes, where it is an object as a whole and all its keys are written out;
 * nothing when only running it would tell.
 */
export function writtenKeys(query: string): string[] | undefined {
  const source = query.trim();
  if (!source.startsWith('{') || !source.endsWith('}')) return undefined;
  const keys: string[] = [];
  let depth = 0;
  let expectKey = false;
  // Strings are kept here, as keys may be strings; one with an interpolation has no name before it is run.
  const token = /"(?:[^"\\]|\\.)*"|#[^\n]*|[A-Za-z_]\w*|\s+|./gs;
  for (const [text] of source.matchAll(token)) {
    if (/^(\s|#)/.test(text)) continue;
    if (expectKey) {
      expectKey = false;
      if (text === '}' && keys.length > 0) {
        depth--;
        continue;
      }
      const key = /^[A-Za-z_]/.test(text) ? text : /^"[^\\]*"$/.test(text) ? text.slice(1, -1) : undefined;
      if (key === undefined) return undefined;
      keys.push(key);
      continue;
    }
    if (/^[{[(]$/.test(text)) {
      if (depth === 0 && keys.length > 0) return undefined;
      depth++;
      expectKey = depth === 1;
    } else if (/^[}\])]$/.test(text)) depth--;
    else if (depth === 0) return undefined;
    else if (depth === 1 && text === ',') expectKey = true;
  }
  return [...new Set(keys)];
}
