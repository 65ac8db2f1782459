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
import { plainText } from './modules/plain-text.js';
import { platform } from './modules/platform.js';
import { reports } from './modules/reports.js';
import { sample } from './modules/sample.js';
import { warnings } from './modules/warnings.js';
import type { AllModulesSettings } from './types.js';

/** The modules that every site needs, except page views. Each event passes the plugins among them in this order. */
export const commonModules = ({ consent: state }: AllModulesSettings): TrackerModule[] => [
  consent(state),
  reports,
  warnings,
  clean,
  compress,
  plainText,
  clock,
  confirmBeforeResend,
  pageExit,
  naming,
  identify,
  platform,
  clicks,
  campaign,
];

/** All modules except page views. */
export const modulesWithoutViews = (settings: AllModulesSettings = {}): TrackerModule[] => [
  // First, so that the properties of `campaign` are masked too.
  ...(settings.mask ? [mask(settings.mask)] : []),
  ...commonModules(settings),
  lease,
  ...(settings.sample === undefined ? [] : [sample(settings.sample)]),
  ...(settings.cookie ? [cookie(settings.cookie)] : []),
];
