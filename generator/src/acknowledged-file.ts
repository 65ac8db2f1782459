import { closeSync, openSync, writeSync } from 'node:fs';
import type { MillraceEvent } from '@millrace/sdk/schema';
import { TrafficError } from './sink.js';

/** Where `--out` writes what was acknowledged, one JSON line an event, so that it can be compared with the lake. */
export interface AcknowledgedFile {
  add(event: MillraceEvent): void;
  close(): void;
}

const chunkChars = 64 * 1024;

/** @throws TrafficError, here and later, when the file cannot be written. */
export function createAcknowledgedFile(path: string): AcknowledgedFile {
  const guard = <T>(act: () => T): T => {
    try {
      return act();
    } catch (error) {
      throw new TrafficError(`cannot write ${path}: ${(error as Error).message}`);
    }
  };
  const file = guard(() => openSync(path, 'w'));
  let chunk = '';
  const flush = () => {
    const bytes = Buffer.from(chunk);
    chunk = '';
    guard(() => {
      for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
    });
  };
  return {
    add({ event_id, visitor_id, stream_id, seq }) {
      chunk += `${JSON.stringify({ event_id, visitor_id, stream_id, seq })}\n`;
      if (chunk.length >= chunkChars) flush();
    },
    close() {
      try {
        flush();
      } finally {
        closeSync(file);
      }
    },
  };
}
