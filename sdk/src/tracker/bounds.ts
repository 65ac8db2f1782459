/** The most events that wait in the browser. At each bound of the queue the oldest are dropped, and counted. */
export const queueEvents = 10_000;
/** The most characters that wait, names included. */
export const queueChars = 4 * 1024 * 1024;
/** Events that waited longer than this are dropped. */
export const queueAgeMs = 7 * 24 * 60 * 60 * 1000;
/**
 * The most characters of ours in localStorage, which belongs to the site, where the browser has no IndexedDB. With
 * IndexedDB an event is in localStorage only until it is safe from a kill of the browser, too.
 */
export const webStorageChars = 216 * 1024;

/** Events wait this long in localStorage for others to share their transaction into IndexedDB. */
export const commitMs = 30;
/** The most events in one record there. */
export const recordEvents = 25;
/** An IndexedDB that has not opened after this long counts as missing, for this page. */
export const openMs = 5000;

/**
 * The most characters in one request, as they are stored; a longer record goes alone. An event has at least 180, so a
 * request has fewer events than the server's 500. As it travels an event has 120 more.
 */
export const batchChars = 64 * 1024;
/** The most records read for a batch. */
export const batchRecords = 100;

/**
 * The most characters in one request of a page exit: small, because the browser refuses a request that does not fit.
 */
export const exitBatchChars = 16 * 1024;
/** The most bytes that a page exit has under way. The browser allows 64 KiB, shared with everybody on the page. */
export const exitBytes = 60 * 1024;
/** The most events of a page exit: an event has some 180 bytes there, and `fetchLater` has 64 KiB of its own. */
export const exitEvents = 500;

/** Events wait this long for others to share their request. */
export const lingerMs = 250;
/** A request without an answer counts as lost after this long. */
export const answerMs = 30 * 1000;
/**
 * Tabs are processes with copies of the storage, so a tab that gets the lock may still see what the one before it has
 * removed. The lock is therefore released this long after the last change.
 */
export const settleMs = 50;
/** The most calls kept in memory while consent is pending. */
export const heldCalls = 1000;
/** The number of streams of which the browser remembers how far they got. */
export const streamsRemembered = 50;

/** Until then after the route changed, a view may still be named otherwise. */
export const viewMs = 1000;
/** A view that was not final after this long was left behind by its page. */
export const heldMs = 3 * viewMs;
