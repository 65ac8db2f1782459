import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { cbor, dateToTag } from '@smithy/core/cbor';
import { AwsError, parseJsonBody, readBody, sendAwsError, sendJson, targetOf } from '../json-protocol.js';
import { type AwsPart, whatThereIs } from '../part.js';
import type { MetricStore } from './metric-store.js';
import { answerCloudWatch } from './operations.js';
import { answerXml, errorXml, isQueryCall, parseForm } from './query-protocol.js';

/** The `x-amz-target` prefix of the service. */
export const cloudWatchTarget = 'GraniteServiceVersion20100801';

const maxBodyBytes = 1024 * 1024;
const cborPath = new RegExp(`^/service/${cloudWatchTarget}/operation/(\\w+)$`);

/** Whether a request without `x-amz-target` is CloudWatch's: today's SDKs speak CBOR (Smithy RPC v2), older ones send a form. */
export const isCloudWatchCall = (request: IncomingMessage): boolean => isCborCall(request) || isQueryCall(request);

const isCborCall = ({ url, headers }: IncomingMessage): boolean =>
  headers['smithy-protocol'] === 'rpc-v2-cbor' && cborPath.test(url ?? '');

/** As much of CloudWatch as it takes to read the metrics of the embedded services: by JSON, by CBOR and by the query protocol. */
export function openCloudWatch(store: MetricStore): AwsPart {
  async function handleJson(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const body = parseJsonBody(await readBody(request, maxBodyBytes));
      sendJson(response, inSeconds(answerCloudWatch(store, targetOf(request)!.operation, body)) as object);
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      sendAwsError(response, error);
    }
  }

  async function handleCbor(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let status = 200;
    let answer: unknown;
    try {
      const bytes = await readBody(request, maxBodyBytes);
      const body: unknown = bytes.length === 0 ? {} : cbor.deserialize(bytes);
      answer = tagged(answerCloudWatch(store, cborPath.exec(request.url!)![1]!, untagged(body)));
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      status = error.status;
      answer = { __type: `com.amazonaws.cloudwatch#${error.name}`, message: error.message };
    }
    response.writeHead(status, {
      'content-type': 'application/cbor',
      'smithy-protocol': 'rpc-v2-cbor',
      'x-amzn-requestid': randomUUID(),
    });
    response.end(cbor.serialize(answer));
  }

  async function handleQuery(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const requestId = randomUUID();
    let status = 200;
    let text: string;
    try {
      const { action, ours, input } = parseForm((await readBody(request, maxBodyBytes)).toString());
      if (!ours)
        throw new AwsError(
          'UnknownOperationException',
          `The embedded AWS does not have ${action || 'this operation'}; by the query protocol it has CloudWatch alone. ${whatThereIs}`,
        );
      text = answerXml(action, answerCloudWatch(store, action, input), requestId);
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      status = error.status;
      text = errorXml(error.name, error.message, requestId);
    }
    response.writeHead(status, { 'content-type': 'text/xml', 'x-amzn-requestid': requestId });
    response.end(text);
  }

  return {
    name: 'CloudWatch',
    handle: (request, response) =>
      isCborCall(request)
        ? handleCbor(request, response)
        : request.headers['x-amz-target'] === undefined
          ? handleQuery(request, response)
          : handleJson(request, response),
    async close() {},
  };
}

function mapDates(value: unknown, date: (value: Date) => unknown): unknown {
  if (value instanceof Date) return date(value);
  if (Array.isArray(value)) return value.map((item) => mapDates(item, date));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, mapDates(inner, date)]));
}

const inSeconds = (value: unknown) => mapDates(value, (date) => date.getTime() / 1000);
const tagged = (value: unknown) => mapDates(value, dateToTag);

/** A time comes as a number of seconds with the tag 1. */
function untagged(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(untagged);
  if (typeof value !== 'object' || value === null || value instanceof Date) return value;
  const { tag, value: inner } = value as { tag?: unknown; value?: unknown };
  if (tag === 1) return Number(inner);
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, untagged(member)]));
}
