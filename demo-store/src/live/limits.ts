/** What the live view keeps and sends at most, however many events pass. */
export const liveLimits = {
  /** New events shown a second, and at once after a quiet time: about what a person can follow. */
  newEventsPerSecond: 20,
  newEventsBurst: 60,
  /** The same, apart, for the events of those who are watching: one's own click shows however busy it is. */
  ownEventsPerSecond: 20,
  ownEventsBurst: 60,
  /** Events whose further steps are waited for. At AWS's own pace an object takes a minute or more. */
  followedEvents: 3000,
  /** Event lines kept for the detail view, all together, and the longest one kept (an event's own limit). */
  lineCharacters: 4 * 1024 * 1024,
  lineLength: 16 * 1024,
  /** Steps sent to a newcomer. */
  replayedSteps: 200,
  /** At most 1000 / 60 = 16 messages a second with steps, each with at most so many. */
  flushMs: 60,
  stepsPerMessage: 120,
  /** Counts alone, when nothing else is sent. */
  countsMs: 1000,
  heartbeatMs: 15_000,
  /** A browser that has so much unread is dropped; it comes back by itself and gets the replay. */
  unreadBytes: 512 * 1024,
  clients: 100,
} as const;
