import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type EmbeddedAws, startEmbeddedAws } from '../src/index.js';
import { handlers } from '../src/s3/handlers.js';

let aws: EmbeddedAws;
beforeAll(async () => {
  aws = await startEmbeddedAws();
});
afterAll(() => aws.stop());

/** The names that the page lists for a service. */
function listed(service: string): string[] {
  const page = readFileSync(new URL('../../../docs/embedded-aws.md', import.meta.url), 'utf8');
  const part = page.split('## Operations')[1]!.split('\n## ')[0]!.replaceAll('\n', ' ');
  const [, names] = new RegExp(`\\*\\*${service}\\*\\* \\([^)]*\\): ([^.]*)\\.`).exec(part)!;
  return names!.replace(' without expressions', '').split(/,\s+/).sort();
}

async function refusalOf(target: string): Promise<string> {
  const answer = await fetch(aws.url, {
    method: 'POST',
    headers: {
      'x-amz-target': target,
      'content-type': 'application/x-amz-json-1.1',
      'x-amz-date': '20261130T000000Z',
      authorization: 'AWS4-HMAC-SHA256 Credential=a/20261130/us-east-1/x/aws4_request, SignedHeaders=host, Signature=x',
    },
    body: '{}',
  });
  expect(answer.status).toBe(400);
  return answer.text();
}

test('docs/embedded-aws.md lists the operations of each service, and any other is refused with its name', async () => {
  for (const [service, target] of [
    ['Data Firehose', 'Firehose_20150804'],
    ['Kinesis', 'Kinesis_20131202'],
    ['Glue', 'AWSGlue'],
    ['CloudWatch', 'GraniteServiceVersion20100801'],
  ] as const) {
    const refusal = await refusalOf(`${target}.MakeCoffee`);
    expect(refusal).toContain('MakeCoffee');
    const [, supported] = /It supports ([^.]*)\./.exec(refusal)!;
    expect({ service, operations: listed(service) }).toEqual({
      service,
      operations: supported!.split(/, | and /).sort(),
    });
  }
  expect(listed('S3')).toEqual(Object.keys(handlers).sort());
});
