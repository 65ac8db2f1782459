import { attempt } from './attempt.js';

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
const systems: readonly (readonly [RegExp, string])[] = [
  [/android/i, 'android'],
  [/iphone|ipad|ipod|^ios/i, 'ios'],
  [/cros|chrom(e|ium) ?os/i, 'chromeos'],
  [/windows/i, 'windows'],
  [/mac/i, 'macos'],
  [/linux|x11/i, 'linux'],
];

/** The system and kind of device, from the browser's own words where it has them, else from the user agent; `web` when unknown. */
export function platformOf(navigator: NavigatorLike): Platform {
  const { userAgent = '', maxTouchPoints = 0 } = navigator;
  const userAgentData = attempt(() => navigator.userAgentData);
  const text = userAgentData?.platform || userAgent;
  let os = systems.find(([pattern]) => pattern.test(text))?.[1] ?? 'web';
  // An iPad says that it is a Mac; no Mac has a touch screen.
  if (os === 'macos' && maxTouchPoints > 1) os = 'ios';
  const mobile = userAgentData?.mobile ?? /iphone|ipod|mobile/i.test(userAgent.replace(/ipad.*/i, ''));
  if (mobile && !(os === 'ios' && !/iphone|ipod/i.test(userAgent))) return { os, device: 'mobile' };
  return { os, device: os === 'ios' || os === 'android' || /tablet/i.test(userAgent) ? 'tablet' : 'desktop' };
}
