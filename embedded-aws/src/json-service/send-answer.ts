import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import type { AwsError } from './aws-error.js';

/** The AWS JSON 1.1 protocol: https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html */
const contentType = 'application/x-amz-json-1.1';

/** @param value an object, or JSON text that is ready to be sent */
export function sendJson(response: ServerResponse, value: object | Buffer, status = 200): void {
  const body = Buffer.isBuffer(value) ? value : Buffer.from(JSON.stringify(value));
  response.writeHead(status, {
    'content-type': contentType,
    'content-length': body.length,
    'x-amzn-requestid': randomUUID(),
  });
  response.end(body);
}

/** The error's name is in `__type`, as the protocol has it. */
export function sendAwsError(response: ServerResponse, error: AwsError): void {
  response.setHeader('x-amzn-errortype', error.name);
  sendJson(response, { __type: error.name, message: error.message }, error.status);
}
