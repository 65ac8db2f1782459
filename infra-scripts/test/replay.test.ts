import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { atRecordedPace, parseRecorded, shoppers, take, withoutRepetitions } from '@millrace/generator';
import { checkEvent, type MillraceEvent } from '@millrace/sdk/schema';
import { type CollectorStub, startCollectorStub } from '@millrace/testing/generator-collector-stub';
import { startKinesisStub } from '@millrace/testing/generator-kinesis-stub';
import { callHere, runCommand, startCommand } from './generator-command.js';

const sampleFile = fileURLToPath(new URL('../../samples/sessions.jsonl', import.meta.url));
let sampleText: string;
let sample: MillraceEvent[];
let folder: string;
let stub: CollectorStub;

beforeAll(async () => {
  sampleText = await readFile(sampleFile, 'utf8');
  sample = sampleText
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  folder = await mkdtemp(join(tmpdir(), 'millrace-replay-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));
beforeEach(async () => {
  stub = await startCollectorStub();
});
afterEach(() => stub.close());

const replay = (...args: string[]) => runCommand(['replay', '--to', stub.url, ...args]);

/** What must be the same in a replay: everything but ids and times. */
function bare({
  event_id: _,
  event_time: __,
  visitor_id,
  session_id,
  stream_id,
  after_stream_id,
  ...rest
}: MillraceEvent) {
  return rest;
}

function streamsOf(events: readonly MillraceEvent[]): MillraceEvent[][] {
  const streams = new Map<string, MillraceEvent[]>();
  for (const event of events) streams.set(event.stream_id, [...(streams.get(event.stream_id) ?? []), event]);
  return [...streams.values()];
}

const asSet = (events: readonly unknown[]) => events.map((event) => JSON.stringify(event)).sort();

describe('the sample of recorded sessions', () => {
  test('every line fits the schema, and it has several visitors, all events and a stream that follows another', () => {
    for (const event of sample) expect(checkEvent(event).refusal).toBeUndefined();
    expect(sample.length).toBeGreaterThanOrEqual(50);
    expect(new Set(sample.map(({ visitor_id }) => visitor_id)).size).toBeGreaterThanOrEqual(5);
    expect(new Set(sample.map(({ event }) => event)).size).toBe(7);
    expect(sample.some(({ after_stream_id }) => after_stream_id !== undefined)).toBe(true);
    for (const stream of streamsOf(sample))
      expect(stream.map(({ seq }) => seq)).toEqual(stream.map((_, index) => index));
  });
});

describe('millrace replay FILE', () => {
  test('sends what was recorded under new ids, with the same shape of visitors, sessions and streams, now', async () => {
    const before = Date.now();
    const { code, stdout } = await replay(sampleFile, '--speed', 'max');
    expect(code).toBe(0);
    expect(stdout).toContain(`${sample.length} events acknowledged`);
    const { kept } = stub;
    for (const event of kept) expect(checkEvent(event).refusal).toBeUndefined();
    expect(asSet(kept.map(bare))).toEqual(asSet(sample.map(bare)));
    for (const field of ['event_id', 'visitor_id', 'session_id', 'stream_id'] as const) {
      const old = new Set(sample.map((event) => event[field]));
      const fresh = new Set(kept.map((event) => event[field]));
      expect(fresh.size).toBe(old.size);
      for (const id of fresh) expect(old.has(id)).toBe(false);
    }
    const tails = new Map(streamsOf(kept).map((stream) => [stream[0]!.stream_id, stream.at(-1)!]));
    for (const stream of streamsOf(kept)) {
      expect(stream.map(({ seq }) => seq)).toEqual(stream.map((_, index) => index));
      const times = stream.map(({ event_time }) => Date.parse(event_time));
      expect(times).toEqual([...times].sort((a, b) => a - b));
      expect(times[0]).toBeGreaterThanOrEqual(before);
      const { after_stream_id, after_seq, visitor_id } = stream[0]!;
      if (after_stream_id !== undefined)
        expect(tails.get(after_stream_id)).toMatchObject({ seq: after_seq, visitor_id });
    }
  });

  test('two replays share no id', async () => {
    await replay(sampleFile, '--speed', 'max');
    await replay(sampleFile, '--speed', 'max');
    expect(new Set(stub.kept.map(({ event_id }) => event_id)).size).toBe(2 * sample.length);
    expect(streamsOf(stub.kept)).toHaveLength(2 * streamsOf(sample).length);
  });

  test('--keep-ids sends the events exactly as they are', async () => {
    await replay(sampleFile, '--speed', 'max', '--keep-ids');
    expect(asSet(stub.kept)).toEqual(asSet(sample));
  });

  test('an event that the recording has twice, as a lake may, is sent once; with --keep-ids twice', async () => {
    const file = join(folder, 'twice.jsonl');
    await writeFile(file, sampleText + sampleText);
    for (const extra of [[], ['--sort']]) {
      const { stdout } = await replay(file, '--speed', 'max', '--json', ...extra);
      expect(JSON.parse(stdout)).toMatchObject({ acknowledged: sample.length, repeated: sample.length });
    }
    const kept = await replay(file, '--speed', 'max', '--json', '--keep-ids');
    expect(JSON.parse(kept.stdout)).toMatchObject({ acknowledged: 2 * sample.length, repeated: 0 });
  });

  test('an event with the id of another, but another stream or number, is sent too', async () => {
    const [first] = sample;
    const stolen = [{ stream_id: 'attacker' }, { seq: 7 }, { stream_id: 'attacker', seq: 7 }];
    const recorded = [...stolen.map((change) => ({ ...first!, ...change })), first!, first!];
    const sent: MillraceEvent[] = [];
    for await (const event of withoutRepetitions(recorded)) sent.push(event);
    expect(sent).toEqual(recorded.slice(0, 4));
  });

  test('a predecessor that the recording lacks is not named, so that nothing seems lost', async () => {
    const follower = sample.find(({ after_stream_id }) => after_stream_id !== undefined)!;
    const file = join(folder, 'follower.jsonl');
    await writeFile(file, JSON.stringify(follower));
    expect((await replay(file)).code).toBe(0);
    expect(stub.kept).toHaveLength(1);
    expect(stub.kept[0]).not.toHaveProperty('after_stream_id');
    expect(stub.kept[0]).not.toHaveProperty('after_seq');
  });

  test('gzip is recognised by its content, also in several members, from a file and from stdin', async () => {
    const [first, second] = [sampleText.slice(0, 9_000), sampleText.slice(9_000)];
    const file = join(folder, 'members');
    await writeFile(file, Buffer.concat([gzipSync(first), gzipSync(second)]));
    await replay(file, '--speed', 'max', '--keep-ids');
    expect(asSet(stub.kept)).toEqual(asSet(sample));
    stub.kept.length = 0;
    const { code } = await runCommand(['replay', '-', '--to', stub.url, '--speed', 'max', '--keep-ids'], {
      input: sampleText,
    });
    expect(code).toBe(0);
    expect(asSet(stub.kept)).toEqual(asSet(sample));
  });

  test('a line that does not fit stops it before anything is sent, named with file, line, path and reason', async () => {
    const file = join(folder, 'bad.jsonl');
    const lines = sampleText.trim().split('\n').slice(0, 3);
    const negative = JSON.stringify({ ...sample[3], item_quantity: -1 });
    await writeFile(file, [...lines, negative, '', '[]', '{"event"'].join('\n'));
    const stopped = await replay(file, '--speed', 'max');
    expect(stopped.code).toBe(1);
    expect(stopped.stderr).toContain(`${file}:4: /item_quantity: `);
    expect(stopped.stderr).toContain(`${file}:6: the line is not a JSON object`);
    expect(stopped.stderr).toContain(`${file}:7: the line is not JSON`);
    expect(stopped.stderr).toContain('3 of 6 lines are not valid events. Nothing was sent');
    expect(stub.requests).toHaveLength(0);

    const skipped = await replay(file, '--speed', 'max', '--skip-invalid', '--json');
    // What was left out is not success in silence.
    expect(skipped.code).toBe(3);
    expect(JSON.parse(skipped.stdout)).toMatchObject({ acknowledged: 3, skipped: 3 });
  });

  test('from stdin, what came before a bad line is sent, and the line is named', async () => {
    const input = `${sampleText.trim().split('\n').slice(0, 4).join('\n')}\nno\n`;
    const { code, stderr } = await runCommand(['replay', '-', '--to', stub.url, '--speed', 'max'], { input });
    expect(code).toBe(1);
    expect(stderr).toContain('stdin:5: the line is not JSON. The events before it were sent');
    expect(stub.kept).toHaveLength(4);
  });

  test('a file that is cut off or missing is named', async () => {
    const cut = join(folder, 'cut.gz');
    await writeFile(cut, gzipSync(sampleText).subarray(0, 2_000));
    const { code, stderr } = await replay(cut);
    expect(code).toBe(1);
    expect(stderr).toMatch(/cannot read .*cut\.gz after line \d+: unexpected end of file/);
    expect((await replay(join(folder, 'none'))).stderr).toContain('no such file');
    expect(stub.requests).toHaveLength(0);
  });

  test('--stream puts straight into a stream, each visitor in order', async () => {
    const kinesis = await startKinesisStub();
    try {
      const args = ['replay', sampleFile, '--speed', 'max', '--stream', 'clickstream', '--endpoint-url', kinesis.url];
      const { code, stdout } = await runCommand(args);
      expect(code).toBe(0);
      expect(stdout).toContain('acknowledged by stream clickstream at');
      const events = kinesis.puts.map(({ data }): MillraceEvent => JSON.parse(data));
      expect(asSet(events.map(bare))).toEqual(asSet(sample.map(bare)));
      for (const stream of streamsOf(events))
        expect(stream.map(({ seq }) => seq)).toEqual(stream.map((_, index) => index));
    } finally {
      await kinesis.close();
    }
  });

  test('--stream files what is no slug under _other: nobody does it behind, and Firehose makes a partition of any name', async () => {
    const kinesis = await startKinesisStub();
    try {
      const filed = { page: '_other', page_as_sent: 'a/b', event: '_other', event_as_sent: '_quarantine' };
      const lines = [
        { ...sample[0], page: '書籍', event: 'Liked Item' },
        { ...sample[0], ...filed, received_at: sample[0]!.event_time },
        { ...sample[0], page: 'garden' },
      ];
      const args = ['replay', '-', '--keep-ids', '--speed', 'max', '--stream', 's', '--endpoint-url', kinesis.url];
      const input = lines.map((line) => `${JSON.stringify(line)}\n`).join('');
      expect(await runCommand(args, { input })).toMatchObject({ code: 0 });
      expect(kinesis.puts.map(({ data }) => JSON.parse(data))).toMatchObject([
        { page: '_other', page_as_sent: '書籍', event: '_other', event_as_sent: 'Liked Item' },
        filed,
        { page: 'garden', event: sample[0]!.event },
      ]);
    } finally {
      await kinesis.close();
    }
  });

  test('--sort orders events by time, and a stream by its numbers, across files', async () => {
    const files = [join(folder, 'odd.jsonl'), join(folder, 'even.jsonl')];
    const lines = sampleText.trim().split('\n').reverse();
    await writeFile(files[0]!, lines.filter((_, index) => index % 2 === 1).join('\n'));
    await writeFile(files[1]!, lines.filter((_, index) => index % 2 === 0).join('\n'));
    const args = ['--speed', 'max', '--keep-ids', '--sort', '--connections', '1'];
    expect((await replay(...files, ...args)).code).toBe(0);
    expect(stub.kept.map(({ event_id }) => event_id)).toEqual(sample.map(({ event_id }) => event_id));
  });

  test('Ctrl-C during a long gap ends it cleanly', async () => {
    const command = await startCommand(['replay', sampleFile, '--to', stub.url, '--speed', '0.0001', '--json']);
    await command.printed(/the next event is due in/);
    command.interrupt();
    const { code, stdout } = await command.ended;
    expect(code).toBe(130);
    expect(JSON.parse(stdout).acknowledged).toBe(stub.kept.length);
  });

  test.each([
    [['replay'], "missing required argument 'file'"],
    [['replay', 'x', '--speed', '-1'], 'The speed is a number above 0, or max'],
    [['replay', 'x', '--to', 'http://127.0.0.1:9', '--stream', 's'], 'two targets'],
    [['replay', 'x'], 'no ingest server runs on this state folder'],
    [['replay', '-', 'x', '--to', 'http://127.0.0.1:9'], 'is replayed alone'],
  ])('%j exits with 2 and says why', async (args, message) => {
    expect(await callHere(args)).toEqual({ code: 2, said: expect.stringContaining(message) });
  });
});

describe('lines of the lake', () => {
  const sent = [...take(shoppers({ seed: 'lake' }), 1)][0]!;

  test("the server's fields are taken away", () => {
    const stored = { ...sent, received_at: sent.event_time, occurred_at: sent.event_time };
    expect(parseRecorded(JSON.stringify(stored)).event).toEqual(sent);
  });

  test('what was filed under _other gets its own names back', () => {
    const stored = { ...sent, page: '_other', page_as_sent: 'garden', event: '_other', event_as_sent: 'dug' };
    expect(parseRecorded(JSON.stringify(stored)).event).toEqual({ ...sent, page: 'garden', event: 'dug' });
  });

  test('a quarantined event is refused as such', () => {
    const line = {
      event_id: 'x',
      page: '_quarantine',
      event: '_invalid_event',
      received_at: sent.event_time,
      reason: 'r',
      raw: '{',
    };
    expect(parseRecorded(JSON.stringify(line)).refusal).toMatchObject({
      path: '/page',
      message: expect.stringContaining('quarantined'),
    });
  });
});

describe('the pace of a replay', () => {
  const at = (seconds: number) => ({
    ...sample[0]!,
    event_time: new Date(Date.UTC(2026, 0, 1) + seconds * 1000).toISOString(),
  });

  test('keeps the order, and the gaps between event times divided by the speed', async () => {
    const recorded = [at(0), at(2), at(1), at(6)];
    const startedMs = performance.now();
    const went: { event: MillraceEvent; ms: number }[] = [];
    for await (const event of atRecordedPace(recorded, 20, new AbortController().signal)) {
      went.push({ event, ms: performance.now() - startedMs });
    }
    expect(went.map(({ event }) => event)).toEqual(recorded);
    // Never before its time; how long after is the machine's affair. A timer may fire a millisecond early.
    for (const [index, dueMs] of [0, 100, 100, 300].entries())
      expect(went[index]!.ms).toBeGreaterThanOrEqual(dueMs - 3);
  });
});
