import { createGzip } from 'node:zlib';
import type { CompressionFormat } from '../../config/destination-shape.js';
import { hadoopSnappy, snappyJava } from './snappy.js';
import { zipOne } from './zip.js';

interface Compression {
  /** Of an object's name, unless the destination has a FileExtension. */
  extension: string;
  contentEncoding?: string;
  /** @param key of the object that it becomes */
  compress(blocks: readonly Buffer[], key: string, nowMs: number): Promise<Buffer>;
}

/**
 * https://docs.aws.amazon.com/firehose/latest/dev/s3-object-name.html; `.snappy` for Hadoop's too, as it was measured.
 */
export const compressions: Record<CompressionFormat, Compression> = {
  UNCOMPRESSED: { extension: '', compress: async (blocks) => Buffer.concat(blocks) },
  GZIP: { extension: '.gz', contentEncoding: 'gzip', compress: gzipBlocks },
  ZIP: {
    extension: '.zip',
    // What Firehose calls the file in it is not documented.
    compress: (blocks, key, nowMs) =>
      zipOne(key.slice(key.lastIndexOf('/') + 1).replace(/\.zip$/, ''), Buffer.concat(blocks), new Date(nowMs)),
  },
  Snappy: {
    extension: '.snappy',
    contentEncoding: 'snappy-java',
    compress: async (blocks) => snappyJava(Buffer.concat(blocks)),
  },
  HADOOP_SNAPPY: { extension: '.snappy', compress: async (blocks) => hadoopSnappy(Buffer.concat(blocks)) },
};

/** Rows of one kind become 5 % larger than by zlib's default, 6, in half the time. */
const gzipLevel = 3;

/** Off the main thread, block by block, so that a buffer is never held a second time as a whole. */
function gzipBlocks(blocks: readonly Buffer[]): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const gzip = createGzip({ level: gzipLevel, chunkSize: 64 * 1024 });
    const compressed: Buffer[] = [];
    gzip.on('data', (chunk: Buffer) => compressed.push(chunk));
    gzip.on('error', reject);
    gzip.on('end', () => resolve(Buffer.concat(compressed)));
    for (const block of blocks) gzip.write(block);
    gzip.end();
  });
}
