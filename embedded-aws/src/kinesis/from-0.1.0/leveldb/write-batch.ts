import { byteReader } from './byte-reader.js';
import type { Entry } from './table.js';

/** The changes of one entry of a log file. @throws RangeError when it is none */
export function* changesOf(batch: Buffer): Generator<Entry> {
  const first = batch.readUIntLE(0, 6) + batch.readUInt16LE(6) * 2 ** 48;
  const count = batch.readUInt32LE(8);
  const reader = byteReader(batch, 12);
  for (let sequence = first; sequence < first + count; sequence++) {
    const kind = reader.byte();
    const key = reader.sized().toString('latin1');
    yield { key, sequence, ...(kind === 1 ? { value: reader.sized() } : {}) };
  }
}
