import type { ServerResponse } from 'node:http';
import type { FastifyPluginAsync, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { createKeyCheck } from '../../core/admission/write-keys.js';
import type { RecentEvent, RecentEvents, RecentFilter } from '../../core/recent-events.js';
import { RequestError } from '../../core/request-error.js';

/** The events to show, and the token for reading them. */
export interface RecentOptions {
  recent: RecentEvents;
  /** Readers send it as `Authorization: Bearer …` or, from an EventSource, as `?token=…`. */
  token: string;
}

const querySchema = z.strictObject({
  status: z.enum(['good', 'bad']).optional(),
  event_id: z.string().max(64).optional(),
  after: z.coerce.number().int().min(0).optional(),
  limit: z.coerce.number().int().min(1).max(1_000).optional(),
  wait_ms: z.coerce.number().int().min(0).max(30_000).default(0),
  token: z.string().optional(),
});

const defaultLimit = 100;
const maxFollowers = 20;
const heartbeatMs = 15_000;

function parseQuery(query: unknown): z.infer<typeof querySchema> {
  const result = querySchema.safeParse(query);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new RequestError(
    'unreadable',
    `${issue!.path.join('.') || 'the query'}: ${issue!.message}. Parameters: status=good|bad, event_id, after, limit (to 1000), wait_ms (to 30000).`,
  );
}

/**
 * `GET /v1/recent?status=good|bad&event_id=…`: the last events as they were stored, for the senders' test suites. With
 * `wait_ms` the answer waits for the first match, if there is none yet; `after`, an event's number, goes on behind it.
 * `GET /v1/recent/stream` sends all of them, or the last `limit`, and then new ones, as server-sent events; a reader
 * that reconnects, or is slow, misses none that is still kept.
 */
export const recentRoutes: FastifyPluginAsync<RecentOptions> = async (app, { recent, token }) => {
  const isToken = createKeyCheck([token]);
  const enders = new Set<() => void>();
  // Waiting readers must not hold up the shutdown.
  app.addHook('preClose', async () => {
    for (const end of enders) end();
  });

  app.addHook('onRequest', async (request: FastifyRequest) => {
    const { authorization = '' } = request.headers;
    const sent = authorization.startsWith('Bearer ')
      ? authorization.slice('Bearer '.length)
      : (request.query as { token?: unknown }).token;
    if (typeof sent !== 'string' || !isToken(sent)) {
      throw new RequestError(
        'wrong_key',
        'the token is missing or wrong: send MILLRACE_RECENT_TOKEN as Authorization: Bearer …',
      );
    }
  });

  /** Resolves with the first matching event, or with none when the time is over. */
  function first(filter: RecentFilter, waitMs: number): Promise<RecentEvent[]> {
    return new Promise((resolve) => {
      const end = (events: RecentEvent[]) => {
        clearTimeout(timer);
        stop();
        enders.delete(giveUp);
        resolve(events);
      };
      const giveUp = () => end([]);
      const timer = setTimeout(giveUp, waitMs);
      const stop = recent.follow(filter, (event) => end([event]));
      enders.add(giveUp);
    });
  }

  app.get('/recent', async (request, reply) => {
    const { limit = defaultLimit, wait_ms, ...filter } = parseQuery(request.query);
    let events = recent.list(filter, limit);
    if (events.length === 0 && wait_ms > 0) events = await first(filter, wait_ms);
    return reply.header('cache-control', 'no-store').send({ events });
  });

  app.get('/recent/stream', async (request, reply) => {
    const { limit, wait_ms, ...filter } = parseQuery(request.query);
    if (enders.size >= maxFollowers) {
      throw new RequestError('too_many_requests', `there are ${maxFollowers} readers already: close one`);
    }
    const last = Number(request.headers['last-event-id'] ?? Number.NaN);
    if (Number.isSafeInteger(last)) filter.after = last;
    reply.hijack();
    const { raw } = reply;
    raw.writeHead(200, {
      ...(reply.getHeaders() as Record<string, string>),
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    });
    raw.write('retry: 2000\n\n');
    // A reader that does not read would hold up the shutdown.
    const end = () => (raw.writableNeedDrain ? raw.destroy() : raw.end());
    enders.add(end);
    const stop = follow(raw, filter, limit);
    raw.on('close', () => {
      stop();
      enders.delete(end);
    });
  });

  /** Sends kept and new events, no faster than they are read: a slow reader catches up from the kept ones. */
  function follow(raw: ServerResponse, filter: RecentFilter, limit: number | undefined): () => void {
    let sent = filter.after;
    if (sent === undefined && limit !== undefined) sent = (recent.list(filter, limit)[0]?.number ?? 1) - 1;
    let isBehind = true;
    let isStuck = false;

    function send(event: RecentEvent) {
      raw.write(`id: ${event.number}\nevent: ${event.status}\ndata: ${JSON.stringify(event)}\n\n`);
      sent = event.number;
      isBehind = raw.writableNeedDrain;
    }

    function catchUp() {
      isStuck = false;
      isBehind = false;
      for (const event of recent.list({ ...filter, after: sent ?? 0 }, Infinity)) {
        send(event);
        if (isBehind) return;
      }
    }

    raw.on('drain', catchUp);
    catchUp();
    const stop = recent.follow(filter, (event) => {
      if (!isBehind) send(event);
    });
    const heartbeat = setInterval(() => {
      // It has not read since the last heartbeat: it may be gone.
      if (isStuck) raw.destroy();
      else if (raw.writableNeedDrain) isStuck = true;
      else raw.write(': still here\n\n');
    }, heartbeatMs);
    return () => {
      clearInterval(heartbeat);
      stop();
    };
  }
};
