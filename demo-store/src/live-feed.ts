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
  /** Makes the event's JSON line: what a click on a row shows. Asked only for events that are shown, so it may cost something. */
  line?: () => string;
}

/**
 * Where the store's live view gets its steps; whoever runs the pipeline hands one over.
 *
 * The steps of one event may come in any order and more than once (a redelivered record). An event that was put straight into the
 * stream has no `received`. The live view samples when there is more than a person can watch, so every step may be handed over.
 */
export interface LiveFeed {
  /** Calls `listener`, which never throws and does no I/O, with each step from now on; returns how to stop it. */
  subscribe(listener: (step: LiveStep) => void): () => void;
}
