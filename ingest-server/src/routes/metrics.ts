import type { FastifyPluginAsync } from 'fastify';
import type { Metrics } from '../plugins/metric-counters.js';

/** `GET /metrics`, for Prometheus; `read` returns those of all processes, if there are several. */
export const metricsRoute: FastifyPluginAsync<{ metrics: Metrics; read?: () => Promise<string> }> = async (
  app,
  { metrics: { registry }, read = () => registry.metrics() },
) => {
  app.get('/metrics', async (_request, reply) => reply.type(registry.contentType).send(await read()));
};
