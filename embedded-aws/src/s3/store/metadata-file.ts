import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import { MillraceError } from '@millrace/kit/millrace-error';
import { decodeState, encodeState, type StateFormat } from '../../state-file.js';
import type { Checksum } from '../checksums.js';

/** What S3 stores of an object beside its bytes. */
export interface ObjectMetadata {
  /** Without quotes. */
  readonly etag: string;
  /** `content-type`, `content-encoding`, `cache-control` …, as they were sent. */
  readonly headers: Readonly<Record<string, string>>;
  /** The user's, without `x-amz-meta-`. */
  readonly user: Readonly<Record<string, string>>;
  readonly checksum?: Checksum;
  /** Sizes of the parts, for an object that was uploaded in parts. */
  readonly partBytes?: readonly number[];
  /** The upload that made it, so that a repeated CompleteMultipartUpload gets the same answer. */
  readonly uploadId?: string;
}

/** One version's metadata together with the identity of the file that it belongs to. */
export interface Version extends ObjectMetadata {
  readonly size: number;
  readonly mtimeNs: string;
}

/** What a key's metadata file holds. */
export interface MetadataFile {
  readonly key: string;
  readonly versions: readonly Version[];
}

const format: StateFormat = {
  format: 'millrace-s3-object',
  version: 1,
  remedy:
    'put the object again, or delete this file: the object is then served as its bytes are, with default metadata and without a checksum.',
};

/** SHA-256 in hex: the name of the key's metadata file. */
export const hashOfKey = (key: string): string => createHash('sha256').update(key).digest('hex');

/** The text of a metadata file. */
export const encodeMetadata = (file: MetadataFile): string => encodeState(format, file);

/**
 * What a metadata file's text says. One of 0.1.0 is the JSON alone, without a checksum, until the object is put again.
 * @throws MillraceError `STATE_UNREADABLE` naming the file and what to do, when it is damaged or another key's
 */
export function decodeMetadata(path: string, text: string): MetadataFile {
  const file = of010(text) ?? (decodeState(path, text, format) as MetadataFile);
  if (`${hashOfKey(file.key)}.json` === basename(path)) return file;
  throw new MillraceError(
    'STATE_UNREADABLE',
    `${path} is damaged (it is of the key ${file.key}, and its name is of another). Put back a copy of it, or ${format.remedy}`,
  );
}

function of010(text: string): MetadataFile | undefined {
  // People may have formatted it.
  if (!/^\s*\{\s*"key":/.test(text)) return undefined;
  try {
    const file = JSON.parse(text) as MetadataFile;
    const isWhole = typeof file.key === 'string' && Array.isArray(file.versions);
    return isWhole && Object.keys(file).length === 2 ? file : undefined;
  } catch {
    return undefined;
  }
}
