import { each, parse } from '../browser/builtins.js';
import { warn } from '../browser/warn.js';
import type { TrackerContext } from '../core/context.js';
import type { TrackerModule } from '../module.js';

/** What an answer says to the site's developers. */
interface Told {
  error?: { message: string };
  warnings?: { message: string }[];
}

/** Tells in the console what the server says of a wrong key, names that are not declared, and the like. */
export const warnings: TrackerModule<void> = (context: TrackerContext) =>
  context.on('answered', ({ text, isOurs }) => {
    if (!isOurs) return;
    const { error, warnings: several = [error] } = parse(text!) as Told;
    each(several, (one) => one?.message && warn(context._options, one.message));
  });
