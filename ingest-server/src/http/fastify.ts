import { createServer } from 'node:http';
import type { Socket } from 'node:net';
import { systemClock } from '@millrace/kit/clock';
import { createHostCheck } from '@millrace/kit/host-check';
import Fastify, { type FastifyInstance } from 'fastify';
import type { Config } from '../config.js';
import type { Limiter } from '../core/admission/limiter.js';
import { createShedding } from '../core/admission/shedding.js';
import type { Delivery } from '../core/delivery/delivery.js';
import type { Metrics } from '../plugins/metric-counters.js';
import { type AddressLimits, createAddressLimits } from './address-limits.js';
import { createClientErrorHandler } from './client-error.js';
import { createConnectionGuard } from './connection-guard.js';
import { createEarlyRefusal } from './early-refusal.js';
import { watchEventLoop } from './event-loop.js';
import { createFlooders } from './flooders.js';
import { type AddressSettings, createSenderNetwork } from './sender-network.js';

/** What the HTTP server needs before it has routes. */
export interface FastifyOptions {
  config: Pick<Config, 'shedDelayMs' | 'hosts'> & AddressSettings;
  limiter: Limiter;
  delivery: Pick<Delivery, 'isFull'>;
  metrics: Metrics;
  /** How long a request may take to arrive. */
  requestTimeoutMs: number | undefined;
  /** For how long the refusal of an address is held back. */
  heldMs: number;
}

/** Fastify, and what its routes ask of the server below it. */
export interface Door {
  app: FastifyInstance;
  addressLimits: AddressLimits;
}

/** Fastify on an HTTP server with our time limits, early refusals and answers to broken HTTP; without any route. */
export function createFastify({ config, delivery, limiter, metrics, requestTimeoutMs, heldMs }: FastifyOptions): Door {
  const loop = config.shedDelayMs === 0 ? undefined : watchEventLoop();
  const shedding = loop && createShedding(loop, config.shedDelayMs);
  const refusesEarly = createEarlyRefusal({ shedding, delivery, metrics });
  const networks = createSenderNetwork(config);
  const flooders = createFlooders(networks, systemClock);
  const distrusted = new WeakSet<Socket>();
  const isHost = createHostCheck(config.hosts);
  const isTrusted = createConnectionGuard({ isHost, flooded: flooders.add, distrusted, metrics });
  const addressLimits = createAddressLimits({ networks, limiter, metrics, heldMs });
  const serverOptions = {
    // Cuts off a body that trickles in; 1 MiB takes 15 s at 560 kbit/s.
    requestTimeout: requestTimeoutMs ?? 15_000,
    headersTimeout: Math.min(10_000, requestTimeoutMs ?? 10_000),
    connectionsCheckingInterval: 1_000,
    // Longer than a load balancer keeps its side (60 s), so that it never sends into a connection that is being closed.
    keepAliveTimeout: 65_000,
  };
  const app = Fastify({
    logger: false,
    serverFactory: (handle) =>
      createServer(serverOptions, (request, response) => {
        if (!isTrusted(request, response)) return;
        addressLimits.admit(request, response, () => {
          if (!response.destroyed && !refusesEarly(request, response)) handle(request, response);
        });
      }),
    forceCloseConnections: 'idle',
    // While closing, requests on open connections are still served.
    return503OnClosing: false,
    clientErrorHandler: createClientErrorHandler(metrics, (socket) => distrusted.has(socket)),
    // A client that is no trusted proxy may write anything into X-Forwarded-For.
    trustProxy: config.trustedProxies.length > 0 ? [...config.trustedProxies] : false,
    // Proxies add slashes: `proxy_pass http://ingest/;` in nginx makes //v1/events of /v1/events.
    routerOptions: { maxParamLength: 100, ignoreTrailingSlash: true, ignoreDuplicateSlashes: true },
  });
  flooders.watch(app.server);
  app.addHook('preClose', async () => addressLimits.release());
  app.addHook('onClose', async () => loop?.stop());
  return { app, addressLimits };
}
