import { eventErrors } from './errors.js';
import { limits } from './limits.js';
import { isSlug } from './slug.js';

/** The names that a site declares. Only these become partitions. */
export interface Catalogue<Page extends string = string, Event extends string = string> {
  readonly pages: readonly Page[];
  readonly events: readonly Event[];
}

/** The page under which rejected events are filed. */
export const quarantinePage = '_quarantine';

/**
 * The number of partitions that a catalogue can fill: pages × events with `_other` in both, the quarantine's codes, and
 * the ledger.
 */
export function partitionCount(catalogue: Catalogue): number {
  return (catalogue.pages.length + 1) * (catalogue.events.length + 1) + Object.keys(eventErrors).length + 1;
}

/**
 * Declares a site's pages and events. `cart` and `page_view` are in every catalogue.
 * @throws RangeError for a name that is not a slug, and for more than `limits.cataloguePartitions` partitions
 */
export function defineCatalogue<const Page extends string, const Event extends string>(declared: {
  readonly pages: readonly Page[];
  readonly events: readonly Event[];
}): Catalogue<Page | 'cart', Event | 'page_view'> {
  for (const kind of ['pages', 'events'] as const) {
    for (const name of declared[kind]) {
      if (!isSlug(name)) {
        throw new RangeError(
          `catalogue.${kind}: ${JSON.stringify(name)} is not a slug (a lower-case letter, then up to 47 of a-z, 0-9 and _)`,
        );
      }
    }
  }
  const catalogue = {
    pages: [...new Set<Page | 'cart'>([...declared.pages, 'cart'])],
    events: [...new Set<Event | 'page_view'>([...declared.events, 'page_view'])],
  };
  const count = partitionCount(catalogue);
  if (count > limits.cataloguePartitions) {
    throw new RangeError(
      `catalogue: ${catalogue.pages.length} pages × ${catalogue.events.length} events can fill ${count} partitions; ` +
        `the limit is ${limits.cataloguePartitions}, below Firehose's quota of ${limits.activePartitions}. ` +
        'Declare fewer names and put the rest into properties.',
    );
  }
  return catalogue;
}

/** The walkthrough's vocabulary: five departments, six events. */
export const defaultCatalogue = defineCatalogue({
  pages: ['books', 'food', 'apparel', 'electronics', 'home'],
  events: [
    'clicked_review',
    'clicked_item_description',
    'liked_item',
    'reviewed_item',
    'entered_payment_method',
    'purchased_item',
  ],
});

/** A page of the default catalogue. */
export type DefaultPage = (typeof defaultCatalogue.pages)[number];
/** An event of the default catalogue. */
export type DefaultEvent = (typeof defaultCatalogue.events)[number];
