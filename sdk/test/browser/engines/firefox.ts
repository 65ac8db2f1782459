import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '@millrace/testing/eventually';
import type { Engine, SessionOptions } from './engine.js';
import { connectMarionette } from './marionette.js';
import { findProgram, startGroup } from './process-group.js';
import { webDriverSession } from './webdriver.js';

const find = () => findProgram('firefox-esr', 'firefox');

/** Nothing that calls home, nothing that asks. */
const quiet = {
  'app.normandy.enabled': false,
  'app.update.disabledForTesting': true,
  'browser.shell.checkDefaultBrowser': false,
  'browser.startup.homepage_override.mstone': 'ignore',
  'datareporting.policy.dataSubmissionEnabled': false,
  'network.captive-portal-service.enabled': false,
  'network.connectivity-service.enabled': false,
  'services.settings.server': 'data:,#remote-settings-dummy/v1',
  'toolkit.telemetry.server': 'data:,',
};

const withoutStorage = {
  storage: { 'network.cookie.cookieBehavior': 2 },
  localStorage: { 'dom.storage.enabled': false },
};

function writeProfile(profile: string, more: Record<string, unknown> = {}): void {
  mkdirSync(profile, { recursive: true });
  const lines = Object.entries({ ...quiet, ...more }).map(
    ([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});\n`,
  );
  writeFileSync(join(profile, 'user.js'), lines.join(''));
}

const run = (profile: string, ...args: string[]) =>
  startGroup(find()!, ['--headless', '--no-remote', '--profile', profile, ...args]);

/** Gecko, by Marionette: Firefox has it built in, so no driver is needed. */
export const firefox: Engine = {
  name: 'Firefox',
  packages: 'firefox-esr',
  isThere: () => find() !== undefined,
  can: new Set([
    'hides tabs',
    'has the back/forward cache',
    'blocks storage',
    'blocks localStorage alone',
    'closes tabs',
  ]),

  async start({ without }: SessionOptions = {}) {
    const profile = mkdtempSync(join(tmpdir(), 'millrace-firefox-'));
    writeProfile(profile, { 'marionette.port': 0, ...(without && withoutStorage[without]) });
    const group = run(profile, '--marionette', 'about:blank');
    const portFile = join(profile, 'MarionetteActivePort');
    const port = await eventually('Firefox to listen', () => {
      if (group.child.exitCode !== null) throw new Error(`Firefox ended with ${group.child.exitCode}`);
      return (existsSync(portFile) && Number(readFileSync(portFile, 'utf8'))) || undefined;
    });
    const { send, close } = await connectMarionette(port);
    return webDriverSession(send, async () => {
      close();
      await group.kill();
      rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
    });
  },

  async open(url, profile) {
    writeProfile(profile);
    return run(profile, url);
  },
};
