import fastifyCors from '@fastify/cors';
import fp from 'fastify-plugin';

/** Lets a page of any origin read an answer. */
export const readableAnswer = (origin: string | undefined) => ({
  vary: 'Origin',
  'access-control-allow-origin': origin ?? '*',
  'access-control-allow-credentials': 'true',
});

/**
 * Every origin may read the answers, refusals included: a developer then sees why in the console, and a tracker when to
 * come back. Who may send is decided by the write key and its list of origins, not here. The origin is named rather than `*`,
 * and credentials are allowed, because sendBeacon always sends them; none are used.
 */
export const cors = fp(
  async (app) => {
    // The library answers preflights. What it does to every other answer comes to three headers that are always the same, and one beside `retry-after`, where that is.
    await app.register(async (preflights) => {
      await preflights.register(fastifyCors, {
        origin: true,
        credentials: true,
        methods: ['GET', 'POST'],
        allowedHeaders: ['content-type', 'content-encoding'],
        exposedHeaders: ['retry-after'],
        // Browsers keep a preflight's answer for two hours at most.
        maxAge: 7200,
      });
    });
    app.addHook('onRequest', (request, reply, done) => {
      reply.headers(readableAnswer(request.headers.origin));
      done();
    });
  },
  { name: 'cors' },
);
