import { afterAll, afterEach, describe, expect, test } from '@jest/globals';
import { inForm, leavesOut } from '@millrace/testing/long-form';
import { compile, compileFilter } from '../src/firehose/jq/filter.js';
import { FilterError } from '../src/firehose/jq/jq-program.js';
import { mostInARow } from '../src/firehose/jq/run/limits.js';
import { createJqPool, type JqPool, type JqPoolOptions } from '../src/firehose/jq/run/pool.js';
import type { Turn } from '../src/firehose/jq/run/turn.js';
import { type DeliveryWorker, startWorker } from '../src/firehose/worker.js';
import { configure, fakeBucket, fakePositions, fakeStream, until, workerBetween } from './firehose-fakes.js';
import { bombs } from './jq-bombs.js';

const workers: DeliveryWorker[] = [];
const pools: JqPool[] = [];
afterEach(async () => {
  await Promise.all(workers.splice(0).map((worker) => worker.stop(0)));
  await Promise.all(pools.splice(0).map((pool) => pool.close()));
});

function poolWith(options: JqPoolOptions): JqPool {
  const pool = createJqPool(options);
  pools.push(pool);
  return pool;
}

/** Short times, because the records in these tests take either nothing or all of it. */
const hasty = inForm({ recordMs: 40, hurriedMs: 20 }, {});

const query = (MetadataExtractionQuery: string) => ({
  ProcessingConfiguration: {
    Enabled: true,
    Processors: [
      {
        Type: 'MetadataExtraction' as const,
        Parameters: Object.entries({ MetadataExtractionQuery, JsonParsingEngine: 'JQ-1.6' }).map(
          ([ParameterName, ParameterValue]) => ({ ParameterName, ParameterValue }) as never,
        ),
      },
      { Type: 'AppendDelimiterToRecord' as const },
    ],
  },
});

async function begin(jq: JqPool, text: string) {
  const stream = fakeStream(['shard-0']);
  const bucket = fakeBucket();
  const store = fakePositions();
  const worker = startWorker({
    ...workerBetween(stream, bucket, store),
    configuration: await configure(query(text), { jq }),
  });
  workers.push(worker);
  return { stream, bucket, store };
}

const records = (...values: unknown[]) => values.map((value) => Buffer.from(JSON.stringify(value)));
const endless = '{page:(if .bad then (def f: f; f) else .page end)}';

const pool = createJqPool({ limits: hasty });
afterAll(() => pool.close());

describe(`a record that a filter does not get through costs itself${leavesOut(`6 of ${bombs.length} filters`)}`, () => {
  test.each(bombs.slice(0, inForm(6, bombs.length)))('$name', async ({ jq, says }) => {
    const { stream, bucket, store } = await begin(
      pool,
      `{page:(if .bad then (${jq}) else .page end),event:(.event // "none")}`,
    );
    for (const n of [1, 2, 3, 4, 5]) stream.put('shard-0', [{ page: 'books', n, ...(n % 2 ? {} : { bad: true }) }]);
    await until(() => store.last().get('shard-0')?.sequenceNumber === '5', 'all five are done with');
    expect(bucket.lines('page=books/event=none/').map((line) => JSON.parse(line).n)).toEqual([1, 3, 5]);
    const errors = bucket.lines('errors/metadata-extraction-failed/').map((line) => JSON.parse(line));
    expect(errors).toEqual(
      [2, 4].map((n) =>
        expect.objectContaining({
          errorCode: 'DynamicPartitioning.MetadataExtractionFailed',
          errorMessage: expect.stringMatching(says),
          rawData: Buffer.from(JSON.stringify({ page: 'books', n, bad: true })).toString('base64'),
        }),
      ),
    );
  });
});

describe('a filter is refused only if jq says that it does not compile', () => {
  test.each(['{page:(def f: f; f)}', '{page:([range(infinite)]|length)}', '{page:("x" * 1e9)}'])(
    '%s is taken, with a warning',
    async (text) => {
      const filter = await compileFilter(pool, text);
      expect(filter.warning).toMatch(/^The query took more than /);
    },
  );

  test.each(['{page:(def f: f; g)}', '{page:(}', '{page:("a" | )}'])('%s is refused', async (text) => {
    await expect(compileFilter(pool, text)).rejects.toThrow(FilterError);
  });
});

describe('filters run by turns', () => {
  test('one that never ends keeps none waiting for more than its turn', async () => {
    const one = poolWith({ threads: 1, limits: { recordMs: 20, hurriedMs: 20 } });
    const [bad, good, other] = await Promise.all(
      [endless, '{page:.page|ascii_upcase}', '{page:(.page+"s")}'].map((text) => compileFilter(one, text)),
    );
    const stop = new AbortController();
    const left = new Set(['bad']);
    const ending = bad!
      .run(records(...Array(10_000).fill({ bad: true })), stop.signal)
      .catch(() => 'stopped')
      .finally(() => left.delete('bad'));
    expect(await good!.run(records({ page: 'a' }, { page: 'b' }))).toEqual([
      { values: { page: 'A' } },
      { values: { page: 'B' } },
    ]);
    expect(await other!.run(records({ page: 'a' }))).toEqual([{ values: { page: 'as' } }]);
    expect([...left]).toEqual(['bad']);
    stop.abort();
    expect(await ending).toBe('stopped');
  });

  test('one that is slow gives way between two records', async () => {
    const one = poolWith({ threads: 1, limits: { recordMs: 60_000, turnMs: 1 } });
    const slow = await compileFilter(one, '{page:(reduce range(.n) as $i (0; . + 1))}');
    const quick = await compileFilter(one, '{page:(.page|ascii_upcase)}');
    let ended = false;
    const many = slow.run(records(...Array(20).fill({ n: 10_000 }))).finally(() => {
      ended = true;
    });
    expect(await quick.run(records({ page: 'a' }))).toEqual([{ values: { page: 'A' } }]);
    expect(ended).toBe(false);
    expect(await many).toEqual(Array(20).fill({ values: { page: 10_000 } }));
  });

  test('a pool that closes ends what runs and what waits, and leaves no thread', async () => {
    const one = createJqPool({ threads: 1 });
    const filter = await compileFilter(one, endless);
    const running = expect(filter.run(records({ bad: true }))).rejects.toThrow('jq is closed');
    const waiting = expect(filter.run(records({ page: 'a' }))).rejects.toThrow('jq is closed');
    await one.close();
    await Promise.all([running, waiting]);
    await expect(filter.run(records({ page: 'a' }))).rejects.toThrow('jq is closed');
  });
});

describe('the time of a record', () => {
  /** Runs a filter by a script: for each record whether it ends in time. */
  async function timesOf(outcomes: boolean[]): Promise<number[]> {
    const times: number[] = [];
    const filter = await compile('{page:.a|ascii_upcase}', { recordMs: 200, hurriedMs: 25 }, async (turn: Turn) => {
      if (turn.records.length !== 0 && turn.records[0]!.toString() !== '{}') times.push(turn.recordMs);
      const at = outcomes.length - turn.records.length;
      if (turn.records.length <= 1 && turn.records[0]?.toString() !== String(at)) return { lines: '' };
      return outcomes[at] ? { lines: '[{}]\n' } : { lines: '', fault: { kind: 'time', message: 'took too long' } };
    });
    expect(await filter.run(outcomes.map((_, at) => Buffer.from(String(at))))).toEqual(
      outcomes.map((inTime) => (inTime ? { values: {} } : { failure: 'The query took too long' })),
    );
    return times;
  }

  test('is shorter after some in a row that took too long, until one ends in time', async () => {
    const bad = Array(mostInARow).fill(false);
    expect(await timesOf([...bad, false, false, true, false])).toEqual([...bad.map(() => 200), 25, 25, 25, 200]);
    expect(await timesOf([false, false, true, false, true])).toEqual(Array(5).fill(200));
    expect(await timesOf([...bad, true, ...bad, false])).toEqual([
      ...bad.map(() => 200),
      25,
      ...bad.map(() => 200),
      25,
    ]);
  });
});
