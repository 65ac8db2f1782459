import type { FastifyPluginAsync } from 'fastify';
import type { Metrics } from '../plugins/metric-counters.js';

/** What the route serves. */
export interface MetricsRouteOptions {
  metrics: Metrics;
  /** Returns the metrics of all processes, if there are several. */
  read?: () => Promise<string>;
  /** For how long an answer is given again: anybody may ask, and making one takes milliseconds. */
  intervalMs: number;
}

/** `GET /metrics`, for Prometheus. */
export const metricsRoute: FastifyPluginAsync<MetricsRouteOptions> = async (
  app,
  { metrics: { registry }, read = () => registry.metrics(), intervalMs },
) => {
  let madeAt = Number.NEGATIVE_INFINITY;
  let made: Promise<string>;
  function latest(): Promise<string> {
    const now = performance.now();
    if (now - madeAt >= intervalMs) {
      madeAt = now;
      made = read();
    }
    return made;
  }
  app.get('/metrics', async (_request, reply) => reply.type(registry.contentType).send(await latest()));
};
