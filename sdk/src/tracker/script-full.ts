import './browser/frame-realm.js';
import { modulesWithoutViews } from './all-modules.js';
import { attempt } from './browser/attempt.js';
import { split } from './browser/builtins.js';
import { install, scriptTag } from './install.js';

/** The tracker with all modules, for the sites that need more than `script` has. */
attempt(() =>
  install(scriptTag(), ({ consent, sample, cookie, mask }) =>
    modulesWithoutViews({
      consent: consent as 'pending',
      // A text without digits, as an empty one, would be 0.
      sample: sample === undefined ? undefined : /\d/.test(sample) ? +sample : Number.NaN,
      cookie,
      mask: mask === undefined ? undefined : split(mask, ','),
    }),
  ),
);
