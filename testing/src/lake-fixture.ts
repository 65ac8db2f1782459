import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';

export type Line = Record<string, unknown> | string;

/** JSON Lines; a text stays as it is. */
export const lines = (...all: Line[]) =>
  all.map((line) => `${typeof line === 'string' ? line : JSON.stringify(line)}\n`).join('');

/** A lake in a folder of its own, written as the embedded S3 leaves it. */
export function temporaryLake() {
  const parent = mkdtempSync(join(tmpdir(), 'millrace-lake-test-'));
  const folder = join(parent, "it's a lake");
  let objects = 0;
  const file = (key: string) => join(folder, key);
  const writeBytes = (key: string, bytes: string | Buffer) => {
    mkdirSync(dirname(file(key)), { recursive: true });
    writeFileSync(file(key), bytes);
    return key;
  };
  return {
    parent,
    folder,
    file,
    writeBytes,
    /** One gzip object in a page and event; returns its key. */
    put(page: string, event: string, ...all: Line[]) {
      objects += 1;
      const key = `page=${page}/event=${event}/clickstream-to-s3-1-2026-11-23-08-00-00-${String(objects).padStart(6, '0')}.gz`;
      return writeBytes(key, gzipSync(lines(...all)));
    },
    remove: () => rmSync(parent, { recursive: true, force: true }),
  };
}

let made = 0;

/** A stored event; whatever is not given has a value that fits. */
export function event(given: Record<string, unknown> = {}): Record<string, unknown> {
  made += 1;
  return {
    event_id: `01a2076b-4498-7156-b366-${String(made).padStart(12, '0')}`,
    page: 'books',
    event: 'clicked_review',
    event_time: '2026-11-23T08:00:00.000Z',
    visitor_id: 'v1',
    session_id: 's1',
    stream_id: 'stream-1',
    seq: made,
    os: 'ios',
    device: 'mobile',
    sdk: 'millrace-js/1.0.0',
    received_at: '2026-11-23T08:00:00.200Z',
    occurred_at: '2026-11-23T08:00:00.100Z',
    ...given,
  };
}
