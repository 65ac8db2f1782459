import { fileURLToPath } from 'node:url';
import fastifyStatic from '@fastify/static';
import { createHostCheck, loopback } from '@millrace/kit/host-check';
import Fastify, { type FastifyInstance, type FastifyReply } from 'fastify';
import { layout, type Page, type Shop } from './html/layout.js';
import { departments, itemById } from './items/index.js';
import { createLiveHub } from './live/hub.js';
import { liveRoutes } from './live/routes.js';
import { checkedWriteKey, collectorOf, type StoreOptions } from './options.js';
import { cartPage } from './pages/cart.js';
import { checkoutPage } from './pages/checkout.js';
import { departmentPage } from './pages/department.js';
import { frontPage } from './pages/front.js';
import { itemPage } from './pages/item.js';
import { badRequestPage, failurePage, notFoundPage } from './pages/message.js';
import { thanksPage } from './pages/thanks.js';
import { securityHeaders } from './security-headers.js';

const assets = fileURLToPath(new URL('../../public', import.meta.url));

/**
 * The shop and the live view as a Fastify app, ready for `listen` or `inject`. Closing it ends the live view's streams.
 * @throws TypeError when a page cannot use the collector's address or the write key
 */
export async function buildStore(options: StoreOptions): Promise<FastifyInstance> {
  const collector = collectorOf(options.collectorUrl);
  const shop: Shop = { trackerUrl: collector.trackerUrl, writeKey: checkedWriteKey(options.writeKey) };
  const log = options.log ?? (() => {});
  const headers = securityHeaders(collector.origin);
  const isHost = createHostCheck(options.hosts ?? [loopback]);

  const app = Fastify({
    // No route takes a body.
    bodyLimit: 1024,
    // Browsers open connections ahead and leave them unused: closing does not wait for them. Pages take milliseconds.
    forceCloseConnections: true,
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: 256 },
    frameworkErrors: (error, _request, reply) => {
      const answer = reply as unknown as FastifyReply;
      answer.headers(headers);
      // No page has a name this long.
      if (error.code === 'FST_ERR_MAX_PARAM_LENGTH') show(answer.code(404), notFoundPage());
      else show(answer.code(400), badRequestPage());
    },
  });

  function show(reply: FastifyReply, page: Page): FastifyReply {
    return reply.type('text/html; charset=utf-8').send(layout(shop, page));
  }

  app.addHook('onRequest', async (request, reply) => {
    const { host } = request.headers;
    if (isHost(host)) return;
    const named = host === undefined ? 'no host name' : JSON.stringify(host.slice(0, 255));
    return reply.code(421).type('text/plain').send(`The store does not answer under ${named}: see MILLRACE_HOSTS.\n`);
  });
  app.addHook('onSend', async (_request, reply) => {
    reply.headers(headers);
    // Cached, but revalidated each time: a new version of the shop shows at once.
    if (!reply.hasHeader('cache-control')) reply.header('cache-control', 'no-cache');
  });
  app.setNotFoundHandler((_request, reply) => show(reply.code(404), notFoundPage()));
  app.setErrorHandler<Error & { statusCode?: number }>((error, request, reply) => {
    const status = error.statusCode ?? 500;
    if (status < 500) return show(reply.code(status), badRequestPage());
    log(`store: ${request.method} ${request.url} failed: ${error.stack ?? error.message}`);
    return show(reply.code(500), failurePage());
  });

  await app.register(fastifyStatic, { root: assets, prefix: '/assets/', cacheControl: false, index: false });

  app.get('/', (_request, reply) => show(reply, frontPage()));
  app.get('/cart', (_request, reply) => show(reply, cartPage()));
  app.get('/checkout', (_request, reply) => show(reply, checkoutPage()));
  app.get('/thanks', (_request, reply) => show(reply, thanksPage()));
  for (const { page } of departments) {
    app.get(`/${page}`, (_request, reply) => show(reply, departmentPage(page)));
    app.get<{ Params: { id: string } }>(`/${page}/:id`, (request, reply) => {
      const item = itemById(request.params.id);
      if (!item) return show(reply.code(404), notFoundPage());
      if (item.page !== page) return reply.redirect(`/${item.page}/${item.id}`, 301);
      return show(reply, itemPage(item));
    });
  }

  const hub = options.feed && createLiveHub(options.feed);
  liveRoutes(app, { hub, headers, links: options.links ?? {}, writeKey: shop.writeKey, log });
  return app;
}
