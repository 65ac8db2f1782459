/** One step of an event on its way, as the live view shows it. */
export interface LiveStep {
  /** `received`: the ingest server has it. `in_stream`: read from the Kinesis stream. `in_object`: in S3. */
  step: 'received' | 'in_stream' | 'in_object';
  /**
   * `stored` when it is left out: accepted. `refused`: rejected, and in quarantine. `unkept`: rejected, without a row
   * in quarantine. `direct`: put straight into the stream. `repeated`: safe before, so it has no further step.
   */
  kind?: 'stored' | 'refused' | 'unkept' | 'direct' | 'repeated';
  /**
   * Page, event and what follows are those of the event's steps before. An event is not shown for such a step alone: it
   * is counted.
   */
  isBrief?: boolean;
  /** How many events the step is of, where they are only counted; 1. */
  events?: number;
  /**
   * What all steps of one event have in common, and no other event has; `event_id` when it is left out. A step with
   * neither is counted, and not shown.
   */
  identity?: string;
  event_id?: string;
  page: string;
  event: string;
  /** When the step happened, in milliseconds since 1970. */
  at: number;
  visitor_id?: string;
  item_name?: string;
  /** Whose event, and whether a bot sent it, as the ingest server says. */
  site?: string;
  is_bot?: boolean;
  /** Why it was refused: the error code, the place in the event, and the reason in words. */
  code?: string;
  path?: string;
  reason?: string;
  /** How its text begins, at most 200 characters. */
  raw?: string;
  /** The shard it was read from, at `in_stream`. */
  shard_id?: string;
  /** The object's key, at `in_object`. */
  key?: string;
  /**
   * Makes the event's text, which a click on a row shows: its JSON line, or what was sent of a refused one. Called only
   * for shown events, so it may be expensive.
   */
  line?: () => string;
}

/**
 * Where the live view gets its steps. Whoever runs the pipeline passes one to the store. The steps of an event may come
 * in any order and more than once (a redelivered record). Publish every step: the live view samples when there are more
 * than a person can watch.
 */
export interface LiveFeed {
  /**
   * Calls `listener`, which never throws and does no I/O, with each step from now on. Returns how to stop it.
   * @param follows whether the listener shows the event of this identity; without it, it may show any
   */
  subscribe(listener: (step: LiveStep) => void, follows?: (identity: string) => boolean): () => void;
}

/** A feed and its writing end. */
export interface PublishedFeed extends LiveFeed {
  /** Without listeners a step need not be made. */
  hasListeners(): boolean;
  /**
   * Whether a listener shows the event of this identity. If none does, a brief step of it need only be counted, with
   * others: `events` of a step without identity.
   */
  follows(identity: string): boolean;
  publish(step: LiveStep): void;
}

/** A feed in this process: what one side publishes, the listeners get at once. */
export function createLiveFeed(): PublishedFeed {
  const listeners = new Map<(step: LiveStep) => void, (identity: string) => boolean>();
  return {
    hasListeners: () => listeners.size > 0,
    follows(identity) {
      for (const follows of listeners.values()) if (follows(identity)) return true;
      return false;
    },
    publish(step) {
      for (const listener of listeners.keys()) listener(step);
    },
    subscribe(listener, follows = () => true) {
      listeners.set(listener, follows);
      return () => listeners.delete(listener);
    },
  };
}
