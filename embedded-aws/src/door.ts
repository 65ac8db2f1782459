import type { IncomingMessage, ServerResponse } from 'node:http';
import { createHostCheck, isOriginOf } from '@millrace/kit/host-check';
import { AwsError } from './json-service/aws-error.js';
import { sendAwsError } from './json-service/send-answer.js';
import { sendXmlError } from './xml-error.js';

const shown = (text: string) => JSON.stringify(text.slice(0, 255));

/**
 * Who may come in. No signature is checked, so every page that a browser shows here could read and write the lake: one
 * of another site has its own name in `Origin` and, where it made that name point here, in `Host`.
 * @param hosts the names that are answered; empty for every name
 * @returns what is wrong with a request; undefined for one that may come in
 */
export function createDoor(hosts: readonly string[]): (request: IncomingMessage) => AwsError | undefined {
  const isHost = createHostCheck(hosts);
  const isOpen = hosts.length === 0;
  return ({ headers: { host, origin } }) => {
    if (!isHost(host)) {
      const named = host === undefined ? 'no host name' : `the host name ${shown(host)}`;
      const message = `The embedded AWS does not answer under ${named}: add it to MILLRACE_HOSTS, or to the option hosts.`;
      return new AwsError('WrongHost', message, 421);
    }
    if (isOpen || origin === undefined || isOriginOf(origin, isHost)) return undefined;
    const message = `The embedded AWS takes nothing from pages of ${shown(origin)}: add its host name to MILLRACE_HOSTS, or to the option hosts.`;
    return new AwsError('ForeignOrigin', message, 403);
  };
}

/** Answers as the service would that was asked, so that SDKs show the message. */
export function refuseStranger(request: IncomingMessage, response: ServerResponse, error: AwsError): void {
  if (request.headers['x-amz-target'] === undefined) sendXmlError(response, error);
  else sendAwsError(response, error);
}
