import { type ChecksumAlgorithm, checksumAlgorithms, checksumElement } from '../checksums.js';
import { invalidRequest, malformedXml, S3Error } from '../errors.js';
import { childText, parseXml } from '../http/xml.js';
import type { Part, Upload } from './upload-store.js';

/** A part in a CompleteMultipartUpload request. */
export interface WantedPart {
  readonly number: number;
  /** Without quotes. */
  readonly etag: string;
  readonly checksums: Readonly<Partial<Record<ChecksumAlgorithm, string>>>;
}

/** The minimum size of all parts but the last. */
const minPartBytes = 5 * 1024 * 1024;

/** Reads the body of a CompleteMultipartUpload request. @throws S3Error MalformedXML */
export function readCompleteRequest(text: string): WantedPart[] {
  const root = parseXml(text);
  const parts = root.children.filter(({ name }) => name === 'Part');
  if (root.name !== 'CompleteMultipartUpload' || parts.length === 0)
    throw malformedXml('expected a CompleteMultipartUpload element with at least one Part.');
  return parts.map((part) => {
    const number = childText(part, 'PartNumber')?.trim() ?? '';
    const etag = childText(part, 'ETag')?.trim();
    if (!/^\d{1,5}$/.test(number) || etag === undefined) throw malformedXml('a Part needs a PartNumber and an ETag.');
    const checksums: Partial<Record<ChecksumAlgorithm, string>> = {};
    for (const algorithm of Object.keys(checksumAlgorithms) as ChecksumAlgorithm[]) {
      const value = childText(part, checksumElement(algorithm));
      if (value !== undefined) checksums[algorithm] = value.trim();
    }
    return { number: Number(number), etag: etag.replace(/^"(.*)"$/, '$1'), checksums };
  });
}

/**
 * The uploaded parts that the request names, in its order. Checks that they match the request.
 * @throws S3Error InvalidPartOrder, InvalidPart, EntityTooSmall, InvalidRequest.
 */
export function selectParts<P extends Part>(
  upload: Upload,
  wanted: readonly WantedPart[],
  uploaded: readonly P[],
): P[] {
  const byNumber = new Map(uploaded.map((part) => [part.number, part]));
  const composite = upload.checksum?.type === 'COMPOSITE' ? upload.checksum.algorithm : undefined;
  for (let i = 1; i < wanted.length; i++)
    if (wanted[i]!.number <= wanted[i - 1]!.number)
      throw new S3Error(
        'InvalidPartOrder',
        'The list of parts was not in ascending order. Parts must be ordered by part number.',
        400,
      );
  return wanted.map((want, i) => {
    const part = byNumber.get(want.number);
    if (!part || part.etag !== want.etag || !hasChecksums(part, want)) throw invalidPart(want);
    if (composite && want.checksums[composite] === undefined)
      throw invalidRequest(
        `The upload was created using a ${composite} checksum. The complete request must include the checksum for each part. It was missing for part ${want.number} in the request.`,
      );
    if (i < wanted.length - 1 && part.size < minPartBytes)
      throw new S3Error('EntityTooSmall', 'Your proposed upload is smaller than the minimum allowed size', 400, {
        ProposedSize: String(part.size),
        MinSizeAllowed: String(minPartBytes),
        PartNumber: String(part.number),
        ETag: part.etag,
      });
    return part;
  });
}

/** Compares only a checksum of the algorithm that the part was uploaded with. */
function hasChecksums({ checksum }: Part, { checksums }: WantedPart): boolean {
  const stated = checksum && checksums[checksum.algorithm];
  return stated === undefined || stated === checksum!.value;
}

function invalidPart(want: WantedPart): S3Error {
  return new S3Error(
    'InvalidPart',
    "One or more of the specified parts could not be found. The part may not have been uploaded, or the specified entity tag may not match the part's entity tag.",
    400,
    { PartNumber: String(want.number), ETag: want.etag },
  );
}
