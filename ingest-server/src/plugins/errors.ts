import { type RequestErrorCode, requestErrors } from '@millrace/sdk/schema';
import type { FastifyError } from 'fastify';
import fp from 'fastify-plugin';
import { errorBody, RequestError, retryAfterSeconds } from '../core/request-error.js';
import type { Log } from '../log.js';

/** Fastify's own refusals, in our words. */
function translate(error: FastifyError): RequestError | undefined {
  if (error instanceof RequestError) return error;
  const status = error.statusCode ?? 500;
  if (status === 413) return new RequestError('too_large', error.message);
  if (status === 415) return new RequestError('unsupported_type', error.message);
  if (status === 408) return new RequestError('too_slow', error.message);
  if (status >= 400 && status < 500) return new RequestError('unreadable', error.message);
  return undefined;
}

/** Every error, wherever it arises, is answered with `{"error":{"code","message"}}`. */
export const errors = fp<{ log: Log }>(
  async (app, { log }) => {
    app.setErrorHandler((thrown: FastifyError, _request, reply) => {
      const error = translate(thrown);
      if (error === undefined) log.error('a request failed by a fault of the server', { error: thrown.stack });
      const code: RequestErrorCode = error?.code ?? 'internal_error';
      if (requestErrors[code].retry) {
        reply.header('retry-after', error?.retryAfter ?? retryAfterSeconds());
        reply.header('access-control-expose-headers', 'retry-after');
      }
      return reply
        .code(requestErrors[code].status)
        .type('application/json; charset=utf-8')
        .send(errorBody(code, error?.message ?? requestErrors.internal_error.meaning));
    });
    app.setNotFoundHandler((request, reply) =>
      reply
        .code(404)
        .type('application/json; charset=utf-8')
        .send(
          errorBody(
            'not_found',
            `There is no ${request.method} ${request.url.split('?', 1)[0]}. Events go to POST /v1/events.`,
          ),
        ),
    );
  },
  { name: 'errors' },
);
