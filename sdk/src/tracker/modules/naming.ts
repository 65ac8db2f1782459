import { attributeOf, ofDocument } from '../browser/dom.js';
import type { TrackerContext } from '../core/context.js';
import { pageFromPath, toName } from '../core/slug.js';
import type { TrackerModule } from '../module.js';

/**
 * The page's name: given with the options or by `page()`, as long as the path stays, because another route is another
 * page; else `data-page` on the body or the html element; else from the path.
 */
export const naming: TrackerModule<void> = (context: TrackerContext) => {
  let named: unknown;
  let path: string;
  context._namePage = (page) => {
    named = page;
    path = location.pathname;
  };
  context._namePage(context._options.page);
  // Asked for at every event, so the name of a path is kept: parsing it is expensive.
  let from: string | undefined;
  let name = '';
  context._pageName = (pathname = location.pathname) => {
    if (from !== pathname) {
      from = pathname;
      name = pageFromPath(pathname);
    }
    const given =
      (path === pathname && named) ||
      attributeOf(ofDocument('body'), 'data-page') ||
      attributeOf(ofDocument('documentElement'), 'data-page');
    return (given && toName(given)) || name;
  };
};
