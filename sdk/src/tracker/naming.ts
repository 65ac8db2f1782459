import type { Part } from './plugin.js';
import { pageFromPath, toSlug } from './slug.js';

/**
 * The page's name: given with the script or by `page()`, on the path where it was given, because another route of the document is another page; else
 * `data-page` on the body or the html element, else from the path.
 */
export const naming: Part<void> = (inside) => {
  let named: unknown;
  let path: string;
  inside.call = (page) => {
    named = page;
    path = location.pathname;
  };
  inside.call(inside.options.page);
  // Asked for at every event, so what was made of a path is kept: parsing it is dear.
  let from: string | undefined;
  let pathname: string;
  let name = '';
  inside.pageOf = () => {
    if (from !== document.URL) {
      from = document.URL;
      pathname = location.pathname;
      name = pageFromPath(pathname);
    }
    const said =
      (path === pathname && named) ||
      document.body?.getAttribute('data-page') ||
      document.documentElement.getAttribute('data-page');
    return (said && toSlug(said)) || name;
  };
};
