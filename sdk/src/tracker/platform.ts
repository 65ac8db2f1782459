import { attempt } from './attempt.js';
import type { Part } from './plugin.js';

/** The part of `navigator` that tells the platform. */
export interface NavigatorLike {
  userAgent?: string;
  maxTouchPoints?: number;
  userAgentData?: { platform?: string; mobile?: boolean };
}

export interface Platform {
  os: string;
  device: string;
}

/** What is looked for, in this order: Android calls itself Linux too, and ChromeOS X11. */
const systems = {
  android: /android/i,
  ios: /ip(hone|[ao]d)|^ios/i,
  chromeos: /cros|chrom(e|ium) ?os/i,
  windows: /windows/i,
  macos: /mac/i,
  linux: /linux|x11/i,
};

/** The system and kind of device, from the browser's own words where it has them, else from the user agent; `web` when unknown. */
export function platformOf(navigator: NavigatorLike): Platform {
  const { userAgent = '', maxTouchPoints = 0 } = navigator;
  const { platform, mobile } = attempt(() => navigator.userAgentData) || {};
  let os = Object.entries(systems).find(([, words]) => words.test(platform || userAgent))?.[0] ?? 'web';
  // An iPad says that it is a Mac; no Mac has a touch screen.
  if (os === 'macos' && maxTouchPoints > 1) os = 'ios';
  const isPhone = os === 'ios' ? /ip(hone|od)/i.test(userAgent) : (mobile ?? /mobile/i.test(userAgent));
  return {
    os,
    device: isPhone ? 'mobile' : /ios|android/.test(os) || /tablet/i.test(userAgent) ? 'tablet' : 'desktop',
  };
}

/** Events say which system and kind of device; without this part `web` and `unknown`. */
export const platform: Part<void> = (inside) => {
  inside.platform = platformOf(navigator as NavigatorLike);
};
