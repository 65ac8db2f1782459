import { each, join, map, replace } from '../browser/builtins.js';
import type { Plugin } from '../plugin.js';

/**
 * Replaces the values of these address parameters by `*` in `url` and `referrer`, in query and fragment, in either
 * case.
 */
export const mask = (names: readonly string[]): Plugin<void> => {
  const escaped = join(
    map(names, (name) => replace(name, /[^\w-]/g, (char) => (char > ' ' ? `\\${char}` : ''))),
    '|',
  );
  const values = new RegExp(`([?&#;](?:${escaped})=)[^&#;]*`, 'gi');
  return (context) =>
    context.on('event', (event) =>
      each(['url', 'referrer'] as const, (field) => {
        const address = event[field];
        if (address) event[field] = replace(address, values, '$1*');
      }),
    );
};
