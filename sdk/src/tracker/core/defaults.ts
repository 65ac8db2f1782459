import { cut, stringify } from '../browser/builtins.js';
import type { TrackerModule } from '../module.js';
import type { Draft } from '../plugin.js';
import type { TrackerContext } from './context.js';
import { defaultPage } from './slug.js';

/** What the smallest tracker does instead of the modules `clean`, `platform` and `naming`. */
export const defaults: TrackerModule<void> = (context: TrackerContext) => {
  context._clean = (event, fields) => ({ ...(fields as Draft), event }) as Draft;
  // Throws for what is no JSON.
  const membersOf = (given: object) => cut(stringify(given), 1, -1);
  context._factsOf = ({ properties = {}, ...fields }) => ({
    _fields: membersOf(fields),
    _properties: membersOf(properties),
  });
  context._platform = { os: 'web', device: 'unknown' };
  context._pageName = (path = location.pathname) => context._options.page || defaultPage(path);
};
