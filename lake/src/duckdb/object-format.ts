import { closeSync, openSync, readSync } from 'node:fs';

/** How an object's bytes are to be read. */
export interface ObjectFormat {
  gzip: boolean;
  parquet: boolean;
}

const brace = 0x7b;

/**
 * The format, by the first bytes, as names lie; where they say nothing, by the name. Synchronous: that costs a tenth of
 * the promises, and there may be many objects.
 */
export function formatOf(path: string, name: string): ObjectFormat {
  const bytes = Buffer.alloc(4);
  try {
    const file = openSync(path, 'r');
    try {
      readSync(file, bytes, 0, 4, 0);
    } finally {
      closeSync(file);
    }
  } catch {
    // Gone, or not ours to read: whoever reads it says so.
  }
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) return { gzip: true, parquet: false };
  if (bytes.toString('latin1') === 'PAR1') return { gzip: false, parquet: true };
  if (bytes[0] === brace) return { gzip: false, parquet: false };
  return { gzip: name.endsWith('.gz'), parquet: /\.parquet$/i.test(name) };
}
