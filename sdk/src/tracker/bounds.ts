/** How much of the host's storage the queue may take, and for how long. A bound that is reached drops the oldest events, counted. */
export const queueEvents = 1000;
/** In characters, names included. With the notes of batches under way it stays below 256 K. */
export const queueChars = 224 * 1024;
export const queueAgeMs = 7 * 24 * 60 * 60 * 1000;

/** One request. */
export const batchEvents = 50;
export const batchChars = 48 * 1024;

/** One request of a page that is leaving: small ones, because the browser refuses a whole one that does not fit. */
export const exitBatchChars = 16 * 1024;
/** What a leaving page may have under way: the browser allows 64 KiB, shared with everybody on the page. */
export const exitBytes = 60 * 1024;

/** Events wait this long for others to share their request. */
export const lingerMs = 250;
/** A request without an answer counts as lost after this long. */
export const answerMs = 30 * 1000;
/**
 * Storage is copied between the processes of tabs, and a tab that gets the lock may still see what the one before it has removed. So the
 * lock is given on a little after the last change.
 */
export const settleMs = 50;
