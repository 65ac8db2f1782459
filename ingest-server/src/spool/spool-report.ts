/** What of the spool's life is worth a line in the log. */
export interface SpoolReport {
  /** An entry that was altered on disk was set aside, in the file `kept`. */
  damaged?(found: { file: string; bytes: number; kept: string }): void;
  /** A last write that was never finished, and never acknowledged, was cut off. */
  torn?(found: { file: string; bytes: number }): void;
  failed?(error: Error): void;
}
