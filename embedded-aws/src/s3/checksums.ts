import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { type Crc, crc32, crc32c, crc64nvme } from './crc.js';
import { invalidRequest, notImplemented, S3Error } from './errors.js';

/**
 * The checksums that S3 verifies and keeps with an object.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html
 */
export const checksumAlgorithms = {
  crc32: { bytes: 4, create: crc32, linear: true },
  crc32c: { bytes: 4, create: crc32c, linear: true },
  crc64nvme: { bytes: 8, create: crc64nvme, linear: true },
  sha1: { bytes: 20, create: (): Crc => createHash('sha1'), linear: false },
  sha256: { bytes: 32, create: (): Crc => createHash('sha256'), linear: false },
  sha512: { bytes: 64, create: (): Crc => createHash('sha512'), linear: false },
  md5: { bytes: 16, create: (): Crc => createHash('md5'), linear: false },
} as const;

/** In lower case: `crc32`, `sha256`. */
export type ChecksumAlgorithm = keyof typeof checksumAlgorithms;
/** Whether a checksum is of the object's bytes or of its parts' checksums. */
export type ChecksumType = 'FULL_OBJECT' | 'COMPOSITE';

/** An object's checksum. */
export interface Checksum {
  readonly algorithm: ChecksumAlgorithm;
  /** Base64; a COMPOSITE one ends with `-<number of parts>`. */
  readonly value: string;
  readonly type: ChecksumType;
}

const headerPrefix = 'x-amz-checksum-';
/** Headers with a checksum's prefix that hold no checksum. */
const notAlgorithms = new Set(['mode', 'algorithm', 'type']);

/**
 * `sha256` for `SHA256`.
 * @throws S3Error NotImplemented for an algorithm that this S3 cannot verify (the XXHASH ones).
 */
export function checksumAlgorithm(name: string): ChecksumAlgorithm {
  const lower = name.toLowerCase();
  if (Object.hasOwn(checksumAlgorithms, lower)) return lower as ChecksumAlgorithm;
  if (lower.startsWith('xxhash')) throw notImplemented(`The checksum algorithm ${name}`);
  throw invalidRequest(
    `The checksum algorithm ${name} is unknown. Expected one of ${Object.keys(checksumAlgorithms).join(', ').toUpperCase()}.`,
  );
}

/**
 * The checksum that a request's headers, or an aws-chunked body's trailers, state.
 * @throws S3Error InvalidRequest for two checksums, or for a value of the wrong length
 */
export function statedChecksum(
  headers: IncomingHttpHeaders | Readonly<Record<string, string>>,
): { algorithm: ChecksumAlgorithm; value: string } | undefined {
  const stated = Object.entries(headers).filter(
    ([name]) => name.startsWith(headerPrefix) && !notAlgorithms.has(name.slice(headerPrefix.length)),
  );
  if (stated.length > 1)
    throw invalidRequest('Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.');
  const [name, value] = stated[0] ?? [];
  if (name === undefined) return undefined;
  const algorithm = checksumAlgorithm(name.slice(headerPrefix.length));
  const text = String(value);
  if (!isBase64Of(text, checksumAlgorithms[algorithm].bytes))
    throw invalidRequest(`Value for ${name} header is invalid.`);
  return { algorithm, value: text };
}

/** Whether a text is the base64 of this many bytes. */
export function isBase64Of(text: string, bytes: number): boolean {
  const decoded = Buffer.from(text, 'base64');
  return decoded.length === bytes && decoded.toString('base64') === text;
}

/** @throws S3Error BadDigest when they differ. */
export function requireSameChecksum(algorithm: ChecksumAlgorithm, stated: string, calculated: string): void {
  if (stated === calculated) return;
  throw new S3Error(
    'BadDigest',
    `The ${algorithm.toUpperCase()} you specified did not match the calculated checksum.`,
    400,
    { ExpectedDigest: stated, CalculatedDigest: calculated },
  );
}

/**
 * The checksum of an object from its parts' checksums: over their bytes, and `-<number of parts>`. An ETag is the same
 * of MD5s in hex.
 */
export function compositeChecksum(
  algorithm: ChecksumAlgorithm,
  parts: readonly string[],
  encoding: 'base64' | 'hex' = 'base64',
): string {
  const hash = checksumAlgorithms[algorithm].create();
  for (const part of parts) hash.update(Buffer.from(part, encoding));
  return `${hash.digest().toString(encoding)}-${parts.length}`;
}

/** The headers that give a checksum to the client. */
export function checksumHeaders(checksum: Checksum | undefined): Record<string, string> {
  if (checksum === undefined) return {};
  return { [headerPrefix + checksum.algorithm]: checksum.value, 'x-amz-checksum-type': checksum.type };
}

/** The element's name in XML answers: `ChecksumCRC64NVME`. */
export const checksumElement = (algorithm: ChecksumAlgorithm) => `Checksum${algorithm.toUpperCase()}`;
