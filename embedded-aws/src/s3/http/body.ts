import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import {
  type ChecksumAlgorithm,
  checksumAlgorithm,
  checksumAlgorithms,
  isBase64Of,
  requireSameChecksum,
  statedChecksum,
} from '../checksums.js';
import { incompleteBody, invalidArgument, S3Error } from '../errors.js';
import { createAwsChunkedDecoder } from './aws-chunked.js';

/** What a request's headers say about its body. */
export interface BodyPlan {
  readonly awsChunked: boolean;
  /** Of the data, without framing. */
  readonly bytes: number;
  readonly contentMd5?: string;
  /** Lower-case hex. */
  readonly sha256?: string;
  readonly checksum?: { readonly algorithm: ChecksumAlgorithm; readonly value: string };
  /** The checksum that follows an aws-chunked body. */
  readonly trailer?: ChecksumAlgorithm;
}

/** A body that was received whole and verified. */
export interface ReceivedBody {
  readonly bytes: number;
  /** Hex. */
  readonly md5: string;
  readonly checksum?: { readonly algorithm: ChecksumAlgorithm; readonly value: string };
}

/** The largest body of one PUT. */
const maxPutBytes = 5 * 1024 ** 3;

/**
 * Reads what the headers say about the body.
 * @throws S3Error MissingContentLength, EntityTooLarge, InvalidDigest, InvalidRequest, InvalidArgument
 */
export function planBody(headers: IncomingHttpHeaders, maxBytes = maxPutBytes): BodyPlan {
  const payload = String(headers['x-amz-content-sha256'] ?? '');
  const decoded = headers['x-amz-decoded-content-length'];
  const awsChunked =
    payload.startsWith('STREAMING-') || (decoded !== undefined && isAwsChunked(headers['content-encoding']));
  const length = awsChunked ? decoded : headers['content-length'];
  if (length === undefined)
    throw new S3Error('MissingContentLength', 'You must provide the Content-Length HTTP header.', 411);
  if (!/^\d{1,15}$/.test(String(length)))
    throw invalidArgument('The length must be a whole number.', 'x-amz-decoded-content-length', String(length));
  const bytes = Number(length);
  if (bytes > maxBytes) throw entityTooLarge(bytes, maxBytes);
  const contentMd5 = headers['content-md5'];
  if (contentMd5 !== undefined && !isBase64Of(String(contentMd5), 16))
    throw new S3Error('InvalidDigest', 'The Content-MD5 you specified was invalid.', 400, {
      'Content-MD5': String(contentMd5),
    });
  const checksum = statedChecksum(headers);
  const trailer = /(?:^|[\s,])x-amz-checksum-([a-z0-9]+)/i.exec(String(headers['x-amz-trailer'] ?? ''))?.[1];
  return {
    awsChunked,
    bytes,
    ...(contentMd5 !== undefined && { contentMd5: String(contentMd5) }),
    ...(/^[0-9a-f]{64}$/i.test(payload) && { sha256: payload.toLowerCase() }),
    ...(checksum && { checksum }),
    ...(awsChunked && trailer !== undefined && { trailer: checksumAlgorithm(trailer) }),
  };
}

function isAwsChunked(contentEncoding: string | undefined): boolean {
  return (contentEncoding ?? '').split(',').some((coding) => coding.trim().toLowerCase() === 'aws-chunked');
}

/**
 * Passes a body to `write`, piece by piece, and verifies its length, its Content-MD5, the SHA-256 of its signature, and
 * its checksum from a header or a trailer. When this throws, the caller discards what was written.
 * @throws S3Error BadDigest, XAmzContentSHA256Mismatch, IncompleteBody, MalformedTrailerError, InvalidRequest.
 */
export async function receiveBody(
  source: AsyncIterable<Buffer>,
  plan: BodyPlan,
  write: (piece: Buffer) => Promise<void>,
): Promise<ReceivedBody> {
  const md5 = createHash('md5');
  const sha256 = plan.sha256 === undefined ? undefined : createHash('sha256');
  const algorithm = plan.checksum?.algorithm ?? plan.trailer;
  // A body may need SHA-256 twice, for the signature and as its checksum: it is cheap enough.
  const checksum = algorithm && checksumAlgorithms[algorithm].create();
  let bytes = 0;

  async function take(piece: Buffer): Promise<void> {
    bytes += piece.length;
    if (bytes > plan.bytes)
      throw incompleteBody(`The body is longer than the ${plan.bytes} bytes it was said to have.`);
    md5.update(piece);
    sha256?.update(piece);
    checksum?.update(piece);
    await write(piece);
  }

  let trailers: Readonly<Record<string, string>> = {};
  if (plan.awsChunked) {
    const decoder = createAwsChunkedDecoder();
    for await (const piece of source) for (const data of decoder.push(piece)) await take(data);
    trailers = decoder.end();
  } else {
    for await (const piece of source) await take(piece);
  }
  if (bytes !== plan.bytes)
    throw incompleteBody(`The body has ${bytes} bytes where it was said to have ${plan.bytes}.`);

  const md5Digest = md5.digest();
  if (plan.contentMd5 !== undefined && plan.contentMd5 !== md5Digest.toString('base64'))
    throw new S3Error('BadDigest', 'The Content-MD5 you specified did not match what we received.', 400, {
      ExpectedDigest: plan.contentMd5,
      CalculatedDigest: md5Digest.toString('base64'),
    });
  const sha256Digest = sha256?.digest('hex');
  if (sha256Digest !== plan.sha256)
    throw new S3Error(
      'XAmzContentSHA256Mismatch',
      "The provided 'x-amz-content-sha256' header does not match what was computed.",
      400,
      {
        ClientComputedContentSHA256: plan.sha256!,
        S3ComputedContentSHA256: sha256Digest!,
      },
    );
  const received = { bytes, md5: md5Digest.toString('hex') };
  if (!algorithm) return received;
  const stated = plan.checksum ?? trailingChecksum(trailers, algorithm);
  const value = checksum!.digest().toString('base64');
  requireSameChecksum(algorithm, stated.value, value);
  return { ...received, checksum: { algorithm, value } };
}

function trailingChecksum(trailers: Readonly<Record<string, string>>, algorithm: ChecksumAlgorithm) {
  const stated = statedChecksum(trailers);
  if (stated?.algorithm !== algorithm)
    throw new S3Error(
      'MalformedTrailerError',
      `The request says that x-amz-checksum-${algorithm} trails its body, and it does not.`,
      400,
    );
  return stated;
}

/** Reads a small body into memory and verifies it. @throws as `planBody` and `receiveBody` */
export async function readSmallBody(
  source: AsyncIterable<Buffer>,
  headers: IncomingHttpHeaders,
  maxBytes: number,
): Promise<Buffer> {
  const pieces: Buffer[] = [];
  // A request without a body needs no length.
  const plan = planBody(headers['transfer-encoding'] ? headers : { 'content-length': '0', ...headers }, maxBytes);
  await receiveBody(source, plan, async (piece) => {
    pieces.push(piece);
  });
  return Buffer.concat(pieces);
}

function entityTooLarge(bytes: number, maxBytes: number): S3Error {
  return new S3Error('EntityTooLarge', 'Your proposed upload exceeds the maximum allowed size', 400, {
    ProposedSize: String(bytes),
    MaxSizeAllowed: String(maxBytes),
  });
}
