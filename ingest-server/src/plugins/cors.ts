import fastifyCors from '@fastify/cors';
import fp from 'fastify-plugin';
import { corsHeaders } from '../http/refusal.js';

/**
 * Every origin may read the answers, refusals included: a developer sees the reason in the console, and a tracker when
 * to come back. Which page may send is decided by the write key and its list of origins, not here.
 */
export const cors = fp(
  async (app) => {
    // The library answers preflights, and allows the headers that they ask for: tools for tracing add theirs to every
    // request of a page, and `*` does not count where credentials are allowed. All other answers get the same three
    // headers from the hook below.
    await app.register(
      fp(
        async (preflights) => {
          await preflights.register(fastifyCors, {
            origin: true,
            credentials: true,
            methods: ['GET', 'POST'],
            exposedHeaders: ['retry-after'],
            // In seconds; browsers keep a preflight's answer for two hours at most.
            maxAge: 7200,
          });
        },
        { name: 'preflights', encapsulate: true },
      ),
    );
    app.addHook('onRequest', (request, reply, done) => {
      reply.headers(corsHeaders(request.headers.origin));
      done();
    });
  },
  { name: 'cors' },
);
