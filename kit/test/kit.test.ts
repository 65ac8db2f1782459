import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { afterEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { backoffMs } from '../src/backoff.js';
import { systemClock } from '../src/clock.js';
import { crc32, crc32InJavaScript } from '../src/crc32.js';
import { isMillraceError, MillraceError, usageError } from '../src/millrace-error.js';
import { uuidV7 } from '../src/uuid.js';

describe('back-off', () => {
  test('is random below a bound that doubles with each failure, up to the cap', () => {
    const bounds = { baseMs: 50, capMs: 1_000 };
    const waits = (random: number) => [1, 2, 3, 4, 5, 6, 7, 99].map((n) => backoffMs(n, bounds, () => random));
    expect(waits(1)).toEqual([50, 100, 200, 400, 800, 1_000, 1_000, 1_000]);
    expect(waits(0)).toEqual([0, 0, 0, 0, 0, 0, 0, 0]);
  });

  test('keeps the fixed share of each wait', () => {
    const bounds = { baseMs: 100, capMs: 1_000, fixedShare: 0.5 };
    expect(backoffMs(1, bounds, () => 0)).toBe(50);
    expect(backoffMs(2, bounds, () => 0.5)).toBe(150);
  });
});

describe('the system clock', () => {
  test('sleeps until the time is over or the signal aborts, and rejects in neither case', async () => {
    await expect(systemClock.sleep(1)).resolves.toBeUndefined();
    const abort = new AbortController();
    const slept = systemClock.sleep(3_600_000, abort.signal);
    abort.abort();
    await expect(slept).resolves.toBeUndefined();
    await expect(systemClock.sleep(3_600_000, abort.signal)).resolves.toBeUndefined();
  });

  test('runs a task later, unless it is cancelled', async () => {
    let ran = '';
    systemClock.after(1, () => {
      ran += 'a';
    });
    systemClock.after(1, () => {
      ran += 'b';
    })();
    await systemClock.sleep(20);
    expect(ran).toBe('a');
  });
});

test('CRC-32 is that of gzip, in Node’s own code and in ours, also in pieces', () => {
  expect(crc32(Buffer.from('123456789'))).toBe(0xcbf43926);
  fc.assert(
    fc.property(fc.uint8Array(), fc.uint8Array(), (a, b) => {
      const whole = crc32(Buffer.concat([a, b]));
      expect(crc32InJavaScript(b, crc32InJavaScript(a))).toBe(whole);
      expect(crc32(b, crc32(a))).toBe(whole);
    }),
  );
});

test('a UUIDv7 has its time first, its version and variant, and 74 random bits', () => {
  const id = uuidV7(0x0193_8d2e_7c1a, () => 0xffff_ffff);
  expect(id).toBe('01938d2e-7c1a-7fff-bfff-ffffffffffff');
  expect(uuidV7(0x0193_8d2e_7c1a + 0.75, () => 0xffff_ffff)).toBe(id);
  expect(new Set(Array.from({ length: 1_000 }, () => uuidV7(1))).size).toBe(1_000);
});

describe('an error', () => {
  test('has a code, and the exit code of the command that meets it', () => {
    const cause = new Error('c');
    expect(new MillraceError('LAKE_MISSING', 'm', { cause })).toMatchObject({
      code: 'LAKE_MISSING',
      exitCode: 1,
      cause,
    });
    expect(usageError('m')).toMatchObject({ code: 'USAGE', exitCode: 2, message: 'm' });
  });

  test('is told apart by its code', () => {
    expect(isMillraceError(usageError('m'), 'USAGE')).toBe(true);
    expect(isMillraceError(usageError('m'), 'OTHER')).toBe(false);
    expect(isMillraceError(Object.assign(new Error('m'), { code: 'USAGE' }))).toBe(false);
  });
});

describe('the shutdown signal', () => {
  const module = new URL('../src/shutdown-signal.js', import.meta.url).href;
  const children: ChildProcess[] = [];
  afterEach(() => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
  });

  async function start(options: string) {
    const code = `
      import { listenForShutdown } from ${JSON.stringify(module)};
      const stop = listenForShutdown({ onFirst: (name) => console.log('first ' + name), ${options} });
      stop.received.then((name) => console.log('received ' + name));
      setInterval(() => {}, 1_000);
      console.log('ready');`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', code], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    children.push(child);
    const lines = createInterface(child.stdout!)[Symbol.asyncIterator]();
    const line = async () => (await lines.next()).value as string;
    expect(await line()).toBe('ready');
    return { child, line };
  }

  test('the first one is told, the second ends the process with 130', async () => {
    const { child, line } = await start('');
    child.kill('SIGTERM');
    expect([await line(), await line()]).toEqual(['first SIGTERM', 'received SIGTERM']);
    child.kill('SIGINT');
    expect((await once(child, 'exit'))[0]).toBe(130);
  });

  test('a server that ignores the second ends when its time is over', async () => {
    const { child, line } = await start("second: 'ignore', forceAfterMs: 300");
    child.kill('SIGTERM');
    expect([await line(), await line()]).toEqual(['first SIGTERM', 'received SIGTERM']);
    child.kill('SIGTERM');
    expect((await once(child, 'exit'))[0]).toBe(1);
  });
});
