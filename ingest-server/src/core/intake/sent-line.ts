/** One event of a body, as it was sent. */
export interface SentLine {
  /** The text where `isDecoded`, else its bytes with a character for each (latin1), which is the text as well where that is ASCII. */
  readonly chars: string;
  readonly isDecoded: boolean;
  /** The bytes of the text, where they are valid UTF-8; undefined where the line can only be stored anew. */
  readonly bytes: LineBytes | undefined;
}

export interface LineBytes {
  readonly body: Buffer;
  readonly start: number;
  /** Behind the last byte. */
  readonly end: number;
}

export function textOf({ chars, isDecoded, bytes }: SentLine): string {
  return isDecoded || bytes === undefined ? chars : bytes.body.toString('utf8', bytes.start, bytes.end);
}
