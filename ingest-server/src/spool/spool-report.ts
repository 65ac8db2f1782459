/** What happens to the spool that is worth a line in the log. */
export interface SpoolReport {
  /** A damaged entry was set aside, in the file `kept`. */
  damaged?(found: { file: string; bytes: number; kept: string }): void;
  /** An unfinished, unacknowledged write at a segment's end was cut off. */
  torn?(found: { file: string; bytes: number }): void;
  failed?(error: Error): void;
}
