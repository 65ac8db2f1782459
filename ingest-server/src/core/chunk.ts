import type { LineBytes } from './intake/sent-line.js';

/**
 * One visitor's events out of one request, as JSON Lines, each line with its newline. It is the smallest thing that is packed,
 * spooled and put; it is never split, so a visitor's events keep their order inside it.
 */
export interface Chunk {
  /** `hashOf(visitor_id)`: decides the lane. */
  readonly hash: number;
  /** How many lines. */
  readonly events: number;
  readonly data: Buffer;
}

/** What one packed record may hold. Firehose splits no more than 500 sub-records and takes no record above 1,000 KiB. */
export const recordLimits = {
  events: 500,
  bytes: 1000 * 1024,
  /** A lane with this much does not linger: one PUT payload unit of a provisioned stream is 25 KB. */
  targetBytes: 24_000,
} as const;

/** A chunk is closed when it holds this much, so that a record can be filled well. */
const chunkLimits = { events: 100, bytes: 48_000 } as const;

/** A line as it was sent, but for its last byte, a brace, and what comes instead of that: ASCII. */
export interface SplicedLine {
  readonly sent: LineBytes;
  readonly tail: string;
}

interface Open {
  readonly lines: (string | SplicedLine)[];
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

/** Collects a request's lines into chunks, by visitor. */
export function createChunker(): { add(hash: number, line: string | SplicedLine): void; finish(): Chunk[] } {
  const open = new Map<number, Open>();
  const chunks: Chunk[] = [];
  const close = (hash: number, rest: Open) => chunks.push({ hash, events: rest.lines.length, data: write(rest) });

  return {
    add(hash, line) {
      const bytes =
        1 +
        (typeof line === 'string' ? Buffer.byteLength(line) : line.sent.end - line.sent.start - 1 + line.tail.length);
      const current = open.get(hash);
      if (current !== undefined) {
        if (current.lines.length < chunkLimits.events && current.bytes + bytes <= chunkLimits.bytes) {
          current.lines.push(line);
          current.bytes += bytes;
          return;
        }
        close(hash, current);
      }
      open.set(hash, { lines: [line], bytes });
    },
    finish() {
      for (const [hash, rest] of open) close(hash, rest);
      open.clear();
      return chunks;
    },
  };
}
