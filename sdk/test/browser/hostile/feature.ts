/** What makes a page hostile to the tracker, as HTML and scripts of the page. */
export interface Feature {
  name: string;
  /** Of each group a page has at most one. */
  group: string;
  /** A script ahead of the tracker's, and one after it has come. */
  before?: string;
  after?: string;
  /** HTML of the head ahead of all scripts, and of the body. */
  head?: string;
  body?: string;
  /** Attributes of the tracker's tag. */
  attributes?: string;
  /** How the tracker's tag comes into the page, instead of by its markup. */
  tag?: 'written' | 'inserted' | 'async' | 'module';
  /** The page is in a frame of another one. */
  frame?: 'allow-scripts' | 'allow-scripts allow-forms allow-popups';
  /** Directives of its content security policy. */
  policy?: string;
  encoding?: Encoding;
  /** The script at /worker.js, which the page registers as service worker. */
  worker?: string;
  /** What the tracker cannot do in such a page. */
  denies?: readonly Denied[];
}

/**
 * What a page can take away: an origin that it shares with its other pages, what is named, clicks before the tracker
 * hears of them, or only the page's own handlers of them, the navigation by a click, what is stored for a moment,
 * built-ins that work, and the frame or the script that brings others.
 */
export type Denied =
  | 'origin'
  | 'requests'
  | 'localStorage'
  | 'IndexedDB'
  | 'clicks'
  | 'handlers'
  | 'navigation'
  | 'built-ins'
  | 'keeping'
  | 'others';

/** How the document is written. */
export interface Encoding {
  /** In the header; none when left out. */
  charset?: string;
  bytesOf(html: string): Uint8Array;
}

/** One choice of a group for each page that has it; `share` is the share of pages. */
export interface Group {
  share: number;
  features: readonly Feature[];
}

/** The features of a group. */
export const groupOf = (group: string, share: number, features: readonly Omit<Feature, 'group'>[]): Group => ({
  share,
  features: features.map((feature) => ({ ...feature, group })),
});
