import type { FastifyInstance } from 'fastify';
import { openEventStream } from './event-stream.js';
import type { LiveClient, LiveHub } from './hub.js';
import { liveLimits } from './limits.js';
import { livePage } from './page.js';

/** What the live view's routes need. */
export interface LiveRoutesOptions {
  hub: LiveHub | undefined;
  headers: Record<string, string>;
  links: { lake?: string };
  writeKey: string;
  log(line: string): void;
}

const noFeed = { error: 'no_feed', message: 'This store was started without a pipeline. Start both with: npm start' };

/** `/live`, the stream of steps at `/live/events`, and one event at `/live/event?identity=…`. */
export function liveRoutes(app: FastifyInstance, { hub, headers, links, writeKey, log }: LiveRoutesOptions): void {
  app.get('/live', (_request, reply) =>
    reply.type('text/html; charset=utf-8').send(livePage({ hasFeed: hub !== undefined, links, writeKey })),
  );

  app.get<{ Querystring: { visitor?: unknown } }>('/live/events', { exposeHeadRoute: false }, (request, reply) => {
    if (!hub) return reply.code(404).send(noFeed);
    if (hub.size.clients >= liveLimits.clients) {
      return reply
        .code(503)
        .header('retry-after', '10')
        .send({ error: 'too_many', message: `${liveLimits.clients} browsers are watching already; try again later` });
    }
    const { visitor } = request.query;
    reply.hijack();
    const stream = openEventStream(reply.raw, {
      headers,
      unreadBytes: liveLimits.unreadBytes,
      heartbeatMs: liveLimits.heartbeatMs,
      onEnd(reason) {
        hub.remove(client);
        if (reason === 'too slow') log('live view: disconnected a browser that was too slow');
      },
    });
    const client: LiveClient = {
      visitorId: typeof visitor === 'string' && visitor.length <= 64 ? visitor : undefined,
      ...stream,
    };
    hub.add(client);
    return reply;
  });

  app.get<{ Querystring: { identity?: unknown } }>('/live/event', (request, reply) => {
    if (!hub) return reply.code(404).send(noFeed);
    const found = hub.find(String(request.query.identity));
    if (!found) {
      return reply.code(404).send({
        error: 'not_kept',
        message: `The live view keeps the last ${liveLimits.followedEvents} events that it showed. This one may be in the lake.`,
      });
    }
    return reply
      .header('cache-control', 'no-store')
      .send({ steps: Object.values(found.steps), line: found.line ?? null });
  });

  // Streams never end by themselves: close them before the server waits for its connections.
  app.addHook('preClose', async () => hub?.close());
}
