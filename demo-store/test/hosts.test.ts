import { afterEach, expect, test } from '@jest/globals';
import type { FastifyInstance } from 'fastify';
import { buildStore } from '../src/store.js';

let store: FastifyInstance;
afterEach(() => store.close());

const build = async (hosts?: string[]) => {
  store = await buildStore({ collectorUrl: 'http://localhost:8080', writeKey: 'demo', ...(hosts ? { hosts } : {}) });
};
const get = (url: string, host: string) => store.inject({ url, headers: { host } });

test('the store answers under the names of this machine alone, on every path', async () => {
  await build();
  for (const path of ['/', '/live', '/assets/none.css', '/nothing', '/books']) {
    for (const host of ['evil.example', 'localhost.evil.example:3000', '192.168.1.7:3000']) {
      const { statusCode, body } = await get(path, host);
      expect([path, statusCode]).toEqual([path, 421]);
      expect(body).toContain('MILLRACE_HOSTS');
    }
    for (const host of ['localhost:3000', '127.0.0.1', '[::1]:3000', 'shop.localhost'])
      expect((await get(path, host)).statusCode).not.toBe(421);
  }
});

test('and under the names that it is given; without any, under every name', async () => {
  await build(['shop.test']);
  expect((await get('/', 'shop.test:3000')).statusCode).toBe(200);
  expect((await get('/', 'localhost:3000')).statusCode).toBe(421);
  await store.close();
  await build([]);
  expect((await get('/', 'shop.example')).statusCode).toBe(200);
});
