import { defaultCatalogue, defineCatalogue } from '@millrace/sdk/schema';

/** The name of the shop's front page, which belongs to no department (`home` is the department of pans and lamps). */
export const frontPage = 'storefront';

/** The names that the shop's pages send: the default catalogue and the front page. For the shop's ingest server. */
export const storeCatalogue = defineCatalogue({
  pages: [...defaultCatalogue.pages, frontPage],
  events: defaultCatalogue.events,
});
