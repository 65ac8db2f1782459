import type { Chunk } from './chunk.js';

function isObject(line: string): boolean {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}

/** Whether a chunk is what Data Firehose can split: lines, each a JSON object. */
export function hasJsonObjectLines({ data }: Pick<Chunk, 'data'>): boolean {
  const lines = data.toString().split('\n');
  return lines.pop() === '' && lines.every(isObject);
}
