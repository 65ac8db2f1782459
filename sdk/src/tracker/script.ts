import './browser/replaced.js';
import { commonModules } from './all-modules.js';
import { attempt } from './browser/attempt.js';
import { loadBeside } from './browser/load-beside.js';
import { replaced } from './browser/replaced.js';
import { install, keepCalls, scriptTag } from './install.js';
import type { AllModulesSettings } from './types.js';

/**
 * The tracker with what every site needs. Where the tag or the page asks for more, the script loads `millrace-full.js`
 * from beside it instead, with the same attributes, and keeps the page's calls until then.
 */
attempt(() => {
  const script = scriptTag();
  const { sample, cookie, mask } = script?.dataset ?? {};
  const start = () => install(script, (data) => commonModules(data as AllModulesSettings));
  // Without Web Locks tabs take turns by a lease.
  if ((sample ?? cookie ?? mask ?? replaced._is) === undefined && attempt(() => navigator.locks)) return start();
  keepCalls();
  const full = loadBeside(script!, 'full', () => {
    // Nothing is tracked rather than tracked without its mask.
    mask || attempt(start);
  });
  // No built-in: the page's own may be why the other script is needed.
  for (const name in script!.dataset) full.dataset[name] = script!.dataset[name];
});
