import fp from 'fastify-plugin';

declare module 'fastify' {
  interface FastifyInstance {
    /** From now on `/readyz` answers 503 and each connection ends with its next answer; everything is still served. */
    drain(): void;
    isDraining(): boolean;
  }
}

/**
 * The first half of a graceful shutdown. Senders must go elsewhere before the port closes: a balancer learns it from
 * `/readyz`, a kept connection from `Connection: close`. A request written into a closing connection would fail.
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
