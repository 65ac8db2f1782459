import { afterAll } from '@jest/globals';
import type { Browser, LaunchOptions } from 'playwright-core';
import { launchBrowser } from './find-browser.js';
import { needs } from './needs.js';

/** Starts a browser that is closed after the last test of its `browserDescribe`. */
export type Launch = (options?: LaunchOptions) => Promise<Browser>;

/** Jest's `describe` for tests that need a browser; `needs` says what happens without one. */
export function browserDescribe(name: string, define: (given: { launch: Launch }) => void): void {
  const open: Browser[] = [];
  const launch: Launch = async (options) => {
    const browser = await launchBrowser(options);
    open.push(browser);
    return browser;
  };
  needs('browser').describe(name, () => {
    define({ launch });
    afterAll(async () => {
      await Promise.all(open.splice(0).map((browser) => browser.close()));
    });
  });
}
