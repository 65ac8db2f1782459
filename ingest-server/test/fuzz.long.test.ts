import { afterEach, expect, test } from '@jest/globals';
import { cleanUp } from './support/app.js';
import { fuzz } from './support/fuzz.js';
import './fuzz.test.js';

afterEach(cleanUp);

/** The same seed gives the same requests; runs with others can go side by side. */
const seed = Number(process.env.MILLRACE_FUZZ_SEED ?? 1);

test('a million hostile requests: no fault of the server, no crash, no growth', async () => {
  const report = await fuzz({ requests: Number(process.env.MILLRACE_FUZZ_REQUESTS ?? 1_000_000), seed });
  console.log(JSON.stringify(report));
  expect(report.heap.late).toBeLessThan(report.heap.early + 48 * 1024 * 1024);
}, 7_200_000);
