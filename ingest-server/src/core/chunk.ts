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
const chunkLimits = { events: 100, codeUnits: 48_000 } as const;

interface Open {
  text: string;
  events: number;
}

/** Collects a request's lines into chunks, by visitor. */
export function createChunker(): { add(hash: number, line: string): void; finish(): Chunk[] } {
  const open = new Map<number, Open>();
  const chunks: Chunk[] = [];
  const close = (hash: number, { text, events }: Open) => chunks.push({ hash, events, data: Buffer.from(text) });

  return {
    add(hash, line) {
      const current = open.get(hash);
      if (current !== undefined) {
        if (current.events < chunkLimits.events && current.text.length + line.length < chunkLimits.codeUnits) {
          current.text += `${line}\n`;
          current.events += 1;
          return;
        }
        close(hash, current);
      }
      open.set(hash, { text: `${line}\n`, events: 1 });
    },
    finish() {
      for (const [hash, rest] of open) close(hash, rest);
      open.clear();
      return chunks;
    },
  };
}
