import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { inForm, leavesOut } from '@millrace/testing/long-form';
import { createFunctions, type Functions } from '../src/firehose/functions/functions.js';
import type { FunctionLimits } from '../src/firehose/functions/lambda-function.js';
import { unmetered } from '../src/firehose/meter.js';
import { createTransform } from '../src/firehose/route/lambda/transform.js';
import { type DeliveryWorker, startWorker } from '../src/firehose/worker.js';
import {
  configure,
  fakeBucket,
  fakePositions,
  fakeStream,
  hastyClock,
  until,
  workerBetween,
} from './firehose-fakes.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-functions-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const opened: Functions[] = [];
const workers: DeliveryWorker[] = [];
afterEach(async () => {
  await Promise.all(workers.splice(0).map((worker) => worker.stop(0)));
  await Promise.all(opened.splice(0).map((functions) => functions.close()));
});

let modules = 0;
function functionOf(source: string, limits: Partial<FunctionLimits> = {}): Functions {
  const path = join(folder, `${modules++}.mjs`);
  writeFileSync(path, source);
  const functions = createFunctions({ transform: path }, limits);
  opened.push(functions);
  return functions;
}

const arn = 'arn:aws:lambda:us-east-1:000000000000:function:transform';
const call = async (functions: Functions, event: object, signal = new AbortController().signal) =>
  (await functions.find(arn))(event, signal);

/** Passes records on, but for those that say `bad`. */
const transforming = (bad: string) => `
  export const handler = async ({ records }) => {
    const texts = records.map(({ data }) => Buffer.from(data, 'base64').toString());
    if (texts.some((text) => text.includes('bad'))) { ${bad} }
    return { records: records.map(({ recordId, data }) => ({ recordId, data, result: 'Ok' })) };
  };`;

/** Delivers through the function; each call gets one record, and is tried twice. */
async function begin(functions: Functions) {
  const parameters = { LambdaArn: arn, NumberOfRetries: '1', BufferSizeInMBs: '0.2', BufferIntervalInSeconds: '0' };
  const configuration = await configure(
    {
      Prefix: 'all/',
      DynamicPartitioningConfiguration: { Enabled: false },
      CompressionFormat: 'UNCOMPRESSED',
      ProcessingConfiguration: {
        Enabled: true,
        Processors: [
          {
            Type: 'Lambda',
            Parameters: Object.entries(parameters).map(
              ([ParameterName, ParameterValue]) => ({ ParameterName, ParameterValue }) as never,
            ),
          },
          { Type: 'AppendDelimiterToRecord' },
        ],
      },
    },
    { functions },
  );
  const stream = fakeStream(['shard-0']);
  const bucket = fakeBucket();
  const store = fakePositions();
  const worker = startWorker({
    ...workerBetween(stream, bucket, store),
    configuration,
    transform: createTransform({
      configuration,
      lambda: configuration.lambda!,
      deliveryStream: 'to-lake',
      clock: hastyClock,
      meter: unmetered,
      logError: () => undefined,
    }),
  });
  workers.push(worker);
  return { stream, bucket, store };
}

/** What a function does, and what the error record says. The first of them are the short form. */
const doings: [string, string, string][] = [
  ['an endless loop', 'for (;;);', 'Task timed out after 0.25 seconds'],
  [
    'a wait of its thread',
    'Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);',
    'Task timed out after 0.25 seconds',
  ],
  ['an exit', 'process.exit(3);', 'Runtime exited with error: exit status 3'],
  [
    'an error that nobody catches',
    "setImmediate(() => { throw new TypeError('lost'); }); await new Promise(() => {});",
    'TypeError: lost',
  ],
  [
    'more memory than it has',
    'const all = []; for (;;) all.push([1, 2, 3]);',
    'Runtime exited with error: signal: killed',
  ],
  [
    'a large answer',
    "return { records: [], more: 'x'.repeat(3000) };",
    'Response payload size exceeded maximum allowed payload size (2000 bytes).',
  ],
  ['no answer', 'await new Promise(() => {});', 'Task timed out after 0.25 seconds'],
  ['a quiet exit', 'process.exit(0);', 'Runtime exited without providing a reason'],
  ['a rejection that nobody catches', "Promise.reject(new Error('lost')); await new Promise(() => {});", 'lost'],
  ['an error', "throw new RangeError('too far');", 'RangeError: too far'],
  ['a text that is thrown', "throw 'no error';", 'no error'],
  ['an answer that is no JSON', 'return 1n;', 'TypeError: Do not know how to serialize a BigInt'],
];

describe(`a module in place of a Lambda function costs its invocation, whatever it does${leavesOut(`6 of ${doings.length} modules`)}`, () => {
  test.each(doings.slice(0, inForm(6, doings.length)))('%s', async (_, bad, message) => {
    const memoryMb = bad.includes('push') ? 16 : 64;
    const timeoutMs = bad.includes('push') ? 60_000 : 250;
    const { stream, bucket, store } = await begin(
      functionOf(transforming(bad), { timeoutMs, memoryMb, answerBytes: 2000 }),
    );
    for (const [index, text] of ['good 1', 'bad', 'good 2'].entries()) {
      stream.put('shard-0', text);
      await until(() => store.last().get('shard-0')?.sequenceNumber === String(index + 1), `${text} is done with`);
    }
    expect(bucket.lines('all/')).toEqual(['good 1', 'good 2']);
    const [error, ...more] = bucket.lines('errors/processing-failed/').map((line) => JSON.parse(line));
    expect(more).toEqual([]);
    expect(error).toMatchObject({
      rawData: Buffer.from('bad').toString('base64'),
      errorCode: 'Lambda.FunctionError',
      errorMessage: `The Lambda function was invoked and failed: ${message}`,
      attemptsMade: 2,
      lambdaARN: arn,
    });
  });
});

describe('a module', () => {
  test.each([
    ['an endless loop', 'for (;;);', /did not load in 0.20 seconds/],
    ['an exit', 'process.exit(1);', /exit status 1/],
    ['an error', "throw new Error('not today');", /not today/],
    ['no handler', 'export const other = 1;', /exports no function called handler/],
    ['no JavaScript', '{', /Unexpected/],
  ])('that does not load (%s) refuses the delivery stream', async (_, source, message) => {
    const initMs = source.startsWith('for') ? 200 : 60_000;
    await expect(functionOf(source, { initMs }).find(arn)).rejects.toThrow(message);
  });

  test('is loaded once for calls one after the other, and gets a copy of the event', async () => {
    const functions = functionOf(
      'let calls = 0; export const handler = (event) => { event.n++; return { calls: ++calls, n: event.n }; };',
    );
    const event = { n: 1 };
    expect(await call(functions, event)).toEqual({ calls: 1, n: 2 });
    expect(await call(functions, event)).toEqual({ calls: 2, n: 2 });
  });

  test('takes one call at a time: others get a thread of their own, as on Lambda', async () => {
    const functions = functionOf(
      'let calls = 0; export const handler = async () => { calls++; await new Promise((done) => setTimeout(done, 20)); return calls; };',
    );
    expect(await Promise.all([1, 2, 3].map(() => call(functions, {})))).toEqual([1, 1, 1]);
  });

  test('that runs is ended by a stop, and by the end of all', async () => {
    const functions = functionOf('export default () => { for (;;); };');
    const stop = new AbortController();
    const stopped = expect(call(functions, {}, stop.signal)).rejects.toThrow('stopped');
    const ended = expect(call(functions, {})).rejects.toThrow();
    await until(() => true, 'both to run');
    stop.abort(new Error('stopped'));
    await stopped;
    await functions.close();
    await ended;
    await expect(call(functions, {})).rejects.toThrow('the functions are closed');
  });
});
