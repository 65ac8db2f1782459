import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { FastifyInstance } from 'fastify';
import request from 'supertest';
import { buildStore, departments, items, startStore } from '../src/index.js';

const collectorUrl = 'http://collector.example:8080';
let app: FastifyInstance;

beforeAll(async () => {
  app = await buildStore({ collectorUrl, writeKey: 'demo' });
  await app.ready();
});
afterAll(() => app.close());

const get = (path: string) => request(app.server).get(path);
const paths = [
  '/',
  '/cart',
  '/checkout',
  '/thanks',
  ...departments.map(({ page }) => `/${page}`),
  ...items.map(({ page, id }) => `/${page}/${id}`),
];

describe('every page', () => {
  test.each(paths)('%s has the tag as a customer pastes it, a title, one h1 and its landmarks', async (path) => {
    const { status, text, type } = await get(path);
    expect([status, type]).toEqual([200, 'text/html']);
    const department = departments.find(({ page }) => path.startsWith(`/${page}`))?.page;
    const page = department ?? (path === '/' ? 'storefront' : 'cart');
    expect(text).toContain(
      `<script async src="${collectorUrl}/millrace.js" data-key="demo" data-page="${page}"></script>`,
    );
    expect(text.match(/<h1[ >]/g)).toHaveLength(1);
    for (const landmark of ['<header', '<nav', '<main id="main"', '<footer']) expect(text).toContain(landmark);
    expect(text).toMatch(/<title>[^<]+ – XCorp<\/title>/);
    // Nothing from elsewhere but the tracker, nothing inline.
    expect([...text.matchAll(/\b(?:src|href)="([a-z]+:[^"]*)"/g)].map(([, address]) => address)).toEqual([
      `${collectorUrl}/millrace.js`,
    ]);
    expect(text).not.toMatch(/ style="|<style|<script>| on[a-z]+="/);
  });

  test('forbids by its policy what the tracker and the shop do not need', async () => {
    const { headers } = await get('/books/51');
    const policy = Object.fromEntries(
      headers['content-security-policy']!.split('; ').map((directive) => {
        const [name, ...sources] = directive.split(' ');
        return [name, sources.join(' ')];
      }),
    );
    expect(policy).toEqual({
      'default-src': "'none'",
      'script-src': `'self' ${collectorUrl}`,
      'connect-src': `'self' ${collectorUrl}`,
      'style-src': "'self'",
      'img-src': "'self'",
      'form-action': "'self'",
      'base-uri': "'none'",
      'frame-ancestors': "'none'",
      'require-trusted-types-for': "'script'",
      'trusted-types': "'none'",
    });
    expect(headers['x-content-type-options']).toBe('nosniff');
  });

  test.each(['/assets/store.js', '/assets/nothing.js', '/nothing', '/live', '/books/99', '/%zz'])(
    '%s has the policy too',
    async (path) => {
      const { headers } = await get(path);
      expect(headers['content-security-policy']).toContain("default-src 'none'");
      expect(headers['x-content-type-options']).toBe('nosniff');
    },
  );
});

describe('an item', () => {
  test('gives the tracker its fields, escaped, and its reviews and description to click', async () => {
    for (const item of items) {
      const { text } = await get(`/${item.page}/${item.id}`);
      expect(text).toContain(
        `<article class="item" data-item-id="${item.id}" data-item-name="${item.name}" data-item-price="${item.price}" data-currency="EUR">`,
      );
      expect(text.match(/data-track="clicked_review"/g)).toHaveLength(item.reviews.length);
      expect(text.match(/data-track="clicked_item_description"/g)).toHaveLength(1);
      expect(text.match(/data-track="liked_item"/g)).toHaveLength(1);
      expect(text).toContain('<svg class="art');
      expect(text).not.toContain('aria-hidden="true" focusable="false"></svg>');
    }
  });

  test('is found from another department, where it is', async () => {
    const { status, headers } = await get('/books/11');
    expect([status, headers.location]).toEqual([301, '/apparel/11']);
  });
});

describe('what is not there', () => {
  test.each([
    '/nothing',
    '/books/99',
    '/books/constructor',
    '/books/51/more',
    '/%3Cscript%3Ealert(1)%3C/script%3E',
    `/books/${'x'.repeat(5000)}`,
    '/live/events/x',
  ])('%s is 404 and says nothing of the path', async (path) => {
    const { status, text } = await get(path);
    expect(status).toBe(404);
    expect(text).not.toContain('alert(1)');
    expect(text).not.toContain('@millrace');
  });

  test.each(['/assets/..%2f..%2fpackage.json', '/assets/%2e%2e/%2e%2e/package.json', '/assets/../../package.json'])(
    '%s does not leave the folder',
    async (path) => {
      const { statusCode, payload } = await app.inject(path);
      expect([403, 404]).toContain(statusCode);
      expect(payload).not.toContain('@millrace');
    },
  );

  test('an unreadable address is 400, as a page', async () => {
    const { status, text } = await get('/%zz');
    expect([status, text.includes('<h1>That address cannot be read</h1>')]).toEqual([400, true]);
  });

  test('nothing can be posted', async () => {
    const { status } = await request(app.server).post('/checkout').send('card=4111');
    expect(status).toBe(404);
  });
});

describe('the live view without a feed', () => {
  test('says so, and what to do', async () => {
    const { text } = await get('/live');
    expect(text).toContain('This shop stands alone');
    expect(text).toContain('npm start');
    expect(text).not.toContain('<script');
    const events = await get('/live/events');
    expect([events.status, events.body.error]).toEqual([404, 'no_feed']);
  });
});

describe('options', () => {
  test.each([
    ['not an address', 'not a URL'],
    ['ftp://collector.example', 'neither http nor https'],
    ['http://user:secret@collector.example', 'user name or password'],
    ['http://collector.example/?a=b', 'has a query'],
    ["http://a;script-src'self'/", 'a policy cannot name'],
  ])('the collector at %p is refused', async (url, why) => {
    await expect(buildStore({ collectorUrl: url, writeKey: 'demo' })).rejects.toThrow(why);
  });

  test('an unusable write key is refused', async () => {
    await expect(buildStore({ collectorUrl, writeKey: '' })).rejects.toThrow('writeKey');
    await expect(buildStore({ collectorUrl, writeKey: 'two words' })).rejects.toThrow('writeKey');
  });

  test('a hostile write key stays inside its attribute', async () => {
    const hostile = await buildStore({ collectorUrl, writeKey: '"><script>alert(1)</script>' });
    for (const path of ['/', '/live', '/books/51', '/nothing', '/%zz']) {
      const { payload } = await hostile.inject(path);
      expect(payload).toContain('<h1>');
      expect(payload).not.toContain('<script>alert');
    }
    await hostile.close();
  });

  test('a collector under a path, or with a slash at its end, is taken as it is meant', async () => {
    const store = await buildStore({ collectorUrl: 'https://shop.example/collect/', writeKey: 'k' });
    const { payload, headers } = await store.inject('/');
    expect(payload).toContain('src="https://shop.example/collect/millrace.js"');
    expect(headers['content-security-policy']).toContain("script-src 'self' https://shop.example;");
    await store.close();
  });

  test('a place of the lake that is no web address does not become a link', async () => {
    const feed = { subscribe: () => () => {} };
    const store = await buildStore({ collectorUrl, writeKey: 'k', feed, links: { lake: 'javascript:alert(1)' } });
    const { payload } = await store.inject('/live');
    expect(payload).toContain('<code>javascript:alert(1)</code>');
    await store.close();
  });
});

describe('starting', () => {
  test('takes a free port, answers there, and a taken port is an error that names it', async () => {
    const store = await startStore({ collectorUrl, writeKey: 'demo', port: 0 });
    try {
      expect(store.url).toBe(`http://localhost:${store.port}`);
      expect((await fetch(`http://127.0.0.1:${store.port}/books`)).status).toBe(200);
      await expect(startStore({ collectorUrl, writeKey: 'demo', port: store.port })).rejects.toMatchObject({
        code: 'EADDRINUSE',
        message: `the store cannot listen on 127.0.0.1:${store.port}: the port is taken`,
      });
    } finally {
      await store.close();
    }
  });
});
