/** One step of one event's way, as the live view shows it. */
export interface LiveStep {
  /** `received`: the ingest server has it; `in_stream`: it was read from the Kinesis stream; `in_object`: it lies in S3. */
  step: 'received' | 'in_stream' | 'in_object';
  event_id: string;
  page: string;
  event: string;
  /** When the step happened, in milliseconds since 1970. */
  at: number;
  visitor_id?: string;
  item_name?: string;
  /** The shard it was read from, at `in_stream`. */
  shard_id?: string;
  /** The object's key, at `in_object`. */
  key?: string;
}

/** Where the store's live view gets its steps; whoever runs the pipeline hands one over. */
export interface LiveFeed {
  /** Calls `listener` with each step from now on; returns how to stop it. */
  subscribe(listener: (step: LiveStep) => void): () => void;
}
