/** How much waits in the browser, and for how long. A bound that is reached drops the oldest events, counted. */
export const queueEvents = 10_000;
/** In characters, names included. */
export const queueChars = 4 * 1024 * 1024;
export const queueAgeMs = 7 * 24 * 60 * 60 * 1000;
/**
 * The same where the browser has no IndexedDB, in localStorage, which belongs to the site: it never holds more of ours. With IndexedDB an event is
 * there only for the moment until it is safe from a kill of the browser, too.
 */
export const bridgeChars = 216 * 1024;

/** Events wait this long in localStorage for others to share their way into IndexedDB. */
export const commitMs = 30;
/** The most that are stored together there. */
export const recordEvents = 25;
/** An IndexedDB that has not opened after this long counts as missing, for this page. */
export const openMs = 5000;

/**
 * One request: so many characters as they are stored, or all that was stored together. An event has 180 at least, so they are fewer than the server's
 * 500; as it travels it has 120 more.
 */
export const batchChars = 64 * 1024;
/** No more are looked at for it. */
export const batchRecords = 100;

/** One request of a page that is leaving: small ones, because the browser refuses a whole one that does not fit. */
export const exitBatchChars = 16 * 1024;
/** What a leaving page may have under way: the browser allows 64 KiB, shared with everybody on the page. */
export const exitBytes = 60 * 1024;
/** More do not go out with a page, by its 64 KiB and those of `fetchLater`: an event has some 180 bytes there. */
export const exitEvents = 500;

/** Events wait this long for others to share their request. */
export const lingerMs = 250;
/** A request without an answer counts as lost after this long. */
export const answerMs = 30 * 1000;
/**
 * Storage is copied between the processes of tabs, and a tab that gets the lock may still see what the one before it has removed. So the
 * lock is given on a little after the last change.
 */
export const settleMs = 50;
/** Calls kept while consent is pending, in memory. */
export const heldCalls = 1000;
/** Streams of which the browser remembers how far they got. */
export const streamsRemembered = 50;
