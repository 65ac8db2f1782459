import { attempt } from '../browser/attempt.js';
import { find, keysOf } from '../browser/builtins.js';
import type { TrackerContext } from '../core/context.js';
import type { TrackerModule } from '../module.js';
import type { Draft } from '../plugin.js';

/** The members of `navigator` that name the platform. */
export interface NavigatorLike {
  userAgent?: string;
  maxTouchPoints?: number;
  userAgentData?: { platform?: string; mobile?: boolean };
}

/** In this order: Android calls itself Linux too, and ChromeOS X11. */
const systems = {
  android: /\bandroid/i,
  ios: /\bip(hone|[ao]d)|^ios/i,
  chromeos: /\bcros\b|\bchrom(e|ium) ?os/i,
  windows: /\bwindows/i,
  macos: /\bmac/i,
  linux: /\blinux|\bx11\b/i,
};

/**
 * The system and kind of device, from the browser's client hints where it has them, else from the user agent; `web`
 * when unknown.
 */
export function platformOf(navigator: NavigatorLike): Pick<Draft, 'os' | 'device'> {
  const { userAgent = '', maxTouchPoints = 0 } = navigator;
  const { platform, mobile } = attempt(() => navigator.userAgentData) || {};
  let os = find(keysOf(systems), (name) => systems[name as 'ios'].test(platform || userAgent)) ?? 'web';
  // An iPad says that it is a Mac; no Mac has a touch screen.
  if (os === 'macos' && maxTouchPoints > 1) os = 'ios';
  const isPhone = os === 'ios' ? /ip(hone|od)/i.test(userAgent) : (mobile ?? /mobile/i.test(userAgent));
  return {
    os,
    device: isPhone ? 'mobile' : /ios|android/.test(os) || /tablet/i.test(userAgent) ? 'tablet' : 'desktop',
  };
}

/** Events name the system and kind of device. Without this module they say `web` and `unknown`. */
export const platform: TrackerModule<void> = (context: TrackerContext) => {
  context._platform = platformOf(navigator as NavigatorLike);
};
