import { afterEach, expect, test } from '@jest/globals';
import { cleanUp } from './support/app.js';
import { fuzz } from './support/fuzz.js';

afterEach(cleanUp);

test('5,000 hostile requests: each is answered, none with a fault of the server, and every line that is stored can be read', async () => {
  const report = await fuzz({ requests: 5_000, seed: (Math.random() * 2 ** 32) >>> 0 });
  // A fuzzer that only ever hears one answer finds nothing.
  for (const status of [200, 400, 401, 403, 413, 415]) expect(report.statuses[status]).toBeGreaterThan(0);
  expect(report.accepted).toBeGreaterThan(report.requests / 10);
  expect(report.rejected).toBeGreaterThan(report.requests / 10);
  expect(report.stored).toBeGreaterThan(report.rejected);
}, 600_000);
