import type { Plugin } from '../plugin.js';

/**
 * Replaces the values of these address parameters by `*` in `url` and `referrer`, in query and fragment, in either
 * case.
 */
export const mask = (names: readonly string[]): Plugin<void> => {
  const escaped = names.map((name) => name.trim().replace(/[^\w-]/g, '\\$&')).join('|');
  const values = new RegExp(`([?&#;](?:${escaped})=)[^&#;]*`, 'gi');
  return (context) =>
    context.on('event', (event) => {
      for (const field of ['url', 'referrer'] as const) {
        const address = event[field];
        if (address) event[field] = address.replace(values, '$1*');
      }
    });
};
