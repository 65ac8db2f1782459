import './browser/frame-realm.js';
import { modulesWithoutViews } from './all-modules.js';
import { attempt } from './browser/attempt.js';
import { install, scriptTag } from './install.js';

/** The tracker with all modules, for the sites that need more than `script` has. */
attempt(() => install(scriptTag(), modulesWithoutViews));
