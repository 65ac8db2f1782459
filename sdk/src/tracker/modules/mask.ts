import { each, filter, join, map, replace } from '../browser/builtins.js';
import { warn } from '../browser/warn.js';
import type { TrackerContext } from '../core/context.js';
import type { Plugin } from '../plugin.js';

/**
 * Replaces the values of these address parameters by `*` in `url` and `referrer`, in query and fragment, in either
 * case.
 */
export const mask = (names: readonly string[]): Plugin<void> => {
  const escaped = filter(
    map(names, (name) => replace(name, /[^\w-]/g, (char) => (char > ' ' ? `\\${char}` : ''))),
    (name) => name,
  );
  const values = new RegExp(`([?&#;](?:${join(escaped, '|')})=)[^&#;]*`, 'gi');
  return (context) => {
    if (!escaped[0])
      return warn(
        (context as TrackerContext)._options,
        'mask must name address parameters, such as email: nothing is masked',
      );
    context.on('event', (event) =>
      each(['url', 'referrer'] as const, (field) => {
        const address = event[field];
        if (address) event[field] = replace(address, values, '$1*');
      }),
    );
  };
};
