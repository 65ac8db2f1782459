import * as nodeFs from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import { createSegment, type Segment, segmentName } from '../src/spool/segment.js';
import { createSegmentReader } from '../src/spool/segment-reader.js';
import type { SpoolFs } from '../src/spool/spool-fs.js';
import { cleanUp, temporaryFolder } from './support/app.js';

afterEach(cleanUp);

const segmentLength = 4 * 1024 * 1024;

/** Segments whose every four bytes say which they are, and the memory that was read into. */
async function setUp(count: number) {
  const folder = await temporaryFolder();
  const segments: Segment[] = [];
  const bytes = new Map<number, Buffer>();
  for (let id = 1; id <= count; id++) {
    const words = new Uint32Array(segmentLength / 4).map((_, i) => (id << 24) | i);
    const content = Buffer.from(words.buffer);
    await nodeFs.writeFile(join(folder, segmentName(id)), content);
    bytes.set(id, content);
    segments.push(Object.assign(createSegment(id), { size: segmentLength }));
  }
  const memory = new Set<ArrayBufferLike>();
  const fs: SpoolFs = {
    ...nodeFs,
    async open(path, flags) {
      const handle = await nodeFs.open(path, flags);
      const read = handle.read.bind(handle) as (...args: unknown[]) => unknown;
      return Object.assign(handle, {
        read(buffer: Buffer, ...rest: unknown[]) {
          memory.add(buffer.buffer);
          return read(buffer, ...rest);
        },
      });
    },
  };
  const reader = createSegmentReader({ folder, fs });
  const isRight = async (segment: Segment, offset: number, length: number) =>
    (await reader.read(segment, offset, length)).equals(bytes.get(segment.id)!.subarray(offset, offset + length));
  return { segments, memory, isRight, reader, folder };
}

test('however much is read, it goes through the same 4 MiB', async () => {
  const { segments, memory, isRight } = await setUp(5);
  for (const segment of segments) {
    for (let offset = 0; offset < segmentLength; offset += 100_000) {
      expect(await isRight(segment, offset, Math.min(100_000, segmentLength - offset))).toBe(true);
    }
  }
  const bytes = [...memory].reduce((sum, { byteLength }) => sum + byteLength, 0);
  expect(bytes).toBeLessThanOrEqual(4 * 1024 * 1024);
});

test('of many reads at once, over more stretches than are kept, each gets its own bytes', async () => {
  const { segments, isRight } = await setUp(3);
  const places = Array.from({ length: 600 }, (_, i) => (i * 1_234_567) % (segmentLength - 300_000));
  const right = await Promise.all(
    places.map((offset, i) => isRight(segments[i % 3]!, offset, 1 + ((i * 7_919) % 300_000))),
  );
  expect(right.every(Boolean)).toBe(true);
});

test('of a segment that lost its end there is what is left, so that the entry counts as damaged', async () => {
  const { segments, reader, folder } = await setUp(1);
  await nodeFs.truncate(join(folder, segmentName(1)), 1_000_000);
  const [segment] = segments;
  expect(await reader.read(segment!, 999_000, 5_000)).toHaveLength(1_000);
  expect(await reader.read(segment!, 1_010_000, 5_000)).toHaveLength(0);
  expect(await reader.read(segment!, 3_000_000, 500_000)).toHaveLength(0);
});
