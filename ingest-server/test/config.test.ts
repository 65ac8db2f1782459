import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import { isMillraceError } from '@millrace/kit/millrace-error';
import { defaultCatalogue } from '@millrace/sdk/schema';
import fc from 'fast-check';
import { isAllowed, parseOrigins } from '../src/core/admission/origins.js';
import { createKeyCheck } from '../src/core/admission/write-keys.js';
import { loadConfig } from '../src/index.js';
import { unknownSettings } from '../src/settings.js';
import { cleanUp, temporaryFolder, testApp } from './support/app.js';

afterEach(cleanUp);

function problemsOf(env: NodeJS.ProcessEnv): readonly string[] {
  try {
    loadConfig(env);
  } catch (error) {
    if (isMillraceError(error, 'BAD_SETTINGS') && error.exitCode === 2) {
      const [title, ...problems] = error.message.split('\n  ');
      expect(title).toBe('Invalid settings:');
      return problems;
    }
    throw error;
  }
  return [];
}

describe('the environment', () => {
  test('needs only write keys; the rest has defaults', () => {
    expect(loadConfig({ MILLRACE_WRITE_KEYS: 'demo, other', MILLRACE_PORT: '' })).toEqual({
      host: '0.0.0.0',
      port: 8080,
      stream: 'clickstream',
      writeKeys: [
        { key: 'demo', site: 'site_2a97516c' },
        { key: 'other', site: 'site_d9298a10' },
      ],
      origins: { common: [], byKey: new Map() },
      spoolFolder: '.millrace/spool',
      spoolMaxBytes: 2 ** 30,
      spread: 'visitor',
      lingerMs: 50,
      ackTimeoutMs: 2000,
      catalogue: defaultCatalogue,
      keyRequestsPerSecond: 0,
      addressRequestsPerSecond: 300,
      addressBytesPerSecond: 1_048_576,
      limitsAnyAddress: false,
      hosts: [],
      trustedProxies: [],
      shedDelayMs: 50,
      recentToken: undefined,
      drainMs: 1000,
      workers: 1,
      clientScript: undefined,
    });
  });

  test.each<[string, string[]]>([
    ['shop=KEY1,blog=KEY2', ['KEY1 shop', 'KEY2 blog']],
    ['shop=new, shop = old ,other', ['new shop', 'old shop', 'other site_d9298a10']],
    ['demo,demo', ['demo site_2a97516c']],
    ['a=k,a=k', ['k a']],
  ])('MILLRACE_WRITE_KEYS=%s: each key has a site', (text, expected) => {
    const { writeKeys } = loadConfig({ MILLRACE_WRITE_KEYS: text });
    expect(writeKeys.map(({ key, site }) => `${key} ${site}`)).toEqual(expected);
  });

  test.each([
    ['a=k,b=k', 'one key has two names: a and b'],
    ['k,a=k', 'one key has two names: site_'],
    ['Shop=k', 'the name "Shop" is not a lower-case letter'],
    ['=k', 'the name "" is not'],
    ['shop=', 'key 1 is not 1 to 64'],
    ['a=b=c', 'key 1 is not'],
    ['_other=k', 'the name "_other" is not'],
  ])('MILLRACE_WRITE_KEYS=%s is refused', (text, reason) => {
    expect(problemsOf({ MILLRACE_WRITE_KEYS: text })).toEqual([expect.stringContaining(reason)]);
  });

  test.each<[NodeJS.ProcessEnv, number, number, boolean]>([
    [{ MILLRACE_TRUSTED_PROXIES: '10.0.0.0/8' }, 300, 1_048_576, true],
    [{ MILLRACE_ADDRESS_REQUESTS_PER_SECOND: '7' }, 7, 1_048_576, true],
    [{ MILLRACE_ADDRESS_BYTES_PER_SECOND: '5000' }, 300, 5_000, true],
    [{ MILLRACE_ADDRESS_REQUESTS_PER_SECOND: '0', MILLRACE_ADDRESS_BYTES_PER_SECOND: '0' }, 0, 0, true],
  ])('%j: the limits of an address', (env, requests, bytes, any) => {
    const config = loadConfig({ MILLRACE_WRITE_KEYS: 'k', ...env });
    expect(config).toMatchObject({
      addressRequestsPerSecond: requests,
      addressBytesPerSecond: bytes,
      limitsAnyAddress: any,
    });
  });

  test('is refused with the whole list of what is wrong: name, value, what is expected', () => {
    const problems = problemsOf({
      MILLRACE_PORT: '80800',
      MILLRACE_STREAM: 'click stream',
      MILLRACE_WRITE_KEYS: 'a,,b c',
      MILLRACE_ORIGINS: 'https://shop.example/path',
      MILLRACE_SPREAD: 'evenly',
      MILLRACE_LINGER_MS: '1001',
      MILLRACE_SPOOL_MAX_BYTES: 'lots',
      MILLRACE_CATALOGUE: '/nowhere/catalogue.json',
      MILLRACE_TRUSTED_PROXIES: '10.0.0.0/33',
      MILLRACE_KEY_REQUESTS_PER_SECOND: '-1',
    });
    expect(problems).toHaveLength(10);
    for (const [i, words] of [
      'MILLRACE_PORT=80800 must be a port',
      'MILLRACE_STREAM=click stream must be the name of a Kinesis stream',
      'MILLRACE_WRITE_KEYS=a,,b c must be write keys',
      'MILLRACE_ORIGINS=https://shop.example/path must be the origins',
      'MILLRACE_SPOOL_MAX_BYTES=lots must be a number of bytes',
      'MILLRACE_SPREAD=evenly must be "visitor" (all events of a visitor in one shard) or "even"',
      'MILLRACE_LINGER_MS=1001 must be a number of milliseconds from 0 to 1000',
      'MILLRACE_CATALOGUE=/nowhere/catalogue.json must be the path',
      'MILLRACE_KEY_REQUESTS_PER_SECOND=-1 must be how many requests',
      'MILLRACE_TRUSTED_PROXIES=10.0.0.0/33 must be the addresses',
    ].entries()) {
      expect(problems[i]).toContain(words);
    }
    expect(problems[3]).toContain('without a path');
    expect(problems[7]).toContain('ENOENT');
    expect(problemsOf({})).toEqual([expect.stringContaining('MILLRACE_WRITE_KEYS= must be write keys')]);
    expect(problemsOf({ MILLRACE_WRITE_KEYS: 'a', MILLRACE_ORIGINS: 'b=*' })).toEqual([
      'MILLRACE_ORIGINS names the write key "b", which is not in MILLRACE_WRITE_KEYS',
    ]);
    expect(
      problemsOf({ MILLRACE_WRITE_KEYS: 'a', MILLRACE_WORKERS: '2', MILLRACE_RECENT_TOKEN: 'a-long-enough-secret' }),
    ).toEqual([expect.stringContaining('MILLRACE_RECENT_TOKEN needs MILLRACE_WORKERS=1')]);
    expect(
      problemsOf({ MILLRACE_WRITE_KEYS: 'a', MILLRACE_WORKERS: '4', MILLRACE_SPOOL_MAX_BYTES: '4194303' }),
    ).toEqual([
      expect.stringContaining('MILLRACE_SPOOL_MAX_BYTES=4194303 must be at least 1048576 (1 MiB) for each of the 4'),
    ]);
    expect(problemsOf({ MILLRACE_WRITE_KEYS: 'a', MILLRACE_LINGER_MS: '500', MILLRACE_ACK_TIMEOUT_MS: '900' })).toEqual(
      [expect.stringContaining('MILLRACE_LINGER_MS=500 must be at most half of MILLRACE_ACK_TIMEOUT_MS=900')],
    );
    expect(unknownSettings({ MILLRACE_PROT: '1', MILLRACE_PORT: '1', PATH: '' })).toEqual(['MILLRACE_PROT']);
  });

  test('is refused with what contradicts each other, too, whatever else is wrong', () => {
    expect(
      problemsOf({
        MILLRACE_PORT: 'none',
        MILLRACE_WRITE_KEYS: 'a',
        MILLRACE_ORIGINS: 'b=*;a=*',
        MILLRACE_WORKERS: '2',
        MILLRACE_RECENT_TOKEN: 'a-long-enough-secret',
      }),
    ).toEqual([
      expect.stringContaining('MILLRACE_PORT=none must be'),
      expect.stringContaining('MILLRACE_ORIGINS names the write key "b"'),
      expect.stringContaining('MILLRACE_RECENT_TOKEN needs MILLRACE_WORKERS=1'),
    ]);
    // What cannot be read contradicts nothing.
    expect(problemsOf({ MILLRACE_WRITE_KEYS: 'a b', MILLRACE_ORIGINS: 'b=*' })).toHaveLength(1);
  });

  test('does not show a secret that it refuses', () => {
    const [problem] = problemsOf({ MILLRACE_WRITE_KEYS: 'a', MILLRACE_RECENT_TOKEN: 'too-short' });
    expect(problem).toMatch(/^MILLRACE_RECENT_TOKEN=\(not shown\) must be a secret of 16 to 64 characters/);
  });

  test('trusts no proxies that the server could not start with, and starts with those that it takes', async () => {
    const proxies = (list: string) =>
      loadConfig({ MILLRACE_WRITE_KEYS: 'a', MILLRACE_TRUSTED_PROXIES: list }).trustedProxies;
    for (const everybody of ['0.0.0.0/0', '::/0', '10.0.0.1, ::/00']) {
      expect(() => proxies(everybody)).toThrow(`MILLRACE_TRUSTED_PROXIES=${everybody} must be the addresses`);
    }
    const { app } = await testApp({
      trustedProxies: proxies('0.0.0.0/1 128.0.0.0/1,::/1 ::ffff:10.0.0.0/104 fe80::1 10.0.0.0/32 ::1/128'),
    });
    expect((await app.inject('/healthz')).statusCode).toBe(200);
  });

  test('names a catalogue file; one that could pass the partitions is refused with the count', async () => {
    const file = join(await temporaryFolder(), 'catalogue.json');
    await writeFile(file, JSON.stringify({ pages: ['garden'], events: ['watered_plant'] }));
    const env = { MILLRACE_WRITE_KEYS: 'a', MILLRACE_CATALOGUE: file };
    expect(loadConfig(env).catalogue).toEqual({ pages: ['garden', 'cart'], events: ['watered_plant', 'page_view'] });
    const names = Array.from({ length: 30 }, (_, i) => `name_${i}`);
    await writeFile(file, JSON.stringify({ pages: names, events: names }));
    expect(problemsOf(env)[0]).toMatch(/31 pages × 31 events can fill \d+ partitions/);
    await writeFile(file, JSON.stringify({ pages: 'books' }));
    expect(problemsOf(env)[0]).toMatch(/pages/);
  });
});

describe('origins', () => {
  test.each([
    ['https://a.example', 'https://a.example', true],
    ['https://a.example', 'https://a.example.evil', false],
    ['https://a.example', 'http://a.example', false],
    ['https://*.a.example', 'https://shop.a.example', true],
    ['https://*.a.example', 'https://a.example', false],
    ['https://*.a.example', 'https://.a.example', false],
    ['https://*.a.example', 'https://evila.example', false],
    ['http://localhost:3000', 'http://localhost:3000', true],
    ['http://localhost:3000', 'http://localhost:3001', false],
    ['*', 'null', true],
    ['', 'https://a.example', false],
    ['k=https://b.example;https://a.example', 'https://a.example', false],
    ['k=https://b.example', 'https://b.example', true],
  ])('"%s" and %s: %s', (list, origin, allowed) => {
    expect(isAllowed(parseOrigins(list), 'k', origin)).toBe(allowed);
  });
});

test('a write key is known exactly when it is one of the list', () => {
  const key = fc.oneof(
    fc.string({ maxLength: 70 }),
    fc.string({ minLength: 64, maxLength: 66, unit: fc.constantFrom('a', 'b', 'é') }),
  );
  fc.assert(
    fc.property(fc.array(fc.stringMatching(/^[A-Za-z0-9_-]{1,64}$/), { maxLength: 4 }), key, (keys, candidate) => {
      const isKey = createKeyCheck(keys);
      expect(isKey(candidate)).toBe(keys.includes(candidate));
      for (const one of keys) expect(isKey(one)).toBe(true);
    }),
  );
  expect(createKeyCheck(['a'.repeat(64)])('a'.repeat(65))).toBe(false);
  expect(createKeyCheck(['demo'])('demo\0')).toBe(false);
});
