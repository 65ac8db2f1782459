import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, BrowserContext, LaunchOptions, Page } from 'playwright-core';

// From dist/src.
const require = createRequire(import.meta.url);
const root = fileURLToPath(new URL('../../../', import.meta.url));
const onPath = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
const onMac = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  '/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge',
];
const onWindows = ['PROGRAMFILES', 'PROGRAMFILES(X86)', 'LOCALAPPDATA'].flatMap((name) => {
  const folder = process.env[name];
  const programs = ['Google/Chrome/Application/chrome.exe', 'Microsoft/Edge/Application/msedge.exe'];
  return folder ? programs.map((program) => join(folder, program)) : [];
});

/** A browser to run: its path, and where it is from, in words. */
export interface FoundBrowser {
  executablePath: string;
  source: string;
}

/** The line that a person reads when there is no browser. */
export const noBrowserMessage =
  'No browser for the browser tests: install Chromium or Chrome (Debian: apt-get install chromium), or set CHROME_PATH to one.';

/** Chromium's arguments for tests: quiet, without a sandbox (containers), and nothing that calls home. */
export const launchArgs = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  // Containers have a /dev/shm too small for a browser; npm's Chromium is built without the zygote's sandbox.
  '--disable-dev-shm-usage',
  '--no-zygote',
];

/** Required and not imported: Jest would parse all of it (7 MB) once more to find the names of a CommonJS module. */
const playwright = (): typeof import('playwright-core') => require('playwright-core');

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function systemBrowser(): FoundBrowser | undefined {
  const { CHROME_PATH } = process.env;
  if (CHROME_PATH) {
    // A path that was given and is wrong is an error, not a reason to take another browser than the one asked for.
    if (!isExecutable(CHROME_PATH)) throw new Error(`CHROME_PATH is ${CHROME_PATH}, which cannot be run.`);
    return { executablePath: CHROME_PATH, source: 'CHROME_PATH' };
  }
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    if (!folder) continue;
    for (const name of onPath) {
      const executablePath = join(folder, name);
      if (isExecutable(executablePath)) return { executablePath, source: 'the system' };
    }
  }
  const installed = process.platform === 'darwin' ? onMac : process.platform === 'win32' ? onWindows : [];
  for (const executablePath of installed)
    if (isExecutable(executablePath)) return { executablePath, source: 'the system' };
  return undefined;
}

function npmPackage(): { folder: string; version: string } | undefined {
  if (process.platform !== 'linux' || process.arch !== 'x64') return undefined;
  try {
    // The package's main file is <folder>/build/cjs/index.cjs; its package.json is not exported.
    const folder = dirname(dirname(dirname(require.resolve('@sparticuz/chromium'))));
    return { folder, version: JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')).version };
  } catch {
    return undefined;
  }
}

/**
 * Unpacks npm's Chromium once into the project's own .build folder. The package itself unpacks into the temporary
 * folder and takes a half-written file there for the finished one, which breaks tests that run side by side; so it
 * unpacks into a folder of its own, and a rename makes it appear whole.
 */
function unpack({ folder, version }: { folder: string; version: string }): string {
  const home = join(root, '.build', `chromium-${version}`);
  const executablePath = join(home, 'chromium');
  if (existsSync(executablePath)) return executablePath;
  mkdirSync(join(root, '.build'), { recursive: true });
  const staging = mkdtempSync(join(root, '.build', 'unpack-'));
  try {
    const code = `import chromium from ${JSON.stringify(`file://${join(folder, 'build/esm/index.js')}`)}; await chromium.executablePath();`;
    const result = spawnSync(process.execPath, ['--input-type=module', '-e', code], {
      env: { ...process.env, TMPDIR: staging, NODE_OPTIONS: '' },
      encoding: 'utf8',
    });
    if (result.status !== 0) throw new Error(`Chromium from @sparticuz/chromium cannot be unpacked: ${result.stderr}`);
    try {
      renameSync(staging, home);
    } catch (error) {
      if (!existsSync(executablePath)) throw error;
    }
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
  return executablePath;
}

/** Whether `findBrowser` finds one; unpacks nothing. */
export function hasBrowser(): boolean {
  return systemBrowser() !== undefined || npmPackage() !== undefined;
}

/**
 * `CHROME_PATH`, then a browser on the system, then the one that npm brought (@sparticuz/chromium, Linux x64);
 * undefined without one.
 */
export function findBrowser(): FoundBrowser | undefined {
  const system = systemBrowser();
  if (system) return system;
  const bundled = npmPackage();
  return bundled && { executablePath: unpack(bundled), source: '@sparticuz/chromium' };
}

/**
 * Starts the browser, headless. Rejects with `noBrowserMessage` when there is none. `options` go to playwright-core.
 */
export async function launchBrowser(options: LaunchOptions = {}): Promise<Browser> {
  const found = findBrowser();
  if (!found) throw new Error(noBrowserMessage);
  const { chromium } = playwright();
  return chromium.launch({
    executablePath: found.executablePath,
    ...options,
    args: [...launchArgs, ...(options.args ?? [])],
  });
}

/** A browser of its own, with a profile that outlives it. */
export interface KillableBrowser {
  browser: Browser;
  context: BrowserContext;
  /** The empty page that it started with. */
  page: Page;
  /** SIGKILL to all of its processes at once. */
  kill(): Promise<void>;
  /** Lets it write its profile. */
  close(): Promise<void>;
}

/**
 * Starts a browser on the profile in this folder, so that a test can kill it as the system would. Started again it has
 * what was on its disk. Process groups are POSIX: on Windows there is no `kill`.
 */
export async function startKillableBrowser(profile: string): Promise<KillableBrowser> {
  const found = findBrowser();
  if (!found) throw new Error(noBrowserMessage);
  const args = [
    ...launchArgs,
    `--user-data-dir=${profile}`,
    '--remote-debugging-port=0',
    '--no-crash-upload',
    'about:blank',
  ];
  // A process group of its own, so that one signal reaches all of its processes.
  const child = spawn(found.executablePath, args, { detached: true, stdio: ['ignore', 'ignore', 'pipe'] });
  const ended = once(child, 'exit');
  const endpoint = await new Promise<string>((resolve, reject) => {
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      const url = /DevTools listening on (ws:\S+)/.exec(said)?.[1];
      if (url) resolve(url);
    });
    child.on('exit', () => reject(new Error(`The browser ended before it listened: ${said}`)));
  });
  const { chromium } = playwright();
  const browser = await chromium.connectOverCDP(endpoint);
  const context = browser.contexts()[0]!;
  return {
    browser,
    context,
    page: context.pages()[0]!,
    async kill() {
      process.kill(-child.pid!, 'SIGKILL');
      await ended;
    },
    async close() {
      const session = await browser.newBrowserCDPSession();
      await session.send('Browser.close').catch(() => {});
      await ended;
    },
  };
}
