/** The most that the live view keeps and sends, however many events pass. */
export const liveLimits = {
  /** New events shown a second, and at once after a quiet time: about as many as a person can follow. */
  newEventsPerSecond: 20,
  newEventsBurst: 60,
  /** The same for the events of the visitors who are watching: one's own click shows however busy it is. */
  ownEventsPerSecond: 20,
  ownEventsBurst: 60,
  /** Events that may still get a step. On AWS an object takes a minute or more. */
  followedEvents: 3000,
  /** Characters of the event lines kept for the detail view, and of the longest one kept (an event's own limit). */
  lineCharacters: 4 * 1024 * 1024,
  lineLength: 16 * 1024,
  /** Steps sent to a browser that connects. */
  replayedSteps: 200,
  /** At most 1000 / 60 = 16 messages with steps a second, each with at most `stepsPerMessage`. */
  flushMs: 60,
  stepsPerMessage: 120,
  /** Counts alone, when nothing else is sent. */
  countsMs: 1000,
  /** Between comments that keep a quiet connection open. */
  heartbeatMs: 15_000,
  /** A browser with more unread bytes is disconnected. It reconnects, and gets the latest steps again. */
  unreadBytes: 512 * 1024,
  /** Browsers watching at once. */
  clients: 100,
} as const;
