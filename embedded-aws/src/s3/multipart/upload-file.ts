import { dirname } from 'node:path';
import { decodeState, encodeState, type StateFormat } from '../../state-file.js';
import { damaged } from '../errors.js';

/** Of `upload.json` and of the parts' files. */
const formatOf = (path: string): StateFormat => ({
  format: 'millrace-s3-upload',
  version: 1,
  remedy: `upload the part again; for upload.json, delete ${dirname(path)} and begin the upload again.`,
});

/** The text of a file of an upload. */
export const encodeUploadFile = (data: object): string => encodeState(formatOf(''), data);

/**
 * What such a text says. One of 0.1.0 is the JSON alone, without a checksum.
 * @param path names the file in errors
 * @throws S3Error InternalError naming the file and what to do, when it is damaged
 */
export function decodeUploadFile(path: string, text: string): unknown {
  try {
    return of010(text) ?? decodeState(path, text, formatOf(path));
  } catch (error) {
    throw damaged((error as Error).message);
  }
}

function of010(text: string): object | undefined {
  try {
    const data = JSON.parse(text) as Record<string, unknown>;
    const isPart = typeof data.number === 'number' && typeof data.file === 'string' && typeof data.etag === 'string';
    const isUpload = typeof data.uploadId === 'string' && typeof data.key === 'string';
    return isPart || isUpload ? data : undefined;
  } catch {
    return undefined;
  }
}
