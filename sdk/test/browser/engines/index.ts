import { chromium } from './chromium.js';
import type { Engine } from './engine.js';
import { firefox } from './firefox.js';
import { webkitGtk, wpe } from './webkit.js';

/** All that the tests know; not each is on this machine. */
export const engines: readonly Engine[] = [chromium, firefox, webkitGtk, wpe];
