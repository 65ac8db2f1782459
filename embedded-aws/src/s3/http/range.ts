import { S3Error } from '../errors.js';

/** Positions of bytes, both ends included. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/**
 * The bytes that a `Range` header asks for. Undefined, which means all of them, when it is malformed or asks for
 * several ranges, as S3 does.
 * @throws S3Error InvalidRange when the object has none of the bytes
 */
export function parseRange(header: string | undefined, size: number): ByteRange | undefined {
  const [, from, to] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header?.trim() ?? '') ?? [];
  if (from === undefined || to === undefined || (from === '' && to === '')) return undefined;
  if (from === '') {
    const last = Math.min(Number(to), size);
    if (last === 0) throw invalidRange(header!, size);
    return { start: size - last, end: size - 1 };
  }
  const start = Number(from);
  if (to !== '' && Number(to) < start) return undefined;
  if (start >= size) throw invalidRange(header!, size);
  return { start, end: to === '' ? size - 1 : Math.min(Number(to), size - 1) };
}

function invalidRange(header: string, size: number): S3Error {
  return new S3Error(
    'InvalidRange',
    'The requested range is not satisfiable',
    416,
    { RangeRequested: header, ActualObjectSize: String(size) },
    { 'content-range': `bytes */${size}` },
  );
}
