import { commonModules } from './all-modules.js';
import { attempt } from './browser/attempt.js';
import { apply } from './browser/builtins.js';
import { realm } from './browser/realm.js';
import { install, scriptTag } from './install.js';

/**
 * The tracker with what every site needs. Where the tag, the browser or the page asks for more, the script loads
 * `millrace-full.js` from beside it instead, with the same attributes; until then the stub keeps the calls.
 */
attempt(() => {
  const script = scriptTag();
  const { sample, cookie, mask } = script?.dataset ?? {};
  const start = () => install(script, commonModules);
  if (!(sample || cookie || mask || realm._isReplaced) && navigator.locks) return start();
  const full = apply(Document.prototype.createElement, document, ['script']) as HTMLScriptElement;
  for (const name in script!.dataset) full.dataset[name] = script!.dataset[name];
  // Nothing is tracked rather than tracked without its mask.
  full.onerror = () => mask || attempt(start);
  full.src = new URL('millrace-full.js', script!.src).href;
  script!.after(full);
});
