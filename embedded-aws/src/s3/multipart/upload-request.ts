import { invalidArgument } from '../errors.js';
import type { Call } from '../operations/call.js';
import type { Upload } from './upload-store.js';

const maxPartNumber = 10_000;

/** The part number of a request. @throws S3Error InvalidArgument */
export function partNumberOf(query: URLSearchParams): number {
  const text = query.get('partNumber') ?? '';
  if (!/^[1-9]\d{0,4}$/.test(text) || Number(text) > maxPartNumber)
    throw invalidArgument('Part number must be an integer between 1 and 10000, inclusive', 'partNumber', text);
  return Number(text);
}

/** The upload of a request. @throws S3Error NoSuchUpload */
export const uploadOf = ({ request, uploads }: Call): Promise<Upload> =>
  uploads.require(request.bucket, request.key, request.query.get('uploadId') ?? '');
