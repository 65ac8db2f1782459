import { execFileSync, spawn } from 'node:child_process';
import * as nodeFs from 'node:fs/promises';
import {
  appendFile,
  cp,
  mkdir,
  open,
  readdir,
  readFile,
  rm,
  stat,
  truncate,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import { inForm, leavesOut } from '@millrace/testing/long-form';
import fc from 'fast-check';
import type { Chunk } from '../src/core/chunk.js';
import { SinkError } from '../src/core/delivery/sink.js';
import { type Position, type Spool, SpoolError } from '../src/core/delivery/spool.js';
import { type DiskSpoolOptions, openDiskSpool } from '../src/spool/disk-spool.js';
import { doneMark, encodeFrame } from '../src/spool/frame.js';
import { scanFrames } from '../src/spool/scan.js';
import type { SpoolFs } from '../src/spool/spool-fs.js';
import { cleanUp, later, temporaryFolder, testApp } from './support/app.js';
import { jsonLines, someEvent } from './support/events.js';
import { createFakeClock } from './support/fake-clock.js';
import { createMemorySink } from './support/memory-sink.js';
import { keptAndPlaces, samplesOf, sum } from './support/samples.js';

afterEach(cleanUp);

const chunk = (text: string, hash = 1): Chunk => ({ hash, events: 1, data: Buffer.from(`${text}\n`) });

function append(spool: Spool, chunks: Chunk[]): Promise<readonly Position[]> {
  return new Promise((resolve, reject) =>
    spool.append(chunks, (error, positions) => (error === undefined ? resolve(positions) : reject(error))),
  );
}

async function readAll(spool: Spool, wanted: (hash: number) => boolean = () => true) {
  const texts: string[] = [];
  const positions: Position[] = [];
  for (let after = 0; ; ) {
    const { found } = await spool.next({ after, wanted, maxEvents: 3, maxBytes: 1_000_000 });
    if (found.length === 0) return { texts, positions };
    for (const one of found) {
      texts.push(one.chunk.data.toString().trimEnd());
      positions.push(one.position);
    }
    after = positions.at(-1)!;
  }
}

async function spoolIn(folder: string, options: Partial<DiskSpoolOptions> = {}) {
  const reports: string[] = [];
  const spool = await openDiskSpool({
    folder,
    maxBytes: 64 * 1024 * 1024,
    report: {
      damaged: ({ file }) => reports.push(`damaged ${file}`),
      torn: ({ file }) => reports.push(`torn ${file}`),
      failed: ({ message }) => reports.push(`failed ${message}`),
    },
    ...options,
  });
  later(() => spool.close());
  return Object.assign(spool, { reports });
}

/** A disk that can be made to hang: `hangs` is called, and waited for, before each sync. */
const hangingFs = (hangs: () => Promise<void>): SpoolFs => ({
  ...nodeFs,
  async open(path, flags, mode) {
    const handle = await nodeFs.open(path, flags, mode);
    const datasync = handle.datasync.bind(handle);
    handle.datasync = async () => {
      await hangs();
      await datasync();
    };
    return handle;
  },
});

const until = async (isSo: () => boolean | Promise<boolean>, meanwhile = async () => {}) => {
  for (let i = 0; i < 2_000 && !(await isSo()); i++) {
    await meanwhile();
    await new Promise((r) => setTimeout(r, 5));
  }
  expect(await isSo()).toBe(true);
};

const segmentsIn = async (folder: string) => (await readdir(folder)).filter((name) => name.endsWith('.spool')).sort();

describe('the spool', () => {
  test('gives back what it took, in order, also after a restart, until it is delivered', async () => {
    const folder = join(await temporaryFolder(), 'made', 'when', 'missing');
    const first = await spoolIn(folder);
    await Promise.all([
      append(first, [chunk('a'), chunk('b', 2)]),
      append(first, [chunk('c')]),
      append(first, [chunk('d', 2)]),
    ]);
    expect((await readAll(first)).texts).toEqual(['a', 'b', 'c', 'd']);
    const { positions } = await readAll(first, (hash) => hash === 2);
    expect(first.done([positions[0]!])).toBe(1);
    expect(first.done([positions[0]!])).toBe(0);
    await first.close();

    const second = await spoolIn(folder);
    expect(second.stats()).toMatchObject({ chunks: 3, events: 3, damaged: 0, full: false });
    await append(second, [chunk('e')]);
    const rest = await readAll(second);
    expect(rest.texts).toEqual(['a', 'c', 'd', 'e']);
    expect(second.done(rest.positions)).toBe(4);
    expect(second.stats()).toMatchObject({ bytes: 0, chunks: 0 });
    await second.close();
    expect(await readdir(folder)).toEqual([]);
  });

  test('an append is synced before it is acknowledged, several by one sync', async () => {
    const log: string[] = [];
    const fs: SpoolFs = {
      ...nodeFs,
      async open(path, flags, mode) {
        const handle = await nodeFs.open(path, flags, mode);
        const datasync = handle.datasync.bind(handle);
        handle.datasync = async () => {
          await datasync();
          log.push('synced');
        };
        return handle;
      },
    };
    const spool = await spoolIn(await temporaryFolder(), { fs });
    const appends = Array.from({ length: 20 }, (_, i) =>
      append(spool, [chunk(`c${i}`)]).then(() => log.push('acknowledged')),
    );
    await Promise.all(appends);
    expect(log[0]).toBe('synced');
    expect(log.filter((one) => one === 'synced').length).toBeLessThanOrEqual(3);
    expect(log.filter((one) => one === 'acknowledged')).toHaveLength(20);
  });

  test('a last write that was torn at any byte is cut off; every entry before it is delivered', async () => {
    const folder = await temporaryFolder();
    const spool = await spoolIn(folder);
    for (const text of ['first', 'second', 'third']) await append(spool, [chunk(text)]);
    await spool.close();
    const path = join(folder, (await segmentsIn(folder))[0]!);
    const whole = await readFile(path);
    const frame = 24 + 'third\n'.length;
    for (let missing = 1; missing < frame; missing++) {
      await writeFile(path, whole.subarray(0, whole.length - missing));
      const again = await spoolIn(folder);
      expect((await readAll(again)).texts).toEqual(['first', 'second']);
      expect(again.reports).toEqual([`torn ${path}`]);
      expect(again.stats().damaged).toBe(0);
      await again.close();
      expect((await stat(path)).size).toBe(whole.length - frame);
    }
  });

  test(`a bit flipped anywhere costs at most the entry it is in, which is set aside and reported${leavesOut('20 of 60 runs')}`, async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(), fc.nat(7), async (at, bit) => {
        const folder = await temporaryFolder();
        const spool = await spoolIn(folder);
        const texts = ['alpha', 'beta', 'gamma', 'delta'];
        for (const text of texts) await append(spool, [chunk(text)]);
        await spool.close();
        const path = join(folder, (await segmentsIn(folder))[0]!);
        const bytes = await readFile(path);
        bytes[at % bytes.length]! ^= 1 << bit;
        await writeFile(path, bytes);

        const again = await spoolIn(folder);
        const left = (await readAll(again)).texts;
        expect(left.length).toBeGreaterThanOrEqual(3);
        expect(texts.filter((text) => left.includes(text))).toEqual(left);
        expect(again.reports).toHaveLength(1);
        if (left.length === 3 && again.reports[0]!.startsWith('damaged')) {
          const lost = texts.find((text) => !left.includes(text))!;
          const aside = await readFile(path.replace('.spool', '.damaged'));
          expect(aside.length).toBe(24 + lost.length + 1);
        }
        await again.close();
        // Said once, not at every start.
        const third = await spoolIn(folder);
        expect(third.reports).toEqual([]);
        await third.close();
      }),
      { numRuns: inForm(20, 60) },
    );
  });

  test('a bit that flips while the server runs is found when the entry is read', async () => {
    const folder = await temporaryFolder();
    const spool = await spoolIn(folder);
    await append(spool, [chunk('alpha'), chunk('beta'), chunk('gamma')]);
    const path = join(folder, (await segmentsIn(folder))[0]!);
    const handle = await open(path, 'r+');
    await handle.write('E', 17 + 24 + 6 + 24 + 1);
    await handle.close();
    const { found, damaged } = await spool.next({ after: 0, wanted: () => true, maxEvents: 10, maxBytes: 1_000_000 });
    expect(found.map((one) => one.chunk.data.toString())).toEqual(['alpha\n', 'gamma\n']);
    expect(damaged).toBe(1);
    expect(spool.stats()).toMatchObject({ damaged: 1, chunks: 2 });
    expect((await readFile(path.replace('.spool', '.damaged'))).toString()).toContain('bEta');
  });

  test('an entry that is damaged after the one before it was set aside is set aside, too', async () => {
    const folder = await temporaryFolder();
    const first = await spoolIn(folder);
    await append(
      first,
      ['alpha', 'beta', 'gamma', 'delta'].map((text) => chunk(text)),
    );
    await first.close();
    const path = join(folder, (await segmentsIn(folder))[0]!);
    const left = [];
    for (const [text, flipped] of [
      ['beta', 'bEta'],
      ['gamma', 'gAmma'],
    ] as const) {
      const bytes = await readFile(path);
      bytes.write(flipped, bytes.indexOf(text));
      await writeFile(path, bytes);
      const spool = await spoolIn(folder);
      left.push((await readAll(spool)).texts);
      expect(spool.reports).toHaveLength(1);
      expect(await readFile(path.replace('.spool', '.damaged'), 'latin1')).toContain(flipped);
      await spool.close();
    }
    expect(left).toEqual([
      ['alpha', 'gamma', 'delta'],
      ['alpha', 'delta'],
    ]);
    // Once.
    expect((await spoolIn(folder)).reports).toEqual([]);
  });

  test('full: refused with the reason, nothing stored, and room again once something is delivered', async () => {
    const spool = await spoolIn(await temporaryFolder(), { maxBytes: 10_000 });
    const positions = await append(spool, [chunk('x'.repeat(9_000))]);
    await expect(append(spool, [chunk('y'.repeat(2_000))])).rejects.toMatchObject({ code: 'full' });
    expect(spool.stats()).toMatchObject({ chunks: 1, full: true });
    spool.done(positions);
    await append(spool, [chunk('z'.repeat(2_000))]);
    expect((await readAll(spool)).texts).toEqual(['z'.repeat(2_000)]);
  });

  test('a write that takes only a part of the bytes at a time is continued', async () => {
    const folder = await temporaryFolder();
    const fs: SpoolFs = {
      ...nodeFs,
      async open(path, flags, mode) {
        const handle = await nodeFs.open(path, flags, mode);
        const writev = handle.writev.bind(handle);
        handle.writev = (async (buffers: Buffer[], position: number) => {
          const all = Buffer.concat(buffers);
          return writev([all.subarray(0, Math.ceil(all.length / 3))], position);
        }) as typeof handle.writev;
        return handle;
      },
    };
    const spool = await spoolIn(folder, { fs });
    const texts = Array.from({ length: 9 }, (_, i) => `chunk-${'x'.repeat(i * 7)}`);
    await Promise.all(texts.map((text) => append(spool, [chunk(text)])));
    await spool.close();
    const again = await spoolIn(folder);
    expect((await readAll(again)).texts).toEqual(texts);
    expect(again.reports).toEqual([]);
  });

  test.each(['writev', 'datasync'] as const)(
    'a failing %s refuses the appends it was for, and only them',
    async (operation) => {
      const folder = await temporaryFolder();
      let failing = false;
      const fs: SpoolFs = {
        ...nodeFs,
        async open(path, flags, mode) {
          const handle = await nodeFs.open(path, flags, mode);
          const real = handle[operation].bind(handle) as (...values: unknown[]) => Promise<unknown>;
          Object.assign(handle, {
            async [operation](...values: unknown[]) {
              // Half of it is written before the disk is full.
              if (failing && operation === 'writev') {
                const all = Buffer.concat(values[0] as Buffer[]);
                await real([all.subarray(0, all.length / 2)], values[1]);
              }
              if (failing) throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' });
              return real(...values);
            },
          });
          return handle;
        },
      };
      const spool = await spoolIn(folder, { fs });
      await append(spool, [chunk('before')]);
      failing = true;
      await expect(append(spool, [chunk('during')])).rejects.toBeInstanceOf(SpoolError);
      expect(spool.stats().failure).toContain('ENOSPC');
      failing = false;
      await append(spool, [chunk('after')]);
      expect(spool.stats().failure).toBeUndefined();
      expect((await readAll(spool)).texts).toEqual(['before', 'after']);
      await spool.close();
      expect((await readAll(await spoolIn(folder))).texts).toEqual(['before', 'after']);
    },
  );

  test('a disk that hangs: who waits for it is refused when the time is up, whoever comes at once, until it answers; nothing that was refused is stored', async () => {
    const folder = await temporaryFolder();
    const clock = createFakeClock();
    let hung = Promise.resolve();
    let release = () => {};
    let syncs = 0;
    const fs = hangingFs(() => {
      syncs += 1;
      return hung;
    });
    const spool = await spoolIn(folder, { fs, clock });
    await append(spool, [chunk('before')]);
    hung = new Promise((resolve) => {
      release = resolve;
    });
    const refusal = (name: string) => append(spool, [chunk(name)]).catch((error: Error) => error.message);
    const writing = refusal('is being written');
    await until(() => syncs === 2);
    const waiting = refusal('waits behind it');
    await clock.pass(4_000);
    expect(spool.stats().failure).toBeUndefined();
    await clock.pass(1_000);
    const words = 'the disk has not answered for 5 s';
    expect(await Promise.all([writing, waiting, refusal('comes later')])).toEqual(
      Array(3).fill(`the spool cannot be written: ${words}`),
    );
    // However long it takes.
    await clock.pass(3_600_000);
    expect(spool.stats()).toMatchObject({ failure: words, chunks: 1 });
    expect(spool.reports).toEqual([`failed ${words}`]);
    release();
    await until(() => spool.stats().failure === undefined);
    await append(spool, [chunk('after')]);
    expect((await readAll(spool)).texts).toEqual(['before', 'after']);
    await spool.close();
    expect((await readAll(await spoolIn(folder))).texts).toEqual(['before', 'after']);
  });

  test('a disk that hangs while the stream is out: 503 with Retry-After, which health and metrics tell, until it answers; what was refused can be sent again', async () => {
    const clock = createFakeClock();
    let release = () => {};
    const hung = new Promise<void>((resolve) => {
      release = resolve;
    });
    let syncs = 0;
    const fs = hangingFs(() => {
      syncs += 1;
      return hung;
    });
    const sink = {
      ...createMemorySink(1),
      put: async () => {
        throw new SinkError('unreachable', 'ECONNREFUSED', 'refused');
      },
    };
    const { app } = await testApp({}, { sink, spool: await spoolIn(await temporaryFolder(), { fs, clock }) });
    const payload = jsonLines([someEvent()]);
    const headers = { 'content-type': 'text/plain' };
    const post = () => app.inject({ method: 'POST', url: '/v1/events?key=demo', payload, headers });
    const metrics = async () => samplesOf((await app.inject('/metrics')).body);
    const waiting = post();
    await until(() => syncs === 1);
    expect(sum(await metrics(), 'millrace_queued_events')).toBe(1);
    await clock.pass(5_000);
    for (const { statusCode, headers, body } of [await waiting, await post()]) {
      expect([statusCode, Number(headers['retry-after'])]).toEqual([503, expect.any(Number)]);
      expect(body).toContain('the disk has not answered');
    }
    const ready = await app.inject('/readyz');
    expect([ready.statusCode, ready.json().note]).toEqual([503, expect.stringContaining('the disk has not answered')]);
    expect(sum(await metrics(), 'millrace_spool_writable')).toBe(0);
    release();
    await until(() => app.inject('/readyz').then(({ statusCode }) => statusCode === 200));
    expect((await post()).statusCode).toBe(200);
    expect(keptAndPlaces(await metrics())).toEqual({ kept: 1, places: 1 });
  });

  test('what waits for a slow disk is bounded: what is more is refused, and taken again when it has caught up', async () => {
    let release = () => {};
    const hung = new Promise<void>((resolve) => {
      release = resolve;
    });
    const spool = await spoolIn(await temporaryFolder(), { fs: hangingFs(() => hung), clock: createFakeClock() });
    // With its header.
    const mib = chunk('x'.repeat(2 ** 20 - 25));
    const outcomes = Array.from({ length: 40 }, () => append(spool, [mib]).catch((error: SpoolError) => error.message));
    expect(spool.stats().failure).toContain('too slow');
    release();
    const refused = (await Promise.all(outcomes)).filter((one) => typeof one === 'string');
    expect(refused).toHaveLength(8);
    expect(refused[0]).toContain('the disk is too slow');
    expect(spool.stats().failure).toBeUndefined();
    await append(spool, [mib]);
    expect(spool.stats().chunks).toBe(33);
  });

  test('a disk that is really full refuses, keeps what it had, and takes again when there is room', async () => {
    const folder = await temporaryFolder();
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', folder], { stdio: 'pipe' });
    } catch {
      console.warn('skipped: a small tmpfs cannot be mounted here');
      return;
    }
    later(async () => execFileSync('umount', [folder]));
    const spool = await spoolIn(folder);
    const positions: Position[] = [];
    let refusal: unknown;
    for (let i = 0; i < 10 && refusal === undefined; i++) {
      await append(spool, [chunk(`${i}`.repeat(200_000))]).then(
        (more) => positions.push(...more),
        (error) => (refusal = error),
      );
    }
    expect(refusal).toBeInstanceOf(SpoolError);
    expect((refusal as SpoolError).message).toContain('ENOSPC');
    expect(positions.length).toBeGreaterThanOrEqual(4);
    expect((await readAll(spool)).texts).toHaveLength(positions.length);
    await spool.close();
    // A start on the full disk, too: delivering is what makes room.
    const again = await spoolIn(folder);
    const { positions: left } = await readAll(again);
    expect(left).toHaveLength(positions.length);
    again.done(left);
    for (let tries = 0; tries < 100 && (await segmentsIn(folder)).length > 0; tries++)
      await new Promise((r) => setTimeout(r, 10));
    await append(again, [chunk('room again')]);
    expect((await readAll(again)).texts).toEqual(['room again']);
    await again.close();
  });

  test('a full disk on which something is damaged does not keep it from starting: the rest is delivered, and what is damaged is set aside when there is room', async () => {
    const folder = await temporaryFolder();
    const first = await spoolIn(folder);
    for (const text of ['a', 'b', 'c']) await append(first, [chunk(text)]);
    await first.close();
    const [segment] = await segmentsIn(folder);
    const bytes = await readFile(join(folder, segment!));
    bytes[bytes.indexOf('b\n')]! ^= 1;
    await writeFile(join(folder, segment!), bytes);
    const full: SpoolFs = {
      ...nodeFs,
      async appendFile(path, data, options) {
        // A part of it still fits.
        await nodeFs.appendFile(path, (data as Buffer).subarray(0, 2), options);
        throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' });
      },
    };
    // Delivered while the disk is still full: the segment has to stay.
    const second = await spoolIn(folder, { fs: full });
    const { texts, positions } = await readAll(second);
    expect(texts).toEqual(['a', 'c']);
    expect(second.done(positions)).toBe(2);
    await second.close();
    expect(second.reports.every((text) => text.includes('ENOSPC'))).toBe(true);
    expect((await readdir(folder)).sort()).toEqual([segment!.replace('.spool', '.done'), segment]);
    // With room it is set aside at once, and nothing is delivered again.
    const third = await spoolIn(folder);
    expect((await readAll(third)).texts).toEqual([]);
    expect(third.reports).toEqual([`damaged ${join(folder, segment!)}`]);
    await third.close();
    expect(await readdir(folder)).toEqual([segment!.replace('.spool', '.damaged')]);
    expect(await readFile(join(folder, segment!.replace('.spool', '.damaged')), 'utf8')).toContain('c\n');
  });

  test('a bit that flips on a disk that is full keeps nothing up: its entry is reported once and waits in its segment, also over a kill, until it can be set aside', async () => {
    const folder = await temporaryFolder();
    const clock = createFakeClock();
    let isFull = false;
    let tries = 0;
    const fs: SpoolFs = {
      ...nodeFs,
      async appendFile(...args) {
        tries += 1;
        if (isFull) throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' });
        return nodeFs.appendFile(...args);
      },
    };
    const spool = await spoolIn(folder, { fs, clock });
    await append(spool, [chunk('a'), chunk('b'), chunk('c'), chunk('d')]);
    const path = join(folder, (await segmentsIn(folder))[0]!);
    const bytes = await readFile(path);
    bytes[bytes.indexOf('b\n')]! ^= 1;
    bytes[bytes.indexOf('d\n')]! ^= 1;
    await writeFile(path, bytes);
    isFull = true;
    const all = { after: 0, wanted: () => true, maxEvents: 10, maxBytes: 1_000_000 };
    const { found, damaged } = await spool.next(all);
    expect(found.map(({ chunk: { data } }) => String(data))).toEqual(['a\n', 'c\n']);
    expect(damaged).toBe(2);
    expect(spool.done(found.map(({ position }) => position))).toBe(2);
    expect(await spool.next(all)).toEqual({ found: [], damaged: 0 });
    expect(spool.stats()).toMatchObject({ chunks: 0, events: 0, setAsideEvents: 2 });
    await clock.pass(900);
    expect(tries).toBe(1);
    const aMinute = () => clock.pass(60_000);
    for (let round = 0; round < 10; round++) {
      const before = tries;
      await until(() => tries > before, aMinute);
    }
    expect(spool.reports).toEqual(['failed ENOSPC: no space left on device']);

    // What a kill leaves.
    const left = await temporaryFolder();
    for (const name of await segmentsIn(folder)) {
      await cp(join(folder, name), join(left, name));
      await cp(join(folder, name.replace('.spool', '.done')), join(left, name.replace('.spool', '.done')));
    }
    const next = await spoolIn(left);
    expect((await readAll(next)).texts).toEqual([]);
    expect(next.stats().damaged).toBe(2);
    await next.close();
    expect(await readdir(left)).toEqual(['00000001.damaged']);

    isFull = false;
    await until(() => spool.stats().bytes === 0, aMinute);
    expect(spool.stats()).toMatchObject({ bytes: 0, damaged: 2, setAsideEvents: 2 });
    await spool.close();
    expect(await readdir(folder)).toEqual(['00000001.damaged']);
    const frame = 24 + 2;
    expect(await readFile(join(folder, '00000001.damaged'))).toEqual(
      Buffer.concat([1, 3].map((i) => bytes.subarray(17 + i * frame, 17 + (i + 1) * frame))),
    );
  });

  test('what is delivered while the disk is full is not delivered again after a start, nor what is delivered later', async () => {
    const folder = await temporaryFolder();
    let isFull = false;
    const fs: SpoolFs = {
      ...nodeFs,
      async open(path, flags, mode) {
        const handle = await nodeFs.open(path, flags, mode);
        if (!String(path).endsWith('.done')) return handle;
        const real = handle.appendFile.bind(handle);
        return Object.assign(handle, {
          async appendFile(block: Buffer) {
            if (!isFull) return real(block);
            await real(block.subarray(0, 5));
            throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' });
          },
        });
      },
    };
    const spool = await spoolIn(folder, { fs });
    const positions = await append(
      spool,
      ['a', 'b', 'c', 'd', 'e'].map((text) => chunk(text)),
    );
    spool.done([positions[0]!]);
    await new Promise((r) => setTimeout(r, 50));
    isFull = true;
    spool.done([positions[2]!, positions[1]!]);
    await new Promise((r) => setTimeout(r, 50));
    isFull = false;
    spool.done([positions[4]!]);
    await spool.close();
    expect(spool.reports).toEqual([]);
    expect((await readAll(await spoolIn(folder))).texts).toEqual(['d']);
  });

  test('segments are cut at 4 MiB and removed when all of them is delivered', async () => {
    const folder = await temporaryFolder();
    const spool = await spoolIn(folder);
    const texts = Array.from({ length: 50 }, (_, i) => `${i}:`.padEnd(200_000, 'x'));
    for (const text of texts) await append(spool, [chunk(text)]);
    expect((await segmentsIn(folder)).length).toBe(3);
    const { texts: read, positions } = await readAll(spool);
    expect(read).toEqual(texts);
    spool.done(positions.slice(0, 25));
    await spool.close();
    expect((await segmentsIn(folder)).length).toBe(2);
    const again = await spoolIn(folder);
    expect((await readAll(again)).texts).toEqual(texts.slice(25));
  });

  test('what cannot be used stops the start with the name of the file or folder and what to do, and is left as it was', async () => {
    const parent = await temporaryFolder();
    await writeFile(join(parent, 'file'), '');
    await expect(spoolIn(join(parent, 'file', 'spool'))).rejects.toThrow(
      /spool folder .*file\/spool.*MILLRACE_SPOOL_FOLDER/,
    );

    // As a disk does that cannot read a block.
    const unread = join(parent, 'unread');
    await mkdir(join(unread, '00000001.spool'), { recursive: true });
    await expect(spoolIn(unread)).rejects.toThrow(/unread.00000001\.spool: cannot be read .*move the file out/);

    const folder = join(parent, 'later');
    await mkdir(folder);
    const content = 'millrace-spool 7\nwhatever';
    await writeFile(join(folder, '00000003.spool'), content);
    await expect(spoolIn(folder)).rejects.toThrow(
      /00000003\.spool: spool segment of version 7.*To start without it, move the file/,
    );
    expect(await readdir(folder)).toEqual(['00000003.spool']);
    expect(await readFile(join(folder, '00000003.spool'), 'utf8')).toBe(content);
  });

  test('two servers cannot have the same folder; one that was killed does not keep it', async () => {
    const folder = await temporaryFolder();
    const first = await spoolIn(folder);
    await expect(spoolIn(folder)).rejects.toThrow(`in use by process ${process.pid}`);
    await first.close();
    // Process 1 lives, but it began at another time than the one that left this.
    await writeFile(join(folder, 'lock.1.12345'), '');
    if (process.platform === 'linux') await (await spoolIn(folder)).close();
    await rm(join(folder, 'lock.1.12345'));
    await writeFile(join(folder, 'lock.4194999.1'), '');
    await (await spoolIn(folder)).close();
  });

  test('tells when processes that were killed last lived, until that is settled, also to who opens it after another that did not', async () => {
    const folder = await temporaryFolder();
    const opened = async () => {
      const spool = await spoolIn(folder);
      return { spool, leftOpen: spool.leftOpen };
    };
    for (const [name, seconds] of Object.entries({ 'lock.4194998.1': 1_000, 'lock.4194999.1': 2_000 })) {
      await writeFile(join(folder, name), '');
      await utimes(join(folder, name), seconds, seconds);
    }
    const first = await opened();
    await first.spool.close();
    const second = await opened();
    expect([first.leftOpen, second.leftOpen]).toEqual(Array(2).fill({ first: 1_000_000, last: 2_000_000 }));
    await second.spool.settle();
    await second.spool.close();
    const third = await opened();
    expect(third.leftOpen).toBeUndefined();
    await third.spool.close();
    expect(await readdir(folder)).toEqual([]);
  });

  test('a process shows that it lives', async () => {
    const folder = await temporaryFolder();
    const spool = await spoolIn(folder);
    const flag = join(folder, (await readdir(folder)).find((name) => name.startsWith('lock.'))!);
    await utimes(flag, 1_000, 1_000);
    for (let i = 0; i < 300 && (await stat(flag)).mtimeMs === 1_000_000; i++)
      await new Promise((r) => setTimeout(r, 20));
    expect(Date.now() - (await stat(flag)).mtimeMs).toBeLessThan(60_000);
    await spool.close();
  });

  test('the newest entries are those at the end, delivered ones left out', async () => {
    const spool = await spoolIn(await temporaryFolder());
    const positions = await append(spool, [chunk('a'), chunk('b'), chunk('c'), chunk('d')]);
    spool.done([positions[3]!]);
    const bytes = Buffer.concat(encodeFrame(chunk('a'))).length;
    expect((await spool.newest(2 * bytes)).map(({ position }) => position)).toEqual(positions.slice(1, 3));
    expect((await spool.newest(1e6)).map(({ position }) => position)).toEqual(positions.slice(0, 3));
    await spool.close();
  });

  test('of processes that start in the same instant exactly one has the folder, every time', async () => {
    // Stands at each start line until the moment comes; holds on to what it has until it is told to end.
    const script = `
      const { lockFolder } = await import(${JSON.stringify(new URL('../src/spool/folder-lock.js', import.meta.url).href)});
      console.log('ready');
      process.stdin.on('data', async (data) => {
        const { start, folder } = JSON.parse(data);
        while (Date.now() < start) {}
        await lockFolder(folder).then(() => console.log('has it'), (error) => console.log(error.message));
      });
    `;
    const racers = Array.from({ length: 3 }, () => {
      const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
        stdio: ['pipe', 'pipe', 'inherit'],
      });
      later(async () => void child.kill('SIGKILL'));
      const lines: string[] = [];
      child.stdout.on('data', (data) => lines.push(...String(data).split('\n').filter(Boolean)));
      return { child, lines };
    });
    const until = async (count: number) => {
      for (let i = 0; i < 1_000 && racers.some(({ lines }) => lines.length < count); i++)
        await new Promise((r) => setTimeout(r, 10));
    };
    await until(1);
    for (let round = 1; round <= 4; round++) {
      const folder = await temporaryFolder();
      // What a killed server left: the reason why both would take over.
      await writeFile(join(folder, 'lock.4194999.1'), '');
      const start = Date.now() + 50;
      for (const { child } of racers) child.stdin.write(JSON.stringify({ start, folder }));
      await until(1 + round);
      expect(racers.filter(({ lines }) => lines[round] === 'has it')).toHaveLength(1);
      // A loser names the winner or, on a slow machine, another loser that still tries.
      for (const { child, lines } of racers) {
        const others = racers.filter((one) => one.child !== child).map((one) => one.child.pid);
        if (lines[round] !== 'has it')
          expect(lines[round]).toMatch(new RegExp(`in use by process (${others.join('|')}):`));
      }
    }
    for (const { child } of racers) child.kill('SIGKILL');
  });

  test('a delivered-list that was torn or altered never makes an undelivered entry count as delivered', async () => {
    const folder = await temporaryFolder();
    const spool = await spoolIn(folder);
    const positions = await append(spool, [chunk('a'), chunk('b'), chunk('c')]);
    spool.done([positions[0]!]);
    spool.done([positions[1]!]);
    await spool.close();
    const path = join(folder, '00000001.done');
    const whole = await readFile(path);
    expect(whole.length).toBe(24);
    for (let length = 0; length <= whole.length; length++) {
      await writeFile(path, whole);
      await truncate(path, length);
      const again = await spoolIn(folder);
      expect((await readAll(again)).texts).toEqual(['a', 'b', 'c'].slice(length < 12 ? 0 : length < 24 ? 1 : 2));
      await again.close();
    }
    for (let at = 0; at < whole.length; at++) {
      const altered = Buffer.from(whole);
      altered[at]! ^= 4;
      await writeFile(path, altered);
      const again = await spoolIn(folder);
      expect((await readAll(again)).texts).toContain('c');
      await again.close();
    }
    await appendFile(path, 'x');
  });
});

describe('frames', () => {
  test('a scan finds every whole frame whatever stands between them', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            hash: fc.nat(),
            lines: fc.string({ unit: 'grapheme', maxLength: 40 }),
            junk: fc.uint8Array({ maxLength: 30 }),
            isDone: fc.boolean(),
          }),
          { maxLength: 8 },
        ),
        (parts) => {
          const frames = parts.map(({ hash, lines, isDone }) => {
            const frame = Buffer.concat(encodeFrame({ hash, events: 3, data: Buffer.from(lines) }));
            if (isDone) doneMark.copy(frame);
            return frame;
          });
          const bytes = Buffer.concat(frames.flatMap((frame, i) => [Buffer.from(parts[i]!.junk), frame]));
          const scan = scanFrames(bytes, 0);
          expect(scan.frames.map(({ hash, bytes: length, isDone }) => [hash, length, isDone])).toEqual(
            frames.map((frame, i) => [parts[i]!.hash, frame.length, parts[i]!.isDone]),
          );
          const junk = scan.damaged.reduce((sum, { start, end }) => sum + end - start, 0);
          expect(junk).toBe(parts.reduce((sum, part) => sum + part.junk.length, 0));
        },
      ),
    );
  });
});
