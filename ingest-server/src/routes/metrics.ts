import type { FastifyPluginAsync } from 'fastify';
import type { Metrics } from '../plugins/metrics.js';

/** `GET /metrics`, for Prometheus. */
export const metricsRoute: FastifyPluginAsync<{ metrics: Metrics }> = async (app, { metrics }) => {
  app.get('/metrics', async (_request, reply) =>
    reply.type(metrics.registry.contentType).send(await metrics.registry.metrics()),
  );
};
