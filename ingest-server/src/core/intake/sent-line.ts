/** One event of a body, as it was sent. */
export interface SentLine {
  /** The text where `isDecoded`; else a character for each byte (latin1). */
  readonly chars: string;
  readonly isDecoded: boolean;
  /** The bytes of the text, if they are valid UTF-8; without them the line must be written anew. */
  readonly bytes: LineBytes | undefined;
}

/** A line's place in the body. */
export interface LineBytes {
  readonly body: Buffer;
  readonly start: number;
  /** Behind the last byte. */
  readonly end: number;
}

/** The line's text, decoded. */
export function textOf({ chars, isDecoded, bytes }: SentLine): string {
  return isDecoded || bytes === undefined ? chars : bytes.body.toString('utf8', bytes.start, bytes.end);
}
