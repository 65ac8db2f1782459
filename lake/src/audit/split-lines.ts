const newline = 0x0a;
/** No event and no row of the ledger is as long; a longer line is handed over cut, so that it is no JSON. */
const longestLine = 64 * 1024 * 1024;

/**
 * Hands over the lines of a text that comes in chunks, without empty ones. What is handed over is good for the call.
 */
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
        this.end();
      } else if (to > from) this.onLine(chunk, from, to);
      from = to + 1;
    }
    if (from < chunk.length) this.keep(chunk.subarray(from));
  }

  /** The last line need not have ended. */
  end(): void {
    if (this.restBytes === 0) return;
    if (this.rest.at(-1)!.at(-1) !== newline) this.rest.push(Buffer.of(newline));
    const line = this.rest.length === 1 ? this.rest[0]! : Buffer.concat(this.rest);
    this.rest = [];
    this.restBytes = 0;
    const to = line.at(-1) === newline ? line.length - 1 : line.length;
    if (to > 0) this.onLine(line, 0, to);
  }

  private keep(part: Buffer): void {
    if (this.restBytes > longestLine) return;
    this.rest.push(part);
    this.restBytes += part.length;
  }
}
