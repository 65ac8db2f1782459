import { longestLine } from '../json-line.js';

const newline = 0x0a;
/** Stands for a line that is too long, and is no JSON. */
const tooLong = Buffer.from('…\n');

/** Hands over the lines of a text that comes in chunks, each with its newline at `to`, and good for the call. */
export class LineSplitter {
  private rest: Buffer[] = [];
  private restBytes = 0;
  private readonly onLine: (source: Buffer, from: number, to: number) => void;

  constructor(onLine: (source: Buffer, from: number, to: number) => void) {
    this.onLine = onLine;
  }

  push(chunk: Buffer): void {
    let from = 0;
    for (let to = chunk.indexOf(newline); to >= 0; to = chunk.indexOf(newline, from)) {
      if (this.restBytes > 0) {
        this.keep(chunk.subarray(from, to + 1));
        this.handOver();
      } else this.onLine(chunk, from, to);
      from = to + 1;
    }
    if (from < chunk.length) this.keep(chunk.subarray(from));
  }

  /** The last line need not have ended. */
  end(): void {
    if (this.restBytes === 0) return;
    this.keep(Buffer.of(newline));
    this.handOver();
  }

  private handOver(): void {
    const isTooLong = this.restBytes > longestLine + 1;
    const line = isTooLong ? tooLong : Buffer.concat(this.rest);
    this.rest = [];
    this.restBytes = 0;
    this.onLine(line, 0, line.length - 1);
  }

  private keep(part: Buffer): void {
    this.restBytes += part.length;
    if (this.restBytes <= longestLine + 1) this.rest.push(part);
    else this.rest = [];
  }
}
