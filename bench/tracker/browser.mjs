import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findBrowser, launchArgs, noBrowserMessage } from '@millrace/testing/find-browser';
import { chromium } from 'playwright-core';

/** Nothing leaves the machine: every other name does not exist. Timers of several tabs run as those of a visible one. */
const benchArgs = [
  '--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1',
  '--disable-blink-features=AutomationControlled',
  '--disable-background-timer-throttling',
  '--disable-renderer-backgrounding',
  '--disable-backgrounding-occluded-windows',
  '--remote-debugging-port=0',
];

const patienceMs = 30_000;

/** Starts Chromium with a profile and gives its process and the address of its DevTools. */
async function start(profile) {
  const found = findBrowser();
  if (!found) throw new Error(noBrowserMessage);
  // Its own process group, so that a kill takes the helpers with it, as the end of a power supply would.
  const child = spawn(
    found.executablePath,
    [...launchArgs, ...benchArgs, `--user-data-dir=${profile}`, 'about:blank'],
    { detached: true, stdio: ['ignore', 'ignore', 'pipe'] },
  );
  running.add(child);
  child.once('exit', () => running.delete(child));
  const address = await new Promise((resolve, reject) => {
    let said = '';
    const timer = setTimeout(() => reject(new Error(`Chromium did not start: ${said.slice(-500)}`)), patienceMs);
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`Chromium ended with ${code}: ${said.slice(-500)}`)));
    child.stderr.setEncoding('utf8').on('data', (text) => {
      said = (said + text).slice(-10_000);
      const url = /DevTools listening on (ws:\S+)/.exec(said)?.[1];
      if (!url) return;
      clearTimeout(timer);
      resolve(url);
    });
  });
  return { child, address };
}

const killGroup = (child) => {
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // Gone already.
  }
};

/** Browsers that run now. They have process groups of their own, so an interruption of this one would not reach them. */
const running = new Set();
process.once('exit', () => running.forEach(killGroup));
for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
])
  process.once(signal, () => process.exit(code));

const gone = (child) =>
  child.exitCode !== null || child.signalCode !== null
    ? Promise.resolve()
    : new Promise((resolve) => child.once('exit', resolve));

/**
 * A visitor: a Chromium with a fresh profile, which can be killed and started again with that profile. `thrown` collects what reached the
 * page as an error, `strayed` the hosts that a tracker tried to reach outside this machine.
 */
export async function createVisitor() {
  const profile = mkdtempSync(join(tmpdir(), 'millrace-tracker-bench-'));
  const visitor = { thrown: [], strayed: new Set(), context: undefined, browser: undefined };
  let child;

  visitor.start = async () => {
    const started = await start(profile);
    child = started.child;
    visitor.browser = await chromium.connectOverCDP(started.address, { timeout: patienceMs });
    visitor.context = visitor.browser.contexts()[0];
    visitor.context.setDefaultTimeout(patienceMs);
    visitor.context.on('weberror', (error) => visitor.thrown.push(String(error.error()).split('\n')[0]));
    visitor.context.on('request', (request) => {
      const url = new URL(request.url());
      if (url.protocol.startsWith('http') && url.hostname !== '127.0.0.1') visitor.strayed.add(url.hostname);
    });
  };
  /** SIGKILL of every process of the browser, at once. */
  visitor.kill = async () => {
    killGroup(child);
    await gone(child);
    await visitor.browser.close().catch(() => {});
  };
  visitor.close = async () => {
    await visitor.kill();
    rmSync(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  };
  await visitor.start();
  return visitor;
}

/** The browser's version, like `150.0.7871.100`. */
export async function chromiumVersion() {
  const visitor = await createVisitor();
  const version = visitor.browser.version();
  await visitor.close();
  return version;
}
