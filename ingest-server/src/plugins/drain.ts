import fp from 'fastify-plugin';

declare module 'fastify' {
  interface FastifyInstance {
    /** From now on `/readyz` says no, and each connection ends with its next answer; everything is still served. */
    drain(): void;
    isDraining(): boolean;
  }
}

/**
 * The first half of a quiet end. Who sends must be told to go elsewhere before the port closes: a balancer by `/readyz`, a kept connection by
 * `Connection: close`, because a request that is written into a connection which is being closed fails.
 */
export const drain = fp(
  async (app) => {
    let draining = false;
    app.decorate('isDraining', () => draining);
    app.decorate('drain', () => {
      if (draining) return;
      draining = true;
      app.server.prependListener('request', (_request, response) => {
        response.shouldKeepAlive = false;
      });
    });
  },
  { name: 'drain' },
);
