import { attempt } from '../tracker/browser/attempt.js';
import { addPlugin } from './add-plugin.js';
import { debug } from './debug.js';

addPlugin('debug', debug);
// Then the tracker takes no plugin either.
if (attempt(() => (navigator as { globalPrivacyControl?: boolean }).globalPrivacyControl))
  console.info(
    'millrace: this browser has Global Privacy Control on: nothing is tracked or stored, unless the tag has data-gpc="ignore"',
  );
