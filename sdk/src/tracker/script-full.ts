import './browser/frame-realm.js';
import { modulesWithoutViews } from './all-modules.js';
import { attempt } from './browser/attempt.js';
import { split } from './browser/builtins.js';
import { replaced } from './browser/replaced.js';
import { warn } from './browser/warn.js';
import { install, scriptTag } from './install.js';

/** The tracker with all modules, for the sites that need more than `script` has. */
attempt(() => {
  const script = scriptTag();
  if (replaced._is && !attempt(() => replaced._realm!().Array))
    warn(
      { quiet: script?.dataset.quiet !== undefined },
      'this page has changed built-ins of JavaScript, and no frame has others: load the tracker first',
    );
  install(script, ({ consent, sample, cookie, mask }) =>
    modulesWithoutViews({
      consent: consent as 'pending',
      // A text without digits, as an empty one, would be 0.
      sample: sample === undefined ? undefined : /\d/.test(sample) ? +sample : Number.NaN,
      cookie,
      mask: mask === undefined ? undefined : split(mask, ','),
    }),
  );
});
