import { defaultCatalogue, defineCatalogue } from '@millrace/sdk/schema';

/** The page of the store's front door, which belongs to no department (`home` is the department of pans and lamps). */
export const frontPage = 'storefront';

/** What the store's pages send: the default catalogue and the front page. Give it to the ingest server that serves the store. */
export const storeCatalogue = defineCatalogue({
  pages: [...defaultCatalogue.pages, frontPage],
  events: defaultCatalogue.events,
});
