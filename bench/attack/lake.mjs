// The records of a stream as a lake, partitioned as Firehose does.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

/** Writes one object a partition; returns the bytes of each page, uncompressed. */
export function writeLake(folder, records) {
  const partitions = new Map();
  const bytes = {};
  for (const line of records.flatMap((text) => text.split('\n'))) {
    if (line === '') continue;
    const { page, event } = JSON.parse(line);
    const partition = `page=${page}/event=${event}`;
    if (!partitions.has(partition)) partitions.set(partition, []);
    partitions.get(partition).push(line);
    bytes[page] = (bytes[page] ?? 0) + Buffer.byteLength(line) + 1;
  }
  for (const [partition, lines] of partitions) {
    mkdirSync(join(folder, partition), { recursive: true });
    writeFileSync(join(folder, partition, 'clickstream-to-s3-1.gz'), gzipSync(`${lines.join('\n')}\n`));
  }
  return bytes;
}
