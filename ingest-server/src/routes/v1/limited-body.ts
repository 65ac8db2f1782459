import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { RequestErrorCode } from '@millrace/sdk/schema';
import { type SentBody, sentBody } from '../../core/intake/body.js';
import { inflationBound } from '../../core/intake/inflation.js';
import type { Packing } from '../../core/intake/packing.js';
import { RequestError } from '../../core/request-error.js';
import type { AddressLimits } from '../../http/address-limits.js';

/** What a line counts at least for the limits, in bytes: it is work, however short it is. An event has more. */
const lineBytes = 256;
const inflationErrors: ReadonlySet<RequestErrorCode> = new Set(['inflates_too_much', 'too_large']);

/** A body, and the request that it came with. */
export interface ArrivedBody {
  raw: IncomingMessage;
  headers: IncomingHttpHeaders;
  bytes: Buffer;
  packing: Packing;
}

/**
 * The events of a body, counted for the limits of its address: before it is unzipped as what it may become, then as
 * what it became. @throws RequestError too_many_requests, or those of `sentBody`
 */
export function limitedBody(
  addressLimits: AddressLimits,
  { raw, headers, bytes, packing }: ArrivedBody,
): SentBody | Promise<SentBody> {
  const bound = inflationBound(bytes.length);
  const settle = addressLimits.takeBytes(raw, bound.bytes);
  const counted = (sent: SentBody): SentBody => {
    settle(Math.max(sent.bytes, sent.lines.length * lineBytes));
    return sent;
  };
  const failed = (error: unknown): never => {
    // What becomes too large was unzipped up to there.
    if (!(error instanceof RequestError && inflationErrors.has(error.code))) settle(bytes.length);
    throw error;
  };
  try {
    const sent = sentBody(bytes, headers['content-type'], packing, bound);
    return 'then' in sent ? sent.then(counted, failed) : counted(sent);
  } catch (error) {
    return failed(error);
  }
}
