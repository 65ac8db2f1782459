import { closeSync, openSync, writeSync } from 'node:fs';
import type { MillraceEvent } from '@millrace/sdk/schema';
import { trafficError } from '../traffic-error.js';

/** The file of acknowledged events, one JSON line each, to compare with the lake. */
export interface AcknowledgedFile {
  add(event: MillraceEvent): void;
  close(): void;
}

const chunkChars = 64 * 1024;

/**
 * Creates the file, or empties it.
 * @throws MillraceError `FILE_UNWRITABLE`, here and later
 */
export function createAcknowledgedFile(path: string): AcknowledgedFile {
  const guard = <T>(act: () => T): T => {
    try {
      return act();
    } catch (error) {
      throw trafficError('FILE_UNWRITABLE', `cannot write ${path}: ${(error as Error).message}`, { cause: error });
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
