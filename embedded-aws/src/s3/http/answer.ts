import { randomBytes } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import type { S3Error } from '../errors.js';
import type { S3Request } from './request.js';
import { type XmlElement, xmlDocument } from './xml.js';

/** Answers without a body. */
export function sendEmpty(response: ServerResponse, status: number, headers: Record<string, string> = {}): void {
  response.writeHead(status, { ...requestIds(), ...headers });
  response.end();
}

/** Answers 200 with an XML document. */
export function sendXml(
  response: ServerResponse,
  root: string,
  content: XmlElement,
  headers: Record<string, string> = {},
): void {
  sendDocument(response, 200, xmlDocument(root, content), headers);
}

/** Answers with an `<Error>` document; to HEAD, without a body. */
export function sendError(response: ServerResponse, error: S3Error, { method, bucket, key }: Partial<S3Request>): void {
  const ids = requestIds();
  if (method === 'HEAD') {
    sendEmpty(response, error.status, { ...error.headers, ...ids });
    return;
  }
  const document = xmlDocument(
    'Error',
    {
      Code: error.code,
      Message: error.message,
      ...error.details,
      Resource: `/${bucket ?? ''}${key ? `/${key}` : ''}`,
      RequestId: ids['x-amz-request-id'],
      HostId: ids['x-amz-id-2'],
    },
    false,
  );
  sendDocument(response, error.status, document, { ...error.headers, ...ids });
}

function sendDocument(
  response: ServerResponse,
  status: number,
  document: string,
  headers: Record<string, string>,
): void {
  const body = Buffer.from(document);
  response.writeHead(status, {
    ...requestIds(),
    'content-type': 'application/xml',
    'content-length': String(body.length),
    ...headers,
  });
  response.end(body);
}

/** The headers that name a request, as AWS support asks for them. */
export function requestIds() {
  return {
    'x-amz-request-id': randomBytes(8).toString('hex').toUpperCase(),
    'x-amz-id-2': randomBytes(24).toString('base64'),
  };
}
