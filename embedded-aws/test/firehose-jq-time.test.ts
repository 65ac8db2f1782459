import { Worker } from 'node:worker_threads';
import { afterEach, describe, expect, test } from '@jest/globals';
import { eventually } from '@millrace/testing/eventually';
import { defaultLimits } from '../src/firehose/jq/run/limits.js';
import { cpuClockOf } from '../src/firehose/jq/run/thread-cpu.js';
import { watch } from '../src/firehose/jq/run/watch.js';

const ends: (() => unknown)[] = [];
afterEach(() => Promise.all(ends.splice(0).map((end) => end())));

/** A turn of records of 1 KiB, whose thread is steered by the test. */
function watched(limits: Partial<typeof defaultLimits> = {}, written = 0) {
  const thread = { cpu: 0, looks: 0, written, lines: '' };
  const found: { message: string; at: number }[] = [];
  const end = watch(
    {
      limits: { ...defaultLimits, msPerKib: 0, ...limits },
      recordMs: 5,
      records: Array.from({ length: 4 }, () => Buffer.alloc(1024)),
      written: () => thread.written,
      lines: () => thread.lines,
      cpu: () => {
        thread.looks++;
        return thread.cpu;
      },
    },
    (overrun) => found.push(overrun),
  );
  ends.push(end);
  const looked = (more: number) => {
    const from = thread.looks;
    return eventually('looks', () => thread.looks >= from + more);
  };
  return { thread, found, looked };
}

describe('a record is held to processor time', () => {
  test('a thread that gets none, because the machine is busy, costs no record however long it takes', async () => {
    const { thread, found, looked } = watched();
    await looked(5);
    expect(found).toEqual([]);
    thread.cpu = 5;
    await eventually('the overrun', () => found.length > 0);
    expect(found).toEqual([{ at: 0, message: 'took more than 5 ms of processor time for the record' }]);
  });

  test('each record has its own: what those before it took is not counted', async () => {
    const { thread, found, looked } = watched();
    for (let n = 1; n <= 3; n++) {
      Object.assign(thread, { cpu: thread.cpu + 100, written: n * 3, lines: '{}\n'.repeat(n) });
      await looked(2);
    }
    expect(found).toEqual([]);
    thread.cpu += 5;
    await eventually('the overrun', () => found.length > 0);
    expect(found).toMatchObject([{ at: 9 }]);
  });

  test('a large record has more, and compiling has its own', async () => {
    const large = watched({ msPerKib: 10 });
    const compiling = watched({ compileMs: 50 }, -1);
    [large.thread.cpu, compiling.thread.cpu] = [14, 49];
    await Promise.all([large.looked(3), compiling.looked(3)]);
    expect([large.found, compiling.found]).toEqual([[], []]);
    [large.thread.cpu, compiling.thread.cpu] = [15, 50];
    await eventually('both overruns', () => large.found.length + compiling.found.length === 2);
    expect(large.found[0]!.message).toBe('took more than 15 ms of processor time for the record');
    expect(compiling.found[0]!.message).toBe('took more than 50 ms of processor time to compile');
  });

  test('the first one’s begins when the program is compiled, however long that may take', async () => {
    const { thread, found, looked } = watched({ compileMs: 60_000 }, -1);
    thread.cpu = 1_000;
    await looked(2);
    thread.written = 0;
    await looked(2);
    expect(found).toEqual([]);
    thread.cpu = 1_005;
    await eventually('the overrun', () => found.length > 0, 10_000);
    expect(found[0]!.message).toBe('took more than 5 ms of processor time for the record');
  });

  test('one that takes no processor time ends at last', async () => {
    const { found } = watched({ wallMs: 30 });
    await eventually('the overrun', () => found.length > 0);
    expect(found).toEqual([{ at: 0, message: 'took more than 30 ms for the record' }]);
  });
});

describe('the processor time of a thread', () => {
  test('is its own, not that of others: read from outside while it is in a loop', async () => {
    const say =
      "require('node:worker_threads').parentPort.postMessage(require('node:fs').existsSync('/proc/thread-self') && require('node:fs').readlinkSync('/proc/thread-self').split('/').at(-1));";
    const start = async (then: string) => {
      const worker = new Worker(say + then, { eval: true });
      ends.push(() => worker.terminate());
      const task = await new Promise<string | false>((resolve) => worker.once('message', resolve));
      return cpuClockOf(worker, task || undefined);
    };
    const [busy, idle] = await Promise.all([start('for (;;);'), start('setInterval(() => {}, 1e6);')]);
    const before = busy!();
    await eventually('half a second of the busy one', () => busy!() - before > 100);
    expect(busy!() - before).toBeGreaterThan(idle!() - before);
  });

  test('is what Node says of it, where the kernel does not', async () => {
    const answers = [1_000, 2_000, 7_000];
    const worker = { cpuUsage: async () => ({ user: answers.shift()!, system: 500 }) } as unknown as Worker;
    const clock = cpuClockOf(worker, undefined);
    expect(clock()).toBe(0);
    await eventually('the next answer', () => clock() === 7.5 || undefined);
  });

  test('is taken for a part of the process where nobody says it', async () => {
    const clock = cpuClockOf({} as Worker, '0');
    const { user, system } = process.cpuUsage();
    expect(clock()).toBeGreaterThan(0);
    expect(clock()).toBeLessThan((user + system) / 1000);
  });
});
