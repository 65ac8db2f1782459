/** One event of a body, as it was sent. */
export interface SentLine {
  readonly text: string;
  /** The bytes of the text, where they are valid UTF-8; undefined where the line can only be stored anew. */
  readonly bytes: LineBytes | undefined;
}

export interface LineBytes {
  readonly body: Buffer;
  readonly start: number;
  /** Behind the last byte. */
  readonly end: number;
}
