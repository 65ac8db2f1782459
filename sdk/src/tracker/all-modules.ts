import type { TrackerModule } from './module.js';
import { campaign } from './modules/campaign.js';
import { clean } from './modules/clean.js';
import { clicks } from './modules/clicks.js';
import { clock } from './modules/clock.js';
import { compress } from './modules/compress.js';
import { confirmBeforeResend } from './modules/confirm-before-resend.js';
import { consent } from './modules/consent.js';
import { cookie } from './modules/cookie.js';
import { identify } from './modules/identify.js';
import { lease } from './modules/lease.js';
import { mask } from './modules/mask.js';
import { naming } from './modules/naming.js';
import { pageExit } from './modules/page-exit.js';
import { platform } from './modules/platform.js';
import { reports } from './modules/reports.js';
import { sample } from './modules/sample.js';
import type { AllModulesSettings } from './types.js';

/**
 * All modules of the script tag's tracker, except page views. Each event passes the plugins among them in this order.
 */
export const modulesWithoutViews = (settings: AllModulesSettings = {}): TrackerModule[] => [
  consent(settings.consent),
  reports,
  clean,
  compress,
  lease,
  clock,
  confirmBeforeResend,
  pageExit,
  naming,
  identify,
  platform,
  clicks,
  // Before `campaign`, so that its properties are masked too.
  ...(settings.mask ? [mask(settings.mask)] : []),
  campaign,
  ...(settings.sample === undefined ? [] : [sample(settings.sample)]),
  ...(settings.cookie ? [cookie(settings.cookie)] : []),
];
