import type { LiveFeed } from './live-feed.js';

export interface StoreOptions {
  /** The ingest server's address, as a browser reaches it: `http://localhost:8080`. Serves `/millrace.js` and takes the events. */
  collectorUrl: string;
  /** The site's write key. It stands in the page: it is no secret. */
  writeKey: string;
  /** What the live view shows. Without it, the live view says how to get one. */
  feed?: LiveFeed;
  /** Where the live view says that the objects lie: a folder or an address. */
  links?: { lake?: string };
  /** Takes one line for each thing that went wrong in here. */
  log?: (line: string) => void;
}

/** The options, checked and taken apart. */
export interface Collector {
  /** For the Content-Security-Policy. */
  origin: string;
  trackerUrl: string;
}

/**
 * @throws TypeError when the collector's address is none that a page can use: the policy and the script tag are made from it.
 */
export function collectorOf(collectorUrl: string): Collector {
  const explain = (why: string) =>
    new TypeError(
      `collectorUrl: ${JSON.stringify(collectorUrl)} ${why}; give the ingest server's address, as http://localhost:8080`,
    );
  let url: URL;
  try {
    url = new URL(collectorUrl);
  } catch {
    throw explain('is no address');
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw explain('is neither http nor https');
  if (url.username || url.password) throw explain('holds a user name or password, which every visitor would see');
  if (!/^[a-z0-9.:[\]_-]+$/i.test(url.host)) throw explain('has a host that a policy cannot name');
  if (url.search || url.hash) throw explain('has a query or fragment');
  return { origin: url.origin, trackerUrl: `${url.origin}${url.pathname.replace(/\/+$/, '')}/millrace.js` };
}

/** @throws TypeError when it is empty or holds what a header or query cannot. */
export function checkedWriteKey(writeKey: string): string {
  if (!/^[\x21-\x7e]{1,128}$/.test(writeKey)) {
    throw new TypeError('writeKey: must be 1 to 128 visible ASCII characters; the demo uses "demo"');
  }
  return writeKey;
}
