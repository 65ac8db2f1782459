import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findBrowser, hasBrowser, launchArgs } from '@millrace/testing/find-browser';
import type { Page } from 'playwright-core';
import type { Engine, SessionOptions, Tab } from './engine.js';
import { startGroup } from './process-group.js';

const require = createRequire(import.meta.url);

function tabOf(page: Page): Tab {
  return {
    goto: async (url) => void (await page.goto(url)),
    back: async () => void (await page.goBack()),
    evaluate: (work, ...args) => page.evaluate(`(${work})(...${JSON.stringify(args)})`),
    click: (selector) => page.click(selector),
    show: () => page.bringToFront(),
    close: () => page.close(),
  };
}

/** Blink, by Playwright: the same browser as in the other tests. */
export const chromium: Engine = {
  name: 'Chromium',
  packages: 'chromium',
  isThere: hasBrowser,
  // Not the back/forward cache, which Playwright switches off: tracker-page.test.ts has it.
  can: new Set(['blocks storage', 'closes tabs']),

  async start({ without }: SessionOptions = {}) {
    const profile = mkdtempSync(join(tmpdir(), 'millrace-chromium-'));
    if (without) {
      mkdirSync(join(profile, 'Default'));
      const preferences = { profile: { default_content_setting_values: { cookies: 2 } } };
      writeFileSync(join(profile, 'Default', 'Preferences'), JSON.stringify(preferences));
    }
    const playwright: typeof import('playwright-core') = require('playwright-core');
    const context = await playwright.chromium.launchPersistentContext(profile, {
      executablePath: findBrowser()!.executablePath,
      args: launchArgs,
    });
    return {
      newTab: async () => tabOf(await context.newPage()),
      async close() {
        await context.close();
        rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
      },
    };
  },

  async open(url, profile) {
    const args = [...launchArgs, `--user-data-dir=${profile}`, '--no-crash-upload', url];
    return startGroup(findBrowser()!.executablePath, args);
  },
};
