import { type RequestErrorCode, requestErrors } from '@millrace/sdk/schema';
import type { FastifyError } from 'fastify';
import fp from 'fastify-plugin';
import type { Envelope } from '../core/intake/envelope.js';
import { RequestError } from '../core/request-error.js';
import { corsHeaders, refusalBody, refusalHeaders } from '../http/refusal.js';
import type { Log } from '../log.js';
import { refusedBatchOf } from '../routes/v1/events-query.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** The code of the refusal; undefined where there is none. */
    refusedWith: RequestErrorCode | undefined;
    /** The body's first line, as soon as it is read, where it is an envelope. */
    envelope: Envelope | undefined;
  }
}

/** Fastify's own refusals, in the codes of the error table; undefined for a fault of the server. */
function translate(error: FastifyError): RequestError | undefined {
  if (error instanceof RequestError) return error;
  const status = error.statusCode ?? 500;
  if (status === 413) return new RequestError('too_large', error.message);
  if (status === 415) return new RequestError('unsupported_type', error.message);
  if (status === 408) return new RequestError('too_slow', error.message);
  if (status >= 400 && status < 500) return new RequestError('unreadable', error.message);
  return undefined;
}

/**
 * Answers every error, wherever it is thrown, with `{"batch","error":{"code","message"}}`. The tracker gives a batch up
 * only when the refusal names it.
 */
export const errors = fp<{ log: Log }>(
  async (app, { log }) => {
    app.decorateRequest('refusedWith', undefined);
    app.decorateRequest('envelope', undefined);
    app.setErrorHandler((thrown: FastifyError, request, reply) => {
      const error = translate(thrown);
      if (error === undefined) log.error('a request failed: internal error', { error: thrown.stack });
      const code: RequestErrorCode = error?.code ?? 'internal_error';
      request.refusedWith = code;
      return reply
        .code(requestErrors[code].status)
        .headers(refusalHeaders(code, error?.retryAfterS))
        .send(
          refusalBody(
            code,
            error?.message ?? requestErrors.internal_error.meaning,
            refusedBatchOf(request.query, request.envelope),
          ),
        );
    });
    app.setNotFoundHandler(({ method, url, headers }, reply) => {
      const message = `There is no ${method} ${url.split('?', 1)[0]}. Events go to POST /v1/events.`;
      // Pages of all origins may read it: a developer whose endpoint is wrong sees where events go.
      reply.headers({ ...corsHeaders(headers.origin), ...refusalHeaders('not_found') });
      return reply.code(404).send(refusalBody('not_found', message));
    });
  },
  { name: 'errors' },
);
