import { eventJsonSchema } from '@millrace/sdk/schema';
import type { FastifyPluginAsync } from 'fastify';

/** `GET /v1/schema`: the event as JSON Schema. */
export const schema: FastifyPluginAsync = async (app) => {
  const body = JSON.stringify(eventJsonSchema(), null, 2);
  app.get('/schema', (_request, reply) =>
    reply.type('application/schema+json; charset=utf-8').header('cache-control', 'public, max-age=300').send(body),
  );
};
