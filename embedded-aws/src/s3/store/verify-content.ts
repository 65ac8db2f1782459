import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { compositeChecksum } from '../checksums.js';
import { crc32 } from '../crc.js';
import { damaged, type S3Error } from '../errors.js';
import type { StoredObject } from './stored-object.js';

/** Takes an object's bytes from first to last; `isWhole` then tells whether they are those that were put. */
export interface ContentCheck {
  update(piece: Buffer): void;
  isWhole(): boolean;
}

/**
 * How an object's bytes are checked: by its CRC-32, which every SDK of today and delivery send, else by its ETag, which
 * is an MD5 or one of its parts' MD5s. Undefined for a file that S3 did not write.
 */
export function contentCheck({ etag, checksum, partBytes }: StoredObject): ContentCheck | undefined {
  if (checksum?.algorithm === 'crc32' && checksum.type === 'FULL_OBJECT') {
    const crc = crc32();
    return { update: crc.update, isWhole: () => crc.digest().toString('base64') === checksum.value };
  }
  if (partBytes) return partsCheck(etag, partBytes);
  if (etag.includes('-')) return undefined;
  const md5 = createHash('md5');
  return { update: (piece) => void md5.update(piece), isWhole: () => md5.digest('hex') === etag };
}

function partsCheck(etag: string, partBytes: readonly number[]): ContentCheck {
  const md5s: string[] = [];
  let md5 = createHash('md5');
  let bytes = 0;
  const endParts = () => {
    while (md5s.length < partBytes.length && bytes === partBytes[md5s.length]) {
      md5s.push(md5.digest('hex'));
      md5 = createHash('md5');
      bytes = 0;
    }
  };
  return {
    update(piece) {
      for (let at = 0; at < piece.length; ) {
        const taken = piece.subarray(at, at + (partBytes[md5s.length] ?? Number.POSITIVE_INFINITY) - bytes);
        md5.update(taken);
        bytes += taken.length;
        at += taken.length;
        endParts();
      }
    },
    isWhole() {
      endParts();
      return compositeChecksum('md5', md5s, 'hex') === etag;
    },
  };
}

const pieceBytes = 256 * 1024;

/** 500 InternalError: the bytes are not those that were put. */
const damagedObject = (bucket: string, key: string): S3Error =>
  damaged(
    `The object ${key} of the bucket ${bucket} is damaged: its bytes do not fit its checksum. Put it again, or delete it.`,
  );

/**
 * All bytes of an object. Its last piece comes only when all of them fit the checksum: whoever has as many bytes as the
 * object has the object as it was put.
 * @throws S3Error InternalError naming the object, when it is damaged
 */
export async function* wholeContent(
  bucket: string,
  object: StoredObject,
  handle: FileHandle,
): AsyncGenerator<Buffer, void, undefined> {
  const check = contentCheck(object);
  let held: Buffer | undefined;
  for await (const piece of handle.createReadStream({ start: 0, autoClose: false, highWaterMark: pieceBytes })) {
    check?.update(piece as Buffer);
    if (held) yield held;
    held = piece as Buffer;
  }
  if (check && !check.isWhole()) throw damagedObject(bucket, object.key);
  if (held) yield held;
}

/** How long an object that was found whole is taken for whole when a part of it is read. */
const trustMs = 10_000;
const maxTrusted = 10_000;

/** Checks an object before a part of it is read. */
export type RequireWhole = (bucket: string, object: StoredObject, handle: FileHandle) => Promise<void>;

/**
 * A part has no checksum of its own, so all of the object is read before the first part of it, and again after ten
 * seconds: readers of Parquet ask for many parts in a row.
 * @param nowMs a clock that only rises
 */
export function createRequireWhole(nowMs: () => number = () => performance.now()): RequireWhole {
  const trusted = new Map<string, number>();
  return async (bucket, object, handle) => {
    const id = `${bucket}/${object.key} ${object.etag} ${object.size} ${object.lastModified.getTime()}`;
    if (nowMs() - (trusted.get(id) ?? Number.NEGATIVE_INFINITY) < trustMs) return;
    for await (const _ of wholeContent(bucket, object, handle));
    trusted.delete(id);
    trusted.set(id, nowMs());
    for (const oldest of trusted.keys()) {
      if (trusted.size <= maxTrusted) break;
      trusted.delete(oldest);
    }
  };
}

/**
 * The bytes of an uploaded part.
 * @param etag its MD5
 * @throws S3Error InternalError naming the part, when they are not those that were uploaded
 */
export async function* partContent(part: { path: string; number: number; etag: string }): AsyncGenerator<Buffer> {
  const md5 = createHash('md5');
  for await (const piece of createReadStream(part.path, { highWaterMark: 1024 * 1024 })) {
    md5.update(piece as Buffer);
    yield piece as Buffer;
  }
  if (md5.digest('hex') !== part.etag)
    throw damaged(`Part ${part.number} in ${part.path} is damaged: its bytes do not fit its ETag. Upload it again.`);
}
