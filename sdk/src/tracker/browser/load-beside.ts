import { attempt } from './attempt.js';
import { apply } from './builtins.js';
import { ofDocument } from './dom.js';
import { warn } from './warn.js';

/**
 * Loads the file `millrace-NAME.js` from beside a script of the tracker: of the same version, where the script's
 * address has one. The console says when it cannot be loaded.
 */
export function loadBeside(script: HTMLScriptElement, name: string, failed?: () => void): HTMLScriptElement {
  const added = apply(ofDocument('createElement'), document, ['script']) as HTMLScriptElement;
  // With the version, as in `millrace-0.2.0.js`.
  const address = `millrace-${name}${/-\d+\.\d[^/?]*\.js/.exec(script.src) || '.js'}`;
  const fail = () => {
    warn({ quiet: script.dataset.quiet != null }, `cannot load ${address}`);
    failed?.();
  };
  added.onerror = fail;
  // Trusted Types or an address that is none may refuse it.
  attempt(() => {
    added.nonce = script.nonce;
    added.src = `${new URL(address, script.src)}`;
    script.after(added);
  }, fail);
  return added;
}
