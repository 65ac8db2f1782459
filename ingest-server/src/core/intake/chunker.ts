import { type LedgerIdentity, ledgerText } from '@millrace/sdk/schema';
import type { Chunk } from '../chunk.js';
import type { LineBytes } from './sent-line.js';

/** A chunk is closed when it holds this much, so that a record can be filled well. */
export const chunkLimits = { events: 100, bytes: 48_000 } as const;

/** A line as it was sent, except that `tail` (ASCII) stands in place of its last byte, the closing brace. */
export interface SplicedLine {
  readonly sent: LineBytes;
  readonly tail: string;
}

/** Collects a request's lines into chunks, by visitor. */
export interface Chunker {
  /**
   * @param hash `hashOf(visitor_id)`
   * @param identity of the event, for the ledger; left out for a row that it does not name
   */
  add(hash: number, line: string | SplicedLine, identity?: LedgerIdentity): void;
  /** All chunks; a visitor's are in the order of the lines. */
  finish(): Chunk[];
}

interface Open {
  readonly lines: (string | SplicedLine)[];
  readonly identities: LedgerIdentity[];
  bytes: number;
}

function write({ lines, bytes }: Open): Buffer {
  const data = Buffer.allocUnsafe(bytes);
  let at = 0;
  for (const line of lines) {
    if (typeof line === 'string') at += data.write(line, at);
    else {
      const { body, start, end } = line.sent;
      at += body.copy(data, at, start, end - 1);
      at += data.write(line.tail, at, 'latin1');
    }
    data[at++] = 0x0a;
  }
  return data;
}

/** A chunker for one request. */
export function createChunker(): Chunker {
  const open = new Map<number, Open>();
  const chunks: Chunk[] = [];
  const close = (hash: number, rest: Open) =>
    chunks.push({
      hash,
      events: rest.lines.length,
      data: write(rest),
      ledgerText: ledgerText(rest.identities),
    });

  return {
    add(hash, line, identity) {
      const bytes =
        1 +
        (typeof line === 'string' ? Buffer.byteLength(line) : line.sent.end - line.sent.start - 1 + line.tail.length);
      const current = open.get(hash);
      if (current !== undefined) {
        if (current.lines.length < chunkLimits.events && current.bytes + bytes <= chunkLimits.bytes) {
          current.lines.push(line);
          if (identity !== undefined) current.identities.push(identity);
          current.bytes += bytes;
          return;
        }
        close(hash, current);
      }
      open.set(hash, { lines: [line], identities: identity === undefined ? [] : [identity], bytes });
    },
    finish() {
      for (const [hash, rest] of open) close(hash, rest);
      open.clear();
      return chunks;
    },
  };
}
