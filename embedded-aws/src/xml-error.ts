import type { ServerResponse } from 'node:http';
import type { AwsError } from './json-service/aws-error.js';

/** Answers a request that no JSON service takes with an error as S3 writes it. */
export function sendXmlError(response: ServerResponse, { name, message, status }: AwsError): void {
  const text = message.replace(/[<>&]/g, (character) => `&#${character.charCodeAt(0)};`);
  response.writeHead(status, { 'content-type': 'application/xml' });
  response.end(`<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${name}</Code><Message>${text}</Message></Error>`);
}
