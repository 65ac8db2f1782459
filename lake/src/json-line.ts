const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** A longer line is no JSON object: DuckDB, which queries read with, takes none. In bytes. */
export const longestLine = 16_000_000;

/**
 * The JSON object of a line: undefined for a blank one, null when there is none. The one rule for which lines of a lake
 * can be read, for queries and for the audit.
 */
export function readJsonLine(bytes: Uint8Array): Record<string, unknown> | null | undefined {
  try {
    if (bytes.length > longestLine) return null;
    const text = utf8.decode(bytes);
    return text.trim() === '' ? undefined : (readJsonObject(text) ?? null);
  } catch {
    return null;
  }
}

/** The JSON object that a text is, or undefined. */
export function readJsonObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text.trim());
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
