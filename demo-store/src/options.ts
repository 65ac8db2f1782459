import type { LiveFeed } from './live-feed.js';

/** What the store needs. */
export interface StoreOptions {
  /**
   * The ingest server's address for browsers, such as `http://localhost:8080`. It serves `/millrace.js` and takes the
   * events.
   */
  collectorUrl: string;
  /** The site's write key. Every page shows it: it is not a secret. */
  writeKey: string;
  /** What the live view shows. Without it, the live view says how to start a pipeline. */
  feed?: LiveFeed;
  /** Where the objects are, for the live view: a folder or an address. */
  links?: { lake?: string };
  /** The host names that it answers under: those of this machine when left out, every name when empty. */
  hosts?: readonly string[];
  /** Called with one line for each failure. */
  log?: (line: string) => void;
}

/** The collector's address, for the pages. */
export interface Collector {
  /** For the Content-Security-Policy. */
  origin: string;
  trackerUrl: string;
}

/**
 * Reads the collector's address, of which the policy and the script tag are made.
 * @throws TypeError when a page cannot use it
 */
export function collectorOf(collectorUrl: string): Collector {
  const explain = (why: string) =>
    new TypeError(
      `invalid collectorUrl ${JSON.stringify(collectorUrl)}: ${why}; pass the ingest server's address, such as http://localhost:8080`,
    );
  let url: URL;
  try {
    url = new URL(collectorUrl);
  } catch {
    throw explain('not a URL');
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw explain('neither http nor https');
  if (url.username || url.password) throw explain('every visitor would see its user name or password');
  if (!/^[a-z0-9.:[\]_-]+$/i.test(url.host)) throw explain('a policy cannot name its host');
  if (url.search || url.hash) throw explain('it has a query or fragment');
  return { origin: url.origin, trackerUrl: `${url.origin}${url.pathname.replace(/\/+$/, '')}/millrace.js` };
}

/** Returns the write key. @throws TypeError when it is empty, too long or does not fit into a URL. */
export function checkedWriteKey(writeKey: string): string {
  if (!/^[\x21-\x7e]{1,128}$/.test(writeKey)) {
    throw new TypeError('invalid writeKey: it must be 1 to 128 visible ASCII characters; the demo uses "demo"');
  }
  return writeKey;
}
