import { asking } from './asking.js';
import { campaign } from './campaign.js';
import { clicks } from './clicks.js';
import { clock } from './clock.js';
import { compress } from './compress.js';
import { consent } from './consent.js';
import { cookie } from './cookie.js';
import { reports } from './drops.js';
import { clean } from './fields.js';
import { leaving } from './leaving.js';
import { lease } from './lock.js';
import { mask } from './mask.js';
import { naming } from './naming.js';
import { people } from './people.js';
import { platform } from './platform.js';
import type { Part } from './plugin.js';
import { sample } from './sample.js';

export interface WholeSettings {
  /** `pending`: stores nothing outside memory until `consent()` is called; `denied` until `consent('granted')`. */
  consent?: 'pending' | 'granted' | 'denied' | undefined;
  /** The part of the visitors that is tracked, from 0 to 1. */
  sample?: number | undefined;
  /** A domain whose hosts have the same visitors, by a cookie: `example.com`. */
  cookie?: string | undefined;
  /** Parameters of addresses whose values are replaced by `*`. */
  mask?: readonly string[] | undefined;
}

/** All parts that the script tag's tracker has, but for the page views. */
export const whole = (settings: WholeSettings = {}): Part[] => [
  consent(settings.consent),
  reports,
  clean,
  compress,
  lease,
  clock,
  asking,
  leaving,
  naming,
  people,
  platform,
  clicks,
  // Before the campaign, so that what is masked is not in the properties either.
  ...(settings.mask ? [mask(settings.mask)] : []),
  campaign,
  ...(settings.sample === undefined ? [] : [sample(settings.sample)]),
  ...(settings.cookie ? [cookie(settings.cookie)] : []),
];
