import type { Part } from './plugin.js';

/** The longest that browsers keep a cookie, in seconds. */
const maxAge = 400 * 24 * 60 * 60;

/**
 * Keeps the visitor's id in a cookie of `domain` too, named `millrace`, so that all hosts below it have the same visitor: `example.com` covers
 * `shop.example.com` and `www.example.com`.
 */
export const cookie =
  (domain: string): Part<void> =>
  ({ store, on, pass }) => {
    const stored = () => store.get('v')?.split('|')[0];
    let written: string | undefined;

    // A host that the visitor had not been to, or another tab's new visitor.
    const adopt = () => {
      written = /(^|; )millrace=([\w-]{1,64})(;|$)/.exec(document.cookie)?.[2];
      if (written && written !== stored()) store.set('v', `${written}|none|0|`);
    };
    const write = () => {
      const visitor = stored();
      if (visitor === written) return;
      written = visitor;
      const secure = location.protocol === 'https:' ? '; secure' : '';
      // biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store API is asynchronous, and not in every browser
      document.cookie = `millrace=${visitor || ''}; max-age=${visitor ? maxAge : 0}; domain=${domain}; path=/; samesite=lax${secure}`;
    };
    pass(adopt);
    on('stored', write);
    on('consent', write);
  };
