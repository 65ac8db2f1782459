import { expect, test } from '@jest/globals';
import { answeredHosts, ingestHosts } from '../src/runtime/answered-hosts.js';

test.each([
  [{}, ['loopback'], 'loopback'],
  [{ MILLRACE_HOSTS: '' }, ['loopback'], 'loopback'],
  [
    { MILLRACE_HOSTS: 'host.docker.internal, *.shop.test' },
    ['loopback', 'host.docker.internal', '*.shop.test'],
    'loopback host.docker.internal *.shop.test',
  ],
  [{ MILLRACE_HOSTS: '*' }, [], '*'],
  [{ MILLRACE_HOST: '127.0.0.1' }, ['loopback'], 'loopback'],
  [{ MILLRACE_HOST: '::1' }, ['loopback'], 'loopback'],
  [{ MILLRACE_HOST: '0.0.0.0' }, ['loopback'], '*'],
  [{ MILLRACE_HOST: '0.0.0.0', MILLRACE_HOSTS: 'collect.test' }, ['loopback', 'collect.test'], 'loopback collect.test'],
])('with %j what runs on a laptop answers under %j, the ingest server under %s', (env, all, ingest) => {
  expect(answeredHosts(env)).toEqual(all);
  expect(ingestHosts(env)).toBe(ingest);
});

test.each(['https://shop.test', 'shop.test:80', 'a/b'])('a name that is none is told: %s', (name) => {
  expect(() => answeredHosts({ MILLRACE_HOSTS: `ok.test ${name}` })).toThrow(
    `MILLRACE_HOSTS: "${name}" is no host name`,
  );
});
