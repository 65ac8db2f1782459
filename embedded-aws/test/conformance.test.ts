import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { inForm, leavesOut } from '@millrace/testing/long-form';
import { needs, type Tool } from '@millrace/testing/needs';
import { type EmbeddedAws, startEmbeddedAws } from '../src/index.js';
import type { Caller, Promised, Service } from './conformance/caller.js';
import { cloudwatch } from './conformance/cloudwatch.js';
import { firehose } from './conformance/firehose.js';
import { glue } from './conformance/glue.js';
import { kinesis } from './conformance/kinesis.js';
import { pythonCaller } from './conformance/python-caller.js';
import { s3 } from './conformance/s3.js';
import { sdkCaller } from './conformance/sdk-caller.js';

/** docs/conformance.md, by its headings. */
const promises: { heading: string; service: Service; list: Promised[] }[] = [
  { heading: 'Data Firehose', service: 'firehose', list: firehose },
  { heading: 'Kinesis', service: 'kinesis', list: kinesis },
  { heading: 'S3', service: 's3', list: s3 },
  { heading: 'Glue', service: 'glue', list: glue },
  { heading: 'CloudWatch', service: 'cloudwatch', list: cloudwatch },
];

let aws: EmbeddedAws;
let state: string;
let url: string;
beforeAll(async () => {
  state = await mkdtemp(join(tmpdir(), 'millrace-conformance-'));
  aws = await startEmbeddedAws({ state, port: 0, timeScale: 120, log: () => {} });
  url = aws.url;
});
afterAll(async () => {
  await aws.stop();
  await rm(state, { recursive: true, force: true });
});

let count = 0;
/** A bucket may have it too. */
const unique = (prefix: string) => `${prefix}-${++count}`;

interface Client {
  open: () => Caller;
  services: readonly Service[];
  /** Takes every n-th line of each service, from the first on. */
  oneLineIn?: number;
}

function hold(name: string, { open, services, oneLineIn = 1 }: Client, ...tools: Tool[]): void {
  needs(...tools).describe(`docs/conformance.md holds for ${name}`, () => {
    let caller: Caller;
    beforeAll(() => {
      caller = open();
    });
    afterAll(() => caller?.close());
    for (const { heading, list, service } of promises)
      if (services.includes(service))
        describe(heading, () => {
          for (const { line, check } of list.filter((_, index) => index % oneLineIn === 0))
            test(line, () => check(caller, { unique, url }), 120_000);
        });
  });
}

hold('the AWS SDK for JavaScript', { open: () => sdkCaller(url), services: ['firehose', 'kinesis', 's3'] });
const all = promises.map(({ service }) => service);
// Each line costs the CLI half a second of CPU; botocore, on which it is built, has every line in both forms.
hold(
  `the AWS CLI${leavesOut('one line in eight of each service')}`,
  { open: () => pythonCaller('cli', url), services: all, oneLineIn: inForm(8, 1) },
  'aws-cli-in-python',
);
hold('botocore, and its models', { open: () => pythonCaller('botocore', url), services: all }, 'botocore');
hold(
  'botocore by the query protocol, which older clients speak',
  { open: () => pythonCaller('query', url), services: ['cloudwatch'] },
  'botocore',
);

test('docs/conformance.md lists what is tested, line by line, and nothing else', async () => {
  const page = await readFile(fileURLToPath(new URL('../../../docs/conformance.md', import.meta.url)), 'utf8');
  const listed = page
    .split(/^## /m)
    .slice(1)
    .map((section) => ({
      heading: section.slice(0, section.indexOf('\n')),
      lines: section
        .split(/^- /m)
        .slice(1)
        .map((line) => line.replace(/\s+/g, ' ').trim()),
    }));
  expect(listed).toEqual(promises.map(({ heading, list }) => ({ heading, lines: list.map(({ line }) => line) })));
});
