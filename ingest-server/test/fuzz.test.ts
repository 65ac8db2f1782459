import { afterEach, expect, test } from '@jest/globals';
import { inForm, leavesOut } from '@millrace/testing/long-form';
import { cleanUp } from './support/app.js';
import { fuzz } from './support/fuzz.js';

afterEach(cleanUp);

const requests = inForm(700, 5_000);

test(`${requests.toLocaleString('en')} hostile requests: each is answered, none with a fault of the server, and every line that is stored can be read${leavesOut('700 of 5,000 requests')}`, async () => {
  const report = await fuzz({ requests, seed: (Math.random() * 2 ** 32) >>> 0 });
  // A fuzzer that only ever hears one answer finds nothing.
  for (const status of [200, 400, 401, 403, 413, 415]) expect(report.statuses[status]).toBeGreaterThan(0);
  expect(report.accepted).toBeGreaterThan(report.requests / 10);
  expect(report.rejected).toBeGreaterThan(report.requests / 10);
  expect(report.stored).toBeGreaterThan(report.rejected);
}, 600_000);
