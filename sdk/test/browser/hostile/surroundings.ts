import { type Denied, groupOf } from './feature.js';

/** What a page with an origin of its own has not. */
export const opaque: readonly Denied[] = ['origin', 'localStorage', 'IndexedDB', 'others'];

const withFetch = (code: string) => `{ const own = window.fetch; window.fetch = ${code}; }`;

/** What pages do to requests, before the tracker came and after. */
export const requests = groupOf('fetch', 0.35, [
  {
    name: 'adds headers',
    before: withFetch(`(url, init) => own(url, { ...init, headers: { traceparent: '00-0', 'x-request-id': '7' } })`),
  },
  {
    name: 'makes a Request',
    before: withFetch(`(url, init) => own(new Request(url, init))`),
  },
  {
    name: 'waits and clones',
    before: withFetch(`async (...given) => {
      const response = await own(...given); await new Promise((done) => shop.later(done, 30));
      response.clone().text().then((text) => (window.said = text)); return response; }`),
  },
  {
    name: 'answers another object',
    before: withFetch(`async (...given) => { const response = await own(...given); const text = await response.text();
      return new Response(text, { status: response.status, headers: response.headers }); }`),
  },
  {
    name: 'is that of an old polyfill',
    before: `window.fetch = (url, { method, body } = {}) => new Promise((resolve, reject) => {
      const request = new XMLHttpRequest(); request.open(method || 'GET', url);
      request.onload = () => resolve({ status: request.status, ok: true, headers: { get: (name) => request.getResponseHeader(name) },
        text: () => Promise.resolve(request.responseText), json: () => Promise.resolve(JSON.parse(request.responseText)) });
      request.onerror = () => reject(new TypeError('of the page')); request.send(body); });`,
  },
  { name: 'fails after', after: `window.fetch = () => { throw new Error('of the page'); };` },
  { name: 'answers by itself after', after: `window.fetch = async () => new Response('{"accepted":9}');` },
  { name: 'is gone after', after: 'window.fetch = window.fetchLater = undefined;' },
]);

const throwing = (name: string) =>
  `Object.defineProperty(window, '${name}', { get() { throw new DOMException('of the page', 'SecurityError'); } });`;

/** What pages and browsers do to storage. */
export const storages = groupOf('storage', 0.3, [
  { name: 'localStorage is blocked', before: throwing('localStorage'), denies: ['localStorage'] },
  {
    name: 'localStorage is null',
    before: `Object.defineProperty(window, 'localStorage', { value: null });`,
    denies: ['localStorage'],
  },
  {
    name: 'localStorage is an object',
    before: `Object.defineProperty(window, 'localStorage', { value: {} });`,
    denies: ['localStorage'],
  },
  {
    name: 'localStorage is full',
    before: `Storage.prototype.setItem = () => { throw new DOMException('of the page', 'QuotaExceededError'); };`,
    denies: ['localStorage'],
  },
  { name: 'IndexedDB is blocked', before: throwing('indexedDB'), denies: ['IndexedDB'] },
  {
    name: 'no IndexedDB',
    before: `Object.defineProperty(window, 'indexedDB', { value: undefined });`,
    denies: ['IndexedDB'],
  },
  {
    name: 'IndexedDB fails',
    before: `IDBFactory.prototype.open = () => { throw new DOMException('of the page', 'UnknownError'); };`,
    denies: ['IndexedDB'],
  },
  { name: 'IndexedDB never answers', before: `IDBFactory.prototype.open = () => ({});`, denies: ['IndexedDB'] },
  {
    name: 'both are blocked',
    before: throwing('localStorage') + throwing('indexedDB'),
    denies: ['localStorage', 'IndexedDB'],
  },
  {
    name: 'localStorage is cleared',
    after: `shop.later(() => { try { window.localStorage.clear(); } catch {} }, 60);`,
    denies: ['keeping'],
  },
]);

/** Content security policies. `{collector}` and `{hash}` stand for the collector's origin and the script's hash. */
export const policies = groupOf('policy', 0.35, [
  { name: 'requests to the site alone', policy: `connect-src 'self'`, denies: ['requests'] },
  { name: 'a nonce', policy: `script-src 'nonce-shop'; connect-src {collector}` },
  {
    name: 'the hash of the script',
    policy: `script-src 'nonce-shop' '{hash}'; connect-src {collector}`,
    denies: ['others'],
  },
  {
    name: 'strict, with Trusted Types',
    policy: `script-src 'nonce-shop' 'strict-dynamic'; object-src 'none'; base-uri *; require-trusted-types-for 'script'; trusted-types 'none'`,
    denies: ['others'],
  },
  {
    name: 'nothing but what is needed',
    policy: `default-src 'none'; script-src 'nonce-shop'; connect-src {collector}; style-src 'unsafe-inline'`,
  },
  { name: 'a sandbox', policy: 'sandbox allow-scripts allow-same-origin allow-top-navigation allow-forms' },
  { name: 'a sandbox with another origin', policy: 'sandbox allow-scripts allow-top-navigation', denies: opaque },
]);

const worker = (answer: string) => `self.addEventListener('install', () => self.skipWaiting());
  self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()));
  self.addEventListener('fetch', (event) => { ${answer} });`;

/** Service workers of the site. */
export const workers = groupOf('service worker', 0.2, [
  { name: 'passes all on', worker: worker('event.respondWith(fetch(event.request));') },
  {
    name: 'has an offline page',
    worker: worker(`event.respondWith(fetch(event.request).catch(() =>
      new Response('<h1>Offline</h1>', { status: 200, headers: { 'content-type': 'text/html' } })));`),
  },
  {
    name: 'answers the first requests by its offline page',
    worker: worker(`self.count = (self.count || 0) + (event.request.method === 'POST');
      if (event.request.method === 'POST' && self.count <= 2) event.respondWith(new Response('<h1>Offline</h1>'));`),
  },
  {
    name: 'clones and keeps all',
    worker:
      worker(`event.respondWith((async () => { const copy = event.request.clone(); await copy.text().catch(() => '');
      return fetch(event.request); })());`),
  },
]);
