import { set, split } from '../browser/builtins.js';
import { ofDocument } from '../browser/dom.js';
import { warn } from '../browser/warn.js';
import type { TrackerContext } from '../core/context.js';
import { record } from '../identity/identity.js';
import type { TrackerModule } from '../module.js';

/** The longest that browsers keep a cookie, in seconds. */
const maxAge = 400 * 24 * 60 * 60;

/**
 * Keeps the visitor's id in a cookie of `domain` too, named `millrace`, so that all hosts below it have the same
 * visitor: `example.com` covers `shop.example.com` and `www.example.com`.
 */
export const cookie =
  (domain: string): TrackerModule<void> =>
  (context: TrackerContext) => {
    const { on, _identity: identity, _store: store, _whenAllowed: whenAllowed } = context;
    const stored = () => split(store._get('v') || '', '|')[0];
    let written: string | undefined;

    const inCookie = () => /(^|; )millrace=([\w-]{1,64})(;|$)/.exec(ofDocument('cookie'))?.[2];
    // The visitor is new to this host, or became another one in another tab.
    const adopt = () => {
      written = inCookie();
      if (written && written !== stored()) store._set('v', `${written}|none|0|`);
    };
    const write = () => {
      const visitor = stored();
      if (visitor === written) return;
      written = visitor;
      const secure = location.protocol === 'https:' ? '; secure' : '';
      const text = `millrace=${visitor || ''}; max-age=${visitor ? maxAge : 0}; domain=${domain}; path=/; samesite=lax${secure}`;
      // The Cookie Store API is asynchronous, and not in every browser.
      set(Document.prototype, 'cookie', text, document);
      if (visitor && inCookie() !== visitor)
        warn(
          context._options,
          `the browser refuses the cookie of ${domain}: cookie must be this host or a domain above it, and no public suffix`,
        );
    };
    whenAllowed(adopt);
    const { _touch: touch, _forget: forget } = identity;
    // Also a site that clears its storage keeps the visitor; a reset does not.
    identity._touch = (at) => {
      if (!record.test(store._get('v')!)) adopt();
      return touch(at);
    };
    identity._forget = () => {
      forget();
      write();
    };
    // As soon as an event has its visitor: the visitor's next host may come before a view is final.
    const { _place: place } = context;
    context._place = (...given) => {
      const placed = place(...given);
      write();
      return placed;
    };
    on('consent', write);
  };
