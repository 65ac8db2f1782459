import type { Browser, BrowserContext, LaunchOptions } from 'playwright-core';

export interface FoundBrowser {
  executablePath: string;
  /** `CHROME_PATH`, `the system` or `@sparticuz/chromium`. */
  source: string;
}

export type Launch = (options?: LaunchOptions) => Promise<Browser>;

/** The line that a person reads when there is no browser. */
export declare const noBrowserMessage: string;
/** Chromium's arguments for tests. */
export declare const launchArgs: readonly string[];
/** The browser to test with and where it is from, or undefined when there is none. Throws when CHROME_PATH cannot be run. */
export declare function findBrowser(): Promise<FoundBrowser | undefined>;
/** Starts the browser, headless; close it yourself. Rejects with `noBrowserMessage` when there is none. */
export declare const launchBrowser: Launch;
/**
 * Jest's `describe` for tests that need a browser. `define` gets `launch`, which starts one that is closed after the last test.
 * Without a browser the tests are skipped with one line that says what to install; with MILLRACE_REQUIRE_BROWSER=1 they fail with it.
 */
export declare function browserDescribe(name: string, define: (context: { launch: Launch }) => void): void;

/** A browser on a profile of its own, that can be killed. */
export interface KillableBrowser {
  browser: Browser;
  context: BrowserContext;
  /** SIGKILL of all its processes. */
  kill(): Promise<void>;
  /** Lets it write its profile. */
  close(): Promise<void>;
}
/** @param profile a folder */
export declare function startKillableBrowser(profile: string): Promise<KillableBrowser>;
