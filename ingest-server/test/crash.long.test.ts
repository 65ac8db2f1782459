import { afterEach, expect, test } from '@jest/globals';
import { cleanUp } from './support/app.js';
import { sendThroughCrashes } from './support/crashes.js';

afterEach(cleanUp);

test.each(['SIGKILL', 'SIGTERM'] as const)(
  'forty times %s: no acknowledged event lost, no visitor out of order',
  async (signal) => {
    const report = await sendThroughCrashes({ rounds: 40, signal, clients: 8 });
    console.log(`${signal}: ${report.acknowledged} acknowledged, ${report.repeated} repeated`);
    expect({ missing: report.missing, outOfOrder: report.outOfOrder }).toEqual({ missing: [], outOfOrder: [] });
  },
  600_000,
);
