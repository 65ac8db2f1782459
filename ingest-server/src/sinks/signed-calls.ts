import type { KinesisClient } from '@aws-sdk/client-kinesis';
import type { keepAliveHandler } from '@millrace/kit/keep-alive';
import { SignatureV4 } from '@smithy/signature-v4';
import { errorOf } from './aws-answer.js';

type RequestHandler = ReturnType<typeof keepAliveHandler>;

/** A request of the client before it is signed: endpoint, path and headers. */
type RequestTemplate = Parameters<RequestHandler['handle']>[0];

/** Signed calls of one kind. */
export interface SignedCalls {
  /** Whether the client has made such a call, which is then the template. */
  isReady(): boolean;
  /** The answer's text. @throws SinkError for a status other than 200, and whatever the transport throws */
  send(body: Buffer, abortSignal: AbortSignal): Promise<string>;
}

/**
 * AWS refuses signatures of a clock 5 minutes off. Below this, Date headers of whole seconds would only make it jitter.
 */
const maxSkewMs = 4 * 60_000;

/** Headers that belong to one call, or that the signature adds. */
const ownHeaders = new Set([
  'authorization',
  'x-amz-date',
  'x-amz-content-sha256',
  'x-amz-security-token',
  'content-length',
  'amz-sdk-invocation-id',
  'amz-sdk-request',
]);

async function textOf(stream: AsyncIterable<Buffer>): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of stream) parts.push(part);
  return Buffer.concat(parts).toString();
}

/**
 * Calls that repeat one of the official client: with its endpoint, headers, credentials (which it renews), transport
 * and signer, but without its chain of some twenty middlewares, which costs more than all of these together.
 */
export function createSignedCalls(client: KinesisClient, handler: RequestHandler, commandName: string): SignedCalls {
  let template: RequestTemplate | undefined;
  client.middlewareStack.add(
    (next, context) => (args) => {
      if (template === undefined && context.commandName === commandName) {
        const request = args.request as RequestTemplate;
        const headers = Object.entries(request.headers).filter(([name]) => !ownHeaders.has(name.toLowerCase()));
        template = { ...request, headers: Object.fromEntries(headers), body: undefined } as RequestTemplate;
      }
      return next(args);
    },
    { step: 'finalizeRequest', priority: 'low', name: 'requestTemplate' },
  );
  const { config } = client;
  const signer = new SignatureV4({
    service: 'kinesis',
    region: config.region,
    credentials: () => config.credentials(),
    sha256: config.sha256,
  });

  /** AWS's clock counts. The client uses the offset that is learned here, and the other way round. */
  function learnClock(date: string | undefined) {
    const offset = Date.parse(date ?? '') - Date.now();
    if (Math.abs(offset - config.systemClockOffset) > maxSkewMs) config.systemClockOffset = offset;
  }

  return {
    isReady: () => template !== undefined,
    async send(body, abortSignal) {
      const headers = { ...template!.headers, 'content-length': String(body.length) };
      const signed = await signer.sign(
        { ...template!, headers, body },
        { signingDate: new Date(Date.now() + config.systemClockOffset) },
      );
      const { response } = await handler.handle(signed as RequestTemplate, { abortSignal });
      const text = await textOf(response.body as AsyncIterable<Buffer>);
      learnClock(response.headers.date);
      if (response.statusCode !== 200) throw errorOf(response.statusCode, response.headers, text);
      return text;
    },
  };
}
